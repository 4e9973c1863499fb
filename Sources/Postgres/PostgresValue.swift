/// A parameter of a statement. Times are milliseconds since the epoch.
///
/// Text, `null` and the UUID's text take the type that the statement gives them, as a literal in quotes would;
/// every other value says its own type. `timestamp` is `timestamptz`.
package enum PostgresValue: Sendable, Equatable {
    case null
    case text(String)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case bytes([UInt8])
    /// JSON text, sent as it is: `json` keeps every digit and the order of members.
    case json([UInt8])
    /// Any decimal number, by its text.
    case numeric(String)
    case timestamp(Int64)
    case uuid(String)
    case texts([String?])
    case ints([Int?])
    case doubles([Double?])
    case bools([Bool?])
    case byteStrings([[UInt8]?])
    case jsons([[UInt8]?])
    case timestamps([Int64?])

    package static func json(_ text: String) -> PostgresValue { .json(Array(text.utf8)) }
    package static func text(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }
    package static func int(_ value: Int?) -> PostgresValue { value.map { .int($0) } ?? .null }
    package static func json(_ value: [UInt8]?) -> PostgresValue { value.map { .json($0) } ?? .null }
    package static func bytes(_ value: [UInt8]?) -> PostgresValue { value.map { .bytes($0) } ?? .null }
    package static func timestamp(_ value: Int64?) -> PostgresValue { value.map { .timestamp($0) } ?? .null }
    package static func interval(_ value: Duration) -> PostgresValue { .text("\(value.milliseconds) milliseconds") }
}

/// The types that we read and write, by their fixed numbers (`pg_type.dat`).
enum TypeID {
    static let unknown: UInt32 = 0
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let char: UInt32 = 18
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let json: UInt32 = 114
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let bpchar: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let date: UInt32 = 1082
    static let time: UInt32 = 1083
    static let timestamp: UInt32 = 1114
    static let timestamptz: UInt32 = 1184
    static let numeric: UInt32 = 1700
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802

    static let boolArray: UInt32 = 1000
    static let byteaArray: UInt32 = 1001
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let float8Array: UInt32 = 1022
    static let jsonArray: UInt32 = 199
    static let timestamptzArray: UInt32 = 1185
}

/// Milliseconds between the Unix epoch and PostgreSQL's, 2000-01-01.
let postgresEpoch: Int64 = 946_684_800_000
