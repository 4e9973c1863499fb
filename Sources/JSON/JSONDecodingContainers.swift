/// The members of an object, as `Decodable` asks for them.
struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let node: DecodingNode
    let object: JSONObject

    var codingPath: [any CodingKey] { node.codingPath }
    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.name) } }
    func contains(_ key: Key) -> Bool { object.position(of: key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try required(key).isNull }

    private func required(_ key: Key) throws -> JSONValue {
        guard let value = node.member(key.stringValue, of: object) else {
            throw DecodingError.keyNotFound(key, node.context("“\(key.stringValue)” is missing"))
        }
        return value
    }

    /// `nil` for a member that is absent or null.
    private func optional(_ key: Key) -> JSONValue? {
        guard let value = node.member(key.stringValue, of: object), !value.isNull else { return nil }
        return value
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try node.bool(required(key), at: key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try node.string(required(key), at: key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try float(type, key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try float(type, key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try integer(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(type, key) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try node.decode(type, from: required(key), at: key)
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try optional(key).map { try node.bool($0, at: key) }
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try optional(key).map { try node.string($0, at: key) }
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try optional(key).map { try node.integer(type, $0, at: key) }
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try optional(key).map { try node.float(type, $0, at: key) }
    }
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try optional(key).map { try node.decode(type, from: $0, at: key) }
    }

    private func integer<Integer: FixedWidthInteger>(_ type: Integer.Type, _ key: Key) throws -> Integer {
        try node.integer(type, required(key), at: key)
    }
    private func float<Float: BinaryFloatingPoint>(_ type: Float.Type, _ key: Key) throws -> Float {
        try node.float(type, required(key), at: key)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try DecodingNode(required(key), parent: node, key: key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try DecodingNode(required(key), parent: node, key: key).unkeyedContainer()
    }
    func superDecoder() -> any Decoder { superDecoder(JSONKey.super) }
    func superDecoder(forKey key: Key) -> any Decoder { superDecoder(key) }
    private func superDecoder(_ key: any CodingKey) -> any Decoder {
        DecodingNode(object[key.stringValue] ?? .null, parent: node, key: key)
    }
}

/// The elements of an array, as `Decodable` asks for them.
struct UnkeyedDecoding: UnkeyedDecodingContainer {
    let node: DecodingNode
    let elements: [JSONValue]
    var currentIndex = 0

    init(node: DecodingNode, elements: [JSONValue]) {
        self.node = node
        self.elements = elements
    }

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        guard try current(Never.self).isNull else { return false }
        currentIndex += 1
        return true
    }

    private func current(_ type: Any.Type) throws -> JSONValue {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(type, node.context("the array has only \(elements.count) elements"))
        }
        return elements[currentIndex]
    }

    /// Moves on to the next element only if this one could be decoded.
    private mutating func next<Value>(
        _ type: Value.Type, _ decode: (DecodingNode, JSONValue, JSONKey) throws -> Value
    ) throws -> Value {
        let value = try decode(node, current(type), JSONKey(intValue: currentIndex))
        currentIndex += 1
        return value
    }

    private mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
        try next(type) { try $0.integer(type, $1, at: $2) }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try next(type) { try $0.bool($1, at: $2) } }
    mutating func decode(_ type: String.Type) throws -> String { try next(type) { try $0.string($1, at: $2) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try next(type) { try $0.float(type, $1, at: $2) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try next(type) { try $0.float(type, $1, at: $2) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next(type) { try $0.decode(type, from: $1, at: $2) }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try nextNode { try $0.container(keyedBy: type) }
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try nextNode { try $0.unkeyedContainer() }
    }
    mutating func superDecoder() throws -> any Decoder { try nextNode { $0 } }

    private mutating func nextNode<Result>(_ open: (DecodingNode) throws -> Result) throws -> Result {
        try next(Result.self) { try open(DecodingNode($1, parent: $0, key: $2)) }
    }
}
