/// Takes the members of an object from `Encodable`.
struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode

    var codingPath: [any CodingKey] { node.codingPath }

    private func set(_ value: JSONValue, _ key: Key) { node.set(value, for: key.stringValue) }

    func encodeNil(forKey key: Key) { set(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { set(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { set(.string(value), key) }
    func encode(_ value: Double, forKey key: Key) throws {
        set(try EncodingNode.number(value, codingPath + [key]), key)
    }
    func encode(_ value: Float, forKey key: Key) throws { set(try EncodingNode.number(value, codingPath + [key]), key) }
    func encode(_ value: Int, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: Int8, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: Int16, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: Int32, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: Int64, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: UInt, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: UInt8, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: UInt16, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: UInt32, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: UInt64, forKey key: Key) { set(EncodingNode.number(value), key) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        set(try EncodingNode.encode(value, parent: node, key: key), key)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        node.openMember(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        node.openMember(key).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { node.openMember(JSONKey.super) }
    func superEncoder(forKey key: Key) -> any Encoder { node.openMember(key) }
}

/// Takes the elements of an array from `Encodable`.
struct UnkeyedEncoding: UnkeyedEncodingContainer {
    let node: EncodingNode

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.count }

    func encodeNil() { node.append(.null) }
    func encode(_ value: Bool) { node.append(.bool(value)) }
    func encode(_ value: String) { node.append(.string(value)) }
    func encode(_ value: Double) throws { node.append(try EncodingNode.number(value, path)) }
    func encode(_ value: Float) throws { node.append(try EncodingNode.number(value, path)) }
    func encode(_ value: Int) { node.append(EncodingNode.number(value)) }
    func encode(_ value: Int8) { node.append(EncodingNode.number(value)) }
    func encode(_ value: Int16) { node.append(EncodingNode.number(value)) }
    func encode(_ value: Int32) { node.append(EncodingNode.number(value)) }
    func encode(_ value: Int64) { node.append(EncodingNode.number(value)) }
    func encode(_ value: UInt) { node.append(EncodingNode.number(value)) }
    func encode(_ value: UInt8) { node.append(EncodingNode.number(value)) }
    func encode(_ value: UInt16) { node.append(EncodingNode.number(value)) }
    func encode(_ value: UInt32) { node.append(EncodingNode.number(value)) }
    func encode(_ value: UInt64) { node.append(EncodingNode.number(value)) }
    func encode(_ value: some Encodable) throws {
        node.append(try EncodingNode.encode(value, parent: node, key: JSONKey(intValue: count)))
    }

    private var path: [any CodingKey] { codingPath + [JSONKey(intValue: count)] }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        node.openElement().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.openElement().unkeyedContainer() }
    func superEncoder() -> any Encoder { node.openElement() }
}
