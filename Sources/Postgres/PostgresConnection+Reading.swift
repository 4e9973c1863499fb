/// What a statement of somebody else's returned, as text that says what it is.
package struct PostgresTable: Sendable {
    package var columns: [PostgresColumn]
    package var rows: [[PostgresCell]]
    /// Whether there were more rows than were wanted.
    package var isTruncated: Bool
}

/// A cell as JSON would have it.
package enum PostgresCell: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A JSON number's literal, with every digit.
    case number(String)
    case text(String)
    /// The text of a JSON value, `json` or `jsonb`.
    case json(String)
    /// RFC 3339, or a date alone; in UTC when the type knows time zones.
    case timestamp(String)
    indirect case array([PostgresCell])
}

extension PostgresConnection {
    /// Runs one statement of somebody else's in a read-only transaction that is rolled back, so that it leaves nothing
    /// behind, in the session neither.
    ///
    /// - Parameters:
    ///   - limit: at most so many rows are returned; the rest is cancelled and ``PostgresTable/isTruncated`` says so.
    ///   - byteLimit: likewise for the sum of all cells.
    ///   - statementTimeout: enforced by the server.
    package func read(
        _ sql: String, _ parameters: [PostgresValue] = [], limit: Int, byteLimit: Int = 64 << 20,
        statementTimeout: Duration
    ) async throws(PostgresError) -> PostgresTable {
        let values = try Parameters(parameters, operation: "read")
        guard !sql.utf8.contains(0) else {
            throw PostgresError(.invalidValue, "read", "a statement cannot hold the character U+0000")
        }
        let timeout = statementTimeout + settings.cancelTimeout
        return try await exchange("read", timeout: timeout) { connection throws(PostgresError) in
            let rows = RowCollector(limit: limit, byteLimit: byteLimit)
            try await connection.exchangeReading(sql, values, rows, statementTimeout)
            return rows.table
        }
    }

    /// One round trip: the statement up to the first sync, and what cleans up after it, whatever became of it.
    private func exchangeReading(
        _ sql: String, _ values: Parameters, _ rows: RowCollector, _ statementTimeout: Duration
    ) async throws(PostgresError) {
        let none = try Parameters([], operation: "read")
        let before = ["BEGIN READ ONLY", "SET LOCAL statement_timeout = \(max(1, statementTimeout.milliseconds))"]
        let after = ["ROLLBACK", "SELECT pg_advisory_unlock_all()"]
        for text in before { try send(text, none) }
        try send(sql, values)
        try sendSync()
        for text in after { try send(text, none) }
        try sendSync()
        // Nothing is ever committed.
        call?.isSent = false

        for _ in before { _ = try await reply(operation: "read") }
        _ = try await reply(operation: "read", rows: rows)
        try await waitForSync()
        let failure = call?.failure
        call?.failure = nil
        for _ in after { _ = try await reply(operation: "read") }
        try await waitForSync()
        if let failure, !rows.isTruncated { throw failure }
    }

    private func send(_ sql: String, _ values: Parameters) throws(PostgresError) {
        guard handle?.sendQuery(sql, values) == true else { throw lost("cannot send") }
    }
}

/// Takes rows one by one, up to a limit.
final class RowCollector {
    private let limit: Int
    private let byteLimit: Int
    private var bytes = 0
    private var columns: [PostgresColumn] = []
    private var rows: [[PostgresCell]] = []
    private(set) var isTruncated = false

    init(limit: Int, byteLimit: Int) {
        self.limit = limit
        self.byteLimit = byteLimit
    }

    var table: PostgresTable { PostgresTable(columns: columns, rows: rows, isTruncated: isTruncated) }

    /// Takes the rows of one result; `false` once there are enough.
    func take(_ result: borrowing ResultHandle) -> Bool {
        guard !isTruncated else { return false }
        if columns.isEmpty { columns = result.columns }
        for row in 0..<result.rowCount {
            bytes += columns.indices.reduce(0) { $0 + result.length(row: row, column: $1) }
            guard rows.count < limit, bytes <= byteLimit else {
                isTruncated = true
                return false
            }
            rows.append(
                columns.indices.map { column in
                    PostgresCell(text: result.text(row: row, column: column), type: columns[column].type)
                })
        }
        return true
    }
}

