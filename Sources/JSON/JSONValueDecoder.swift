/// Makes `Decodable` values from JSON.
///
/// ``JSONValue``, ``JSONObject`` and ``JSONNumber`` are handed through untouched. An integer takes any whole number that
/// fits (`3.0` too). What does not fit its type is a `DecodingError`, whose `pointer` names the place.
package struct JSONValueDecoder: Sendable {
    package var limits: JSONLimits

    package init(limits: JSONLimits = .default) { self.limits = limits }

    package func decode<Value: Decodable>(_ type: Value.Type = Value.self, from value: JSONValue) throws -> Value {
        try DecodingNode(value, parent: nil).decode(type)
    }

    /// - Throws: ``JSONError`` for what is no JSON, `DecodingError` for JSON that is no such value.
    package func decode<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value {
        try decode(type, from: JSONReader.parse(bytes, limits: limits))
    }
}

/// One value on the way from the whole to what is being decoded.
final class DecodingNode: Decoder {
    let value: JSONValue
    private let parent: DecodingNode?
    private let key: (any CodingKey)?
    /// Where the next member is looked for first: they are mostly asked for in the order in which they were written.
    private var cursor = 0

    init(_ value: JSONValue, parent: DecodingNode?, key: (any CodingKey)? = nil) {
        self.value = value
        self.parent = parent
        self.key = key
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var codingPath: [any CodingKey] {
        let outer = parent?.codingPath ?? []
        return key.map { outer + [$0] } ?? outer
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else { throw mismatch([String: JSONValue].self, "an object", value) }
        return KeyedDecodingContainer(KeyedDecoding(node: self, object: object))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch([JSONValue].self, "an array", value) }
        return UnkeyedDecoding(node: self, elements: elements)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func member(_ name: String, of object: JSONObject) -> JSONValue? {
        guard let position = object.position(of: name, startingAt: cursor) else { return nil }
        cursor = position + 1
        return object.members[position].value
    }
}

extension DecodingNode {
    /// - Parameter key: of `value` in this node; `nil` when it is the node's own.
    func decode<Value: Decodable>(
        _ type: Value.Type, from value: JSONValue, at key: @autoclosure () -> (any CodingKey)?
    ) throws -> Value {
        if type == JSONValue.self { return value as! Value }
        if type == String.self { return try string(value, at: key()) as! Value }
        return try Value(from: DecodingNode(value, parent: self, key: key()))
    }

    func bool(_ value: JSONValue, at key: @autoclosure () -> (any CodingKey)?) throws -> Bool {
        guard case .bool(let bool) = value else { throw mismatch(Bool.self, "true or false", value, at: key()) }
        return bool
    }

    func string(_ value: JSONValue, at key: @autoclosure () -> (any CodingKey)?) throws -> String {
        guard case .string(let string) = value else { throw mismatch(String.self, "a string", value, at: key()) }
        return string
    }

    func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type, _ value: JSONValue, at key: @autoclosure () -> (any CodingKey)?
    ) throws -> Integer {
        guard case .number(let number) = value else { throw mismatch(type, "a whole number", value, at: key()) }
        guard let integer = number.integer(type) else {
            throw corrupted("\(number.literal) is not a whole number from \(type.min) to \(type.max)", at: key())
        }
        return integer
    }

    func float<Float: BinaryFloatingPoint>(
        _ type: Float.Type, _ value: JSONValue, at key: @autoclosure () -> (any CodingKey)?
    ) throws -> Float {
        guard case .number(let number) = value else { throw mismatch(type, "a number", value, at: key()) }
        let float = Float(number.double)
        guard float.isFinite else { throw corrupted("\(number.literal) is too large", at: key()) }
        return float
    }

    private func mismatch(
        _ type: Any.Type, _ expected: String, _ value: JSONValue, at key: (any CodingKey)? = nil
    ) -> DecodingError {
        let context = context("expected \(expected), found \(value.kind)", at: key)
        return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    private func corrupted(_ message: String, at key: (any CodingKey)?) -> DecodingError {
        .dataCorrupted(context(message, at: key))
    }

    func context(_ message: String, at key: (any CodingKey)? = nil) -> DecodingError.Context {
        DecodingError.Context(codingPath: key.map { codingPath + [$0] } ?? codingPath, debugDescription: message)
    }
}

extension DecodingNode: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try bool(value, at: nil) }
    func decode(_ type: String.Type) throws -> String { try string(value, at: nil) }
    func decode(_ type: Double.Type) throws -> Double { try float(type, value, at: nil) }
    func decode(_ type: Float.Type) throws -> Float { try float(type, value, at: nil) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type, value, at: nil) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type, value, at: nil) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type, value, at: nil) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type, value, at: nil) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type, value, at: nil) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type, value, at: nil) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type, value, at: nil) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type, value, at: nil) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type, value, at: nil) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type, value, at: nil) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == JSONValue.self { return value as! Value }
        return try Value(from: self)
    }
}

extension JSONNumber {
    fileprivate func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        if let int { return Integer(exactly: int) }
        return Integer(literal) ?? Integer(decimal.text)  // UInt64 beyond Int64
    }
}

extension JSONValue {
    /// The word for its kind, with its article.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
