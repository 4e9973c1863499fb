import JSON
import Postgres

extension JSONLimits {
    /// For what we have written ourselves: its limits were checked when it came.
    static let stored = JSONLimits(bytes: 1 << 30, depth: 512, keys: 10_000_000)
}

extension PostgresRow {
    func json(_ column: String) throws -> JSONValue? {
        guard let bytes: [UInt8] = try self[column] else { return nil }
        return try JSONReader.parse(bytes, limits: .stored)
    }

    /// A column that is never NULL.
    func wholeJSON(_ column: String) throws -> JSONValue { try json(column) ?? .null }
}

extension Array {
    func texts(_ value: (Element) -> String?) -> PostgresValue { .texts(map(value)) }
    func ints(_ value: (Element) -> Int?) -> PostgresValue { .ints(map(value)) }
    func times(_ value: (Element) -> Int64?) -> PostgresValue { .timestamps(map(value)) }
    func bools(_ value: (Element) -> Bool?) -> PostgresValue { .bools(map(value)) }
    func blobs(_ value: (Element) -> [UInt8]?) -> PostgresValue { .byteStrings(map(value)) }
    func jsons(_ value: (Element) -> JSONValue?) -> PostgresValue { .jsons(map { value($0)?.serialized() }) }
}
