/// Makes JSON from `Encodable` values; ``JSONValue``, ``JSONObject`` and ``JSONNumber`` are handed through untouched.
package struct JSONValueEncoder: Sendable {
    package init() {}

    package func encode(_ value: some Encodable) throws -> JSONValue {
        try EncodingNode.encode(value, parent: nil, key: nil)
    }

    package func bytes(_ value: some Encodable) throws -> [UInt8] { try encode(value).serialized() }
}

/// One value on the way from the whole to what is being encoded.
final class EncodingNode: Encoder {
    private enum Content {
        case nothing
        case value(JSONValue)
        case object(JSONObject)
        case array([JSONValue])
    }
    private var content = Content.nothing
    /// Nested containers and super encoders: they may still be written to, so they are put in their places at the end.
    private var open: [(place: Place, node: EncodingNode)] = []
    private enum Place {
        case member(String)
        case element(Int)
    }
    private let parent: EncodingNode?
    private let key: (any CodingKey)?

    init(parent: EncodingNode?, key: (any CodingKey)?) {
        self.parent = parent
        self.key = key
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var codingPath: [any CodingKey] {
        let outer = parent?.codingPath ?? []
        return key.map { outer + [$0] } ?? outer
    }

    /// - Parameter key: of `value` in `parent`.
    static func encode<Value: Encodable>(
        _ value: Value, parent: EncodingNode?, key: @autoclosure () -> (any CodingKey)?
    ) throws -> JSONValue {
        if Value.self == JSONValue.self { return value as! JSONValue }
        if Value.self == String.self { return .string(value as! String) }
        let node = EncodingNode(parent: parent, key: key())
        defer { node.close() }
        try value.encode(to: node)
        return node.finish()
    }

    /// Lets go of the nodes that know this one as their parent.
    private func close() {
        for (_, node) in open { node.close() }
        open = []
    }

    /// What was encoded; an empty object when nothing was, as the standard library's convention is.
    func finish() -> JSONValue {
        for (place, node) in open {
            switch place {
            case .member(let name): set(node.finish(), for: name)
            case .element(let index): replace(at: index, node.finish())
            }
        }
        return switch content {
        case .nothing: [:]
        case .value(let value): value
        case .object(let object): .object(object)
        case .array(let elements): .array(elements)
        }
    }
}

extension EncodingNode {
    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        switch content {
        case .object: break
        case .nothing: content = .object(JSONObject())
        default: preconditionFailure("one value is encoded as an object and as something else")
        }
        return KeyedEncodingContainer(KeyedEncoding(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        switch content {
        case .array: break
        case .nothing: content = .array([])
        default: preconditionFailure("one value is encoded as an array and as something else")
        }
        return UnkeyedEncoding(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func set(_ value: JSONValue, for name: String) {
        guard case .object(var object) = content else { preconditionFailure("not an object") }
        content = .nothing  // so that the members are not copied
        object[name] = value
        content = .object(object)
    }

    func append(_ value: JSONValue) {
        guard case .array(var elements) = content else { preconditionFailure("not an array") }
        content = .nothing
        elements.append(value)
        content = .array(elements)
    }

    private func replace(at index: Int, _ value: JSONValue) {
        guard case .array(var elements) = content else { preconditionFailure("not an array") }
        content = .nothing
        elements[index] = value
        content = .array(elements)
    }

    var count: Int { if case .array(let elements) = content { elements.count } else { 0 } }

    /// A node for the member, to be written to later.
    func openMember(_ key: any CodingKey) -> EncodingNode {
        let node = EncodingNode(parent: self, key: key)
        set(.null, for: key.stringValue)
        open.append((.member(key.stringValue), node))
        return node
    }

    /// A node for a new last element, to be written to later.
    func openElement() -> EncodingNode {
        let node = EncodingNode(parent: self, key: JSONKey(intValue: count))
        open.append((.element(count), node))
        append(.null)
        return node
    }

    static func number<Float: BinaryFloatingPoint>(
        _ value: Float, _ path: @autoclosure () -> [any CodingKey]
    ) throws -> JSONValue {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: path(), debugDescription: "JSON has no literal for \(value)"))
        }
        return .number(
            Float.self == Swift.Float.self ? JSONNumber(uncheckedLiteral: "\(value)") : JSONNumber(Double(value)))
    }

    static func number(_ value: some FixedWidthInteger) -> JSONValue {
        .number(JSONNumber(uncheckedLiteral: String(value)))
    }
}

extension EncodingNode: SingleValueEncodingContainer {
    func set(_ value: JSONValue) { content = .value(value) }

    func encodeNil() { set(.null) }
    func encode(_ value: Bool) { set(.bool(value)) }
    func encode(_ value: String) { set(.string(value)) }
    func encode(_ value: Double) throws { set(try Self.number(value, codingPath)) }
    func encode(_ value: Float) throws { set(try Self.number(value, codingPath)) }
    func encode(_ value: Int) { set(Self.number(value)) }
    func encode(_ value: Int8) { set(Self.number(value)) }
    func encode(_ value: Int16) { set(Self.number(value)) }
    func encode(_ value: Int32) { set(Self.number(value)) }
    func encode(_ value: Int64) { set(Self.number(value)) }
    func encode(_ value: UInt) { set(Self.number(value)) }
    func encode(_ value: UInt8) { set(Self.number(value)) }
    func encode(_ value: UInt16) { set(Self.number(value)) }
    func encode(_ value: UInt32) { set(Self.number(value)) }
    func encode(_ value: UInt64) { set(Self.number(value)) }
    func encode(_ value: some Encodable) throws { set(try Self.encode(value, parent: self, key: nil)) }
}