extension PostgresCell {
    /// - Parameter text: in PostgreSQL's text format, with `DateStyle` ISO and `TimeZone` UTC.
    init(text: String?, type: UInt32) {
        guard let text else {
            self = .null
            return
        }
        switch type {
        case TypeID.bool: self = .bool(text == "t")
        case TypeID.int2, TypeID.int4, TypeID.int8, TypeID.oid: self = .number(text)
        case TypeID.numeric, TypeID.float4, TypeID.float8:
            // NaN and the infinities are no JSON numbers.
            self = text.last?.isNumber == true ? .number(text) : .text(text)
        case TypeID.json, TypeID.jsonb: self = .json(text)
        case TypeID.timestamptz: self = .timestamp(Self.rfc3339(text))
        case TypeID.timestamp: self = .timestamp(text.contains(" ") ? Self.joined(text) : text)
        case TypeID.date: self = .timestamp(text)
        default:
            if let element = Self.elementTypes[type], let parsed = ArrayText.parse(text, element: element) {
                self = parsed
            } else {
                self = .text(text)
            }
        }
    }

    /// `2026-01-05 09:00:04.12+00` as `2026-01-05T09:00:04.12Z`; anything else, such as `infinity`, as it is.
    private static func rfc3339(_ text: String) -> String {
        guard text.hasSuffix("+00"), text.contains(" ") else { return text }
        return joined(String(text.dropLast(3))) + "Z"
    }

    private static func joined(_ text: String) -> String {
        String(text.map { $0 == " " ? "T" : $0 })
    }

    private static let elementTypes: [UInt32: UInt32] = [
        TypeID.boolArray: TypeID.bool, 1005: TypeID.int2, 1007: TypeID.int4, TypeID.int8Array: TypeID.int8,
        TypeID.textArray: TypeID.text, 1015: TypeID.varchar, 1002: TypeID.char, 1003: TypeID.name,
        1014: TypeID.bpchar, 1021: TypeID.float4,
        TypeID.float8Array: TypeID.float8, 1231: TypeID.numeric, TypeID.jsonArray: TypeID.json, 3807: TypeID.jsonb,
        TypeID.timestamptzArray: TypeID.timestamptz, 1115: TypeID.timestamp, 1182: TypeID.date, 2951: TypeID.uuid,
    ]
}

/// Reads an array in text format, such as `{1,NULL,"a \"b\""}` (PostgreSQL manual, Array Input and Output Syntax).
private struct ArrayText {
    private var rest: Substring.UTF8View
    private let element: UInt32

    static func parse(_ text: String, element: UInt32) -> PostgresCell? {
        // Bounds other than from 1 come first: `[0:1]={1,2}`.
        guard let open = text.firstIndex(of: "{") else { return nil }
        var reader = ArrayText(rest: text[open...].utf8, element: element)
        return reader.array(depth: 0)
    }

    private mutating func array(depth: Int) -> PostgresCell? {
        guard depth < 7, take("{") else { return nil }
        var cells: [PostgresCell] = []
        if take("}") { return .array(cells) }
        repeat {
            guard let cell = rest.first == UInt8(ascii: "{") ? array(depth: depth + 1) : scalar() else { return nil }
            cells.append(cell)
        } while take(",")
        return take("}") ? .array(cells) : nil
    }

    private mutating func scalar() -> PostgresCell? {
        guard take("\"") else {
            let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? rest.endIndex
            let text = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[end...]
            return PostgresCell(text: text == "NULL" ? nil : text, type: element)
        }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") {
                return PostgresCell(text: String(decoding: bytes, as: UTF8.self), type: element)
            }
            guard let unescaped = byte == UInt8(ascii: "\\") ? rest.popFirst() : byte else { return nil }
            bytes.append(unescaped)
        }
        return nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }
}
