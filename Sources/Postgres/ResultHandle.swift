import CPostgres

/// Owns one `PGresult`: cleared once, when the value goes out of scope.
@safe struct ResultHandle: ~Copyable {
    enum Status { case rows, singleRow, done, synced, aborted, failed, unexpected }

    private let raw: OpaquePointer

    init(owning raw: OpaquePointer) { unsafe self.raw = raw }
    deinit { unsafe PQclear(raw) }

    var status: Status {
        switch unsafe PQresultStatus(raw) {
        case PGRES_TUPLES_OK: .rows
        case PGRES_SINGLE_TUPLE: .singleRow
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
        case PGRES_PIPELINE_SYNC: .synced
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .failed
        default: .unexpected
        }
    }

    var affectedRows: Int {
        let text = unsafe String(cString: PQcmdTuples(raw))
        return Int(text) ?? 0
    }

    var columns: [PostgresColumn] {
        let count = unsafe PQnfields(raw)
        return (0..<count).map { column in
            unsafe PostgresColumn(name: String(cString: PQfname(raw, column)), type: PQftype(raw, column))
        }
    }

    var rowCount: Int { unsafe Int(PQntuples(raw)) }
    func length(row: Int, column: Int) -> Int { unsafe Int(PQgetlength(raw, Int32(row), Int32(column))) }

    /// A copy of the cell's text; `nil` for SQL NULL.
    func text(row: Int, column: Int) -> String? {
        let (row, column) = (Int32(row), Int32(column))
        guard unsafe PQgetisnull(raw, row, column) == 0 else { return nil }
        return unsafe String(cString: PQgetvalue(raw, row, column))
    }

    /// A copy of all cells.
    func copy(operation: String) -> PostgresResult {
        let (rows, columns) = unsafe (PQntuples(raw), PQnfields(raw))
        var bytes: [UInt8] = []
        var cells: [(start: Int, length: Int32)] = []
        cells.reserveCapacity(Int(rows) * Int(columns))
        for row in 0..<rows {
            for column in 0..<columns {
                guard unsafe PQgetisnull(raw, row, column) == 0 else {
                    cells.append((bytes.count, -1))
                    continue
                }
                let (value, length) = unsafe (PQgetvalue(raw, row, column), PQgetlength(raw, row, column))
                cells.append((bytes.count, length))
                unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: Int(length)))
            }
        }
        let table = Table(
            columns: self.columns, rowCount: Int(rows), operation: operation, bytes: bytes, cells: cells)
        return PostgresResult(table: table, affectedRows: affectedRows)
    }

    /// What the server refused; without an SQLSTATE it was libpq that spoke.
    func error(operation: String) -> PostgresError {
        let state = field(Int32(UInt8(ascii: "C")))
        let message = field(Int32(UInt8(ascii: "M"))) ?? ownMessage
        let detail = field(Int32(UInt8(ascii: "D")))
        return PostgresError(
            state.map(PostgresError.code(ofSQLState:)) ?? .connectionLost, operation,
            message + (detail.map { " (\($0))" } ?? ""), sqlState: state,
            constraint: field(Int32(UInt8(ascii: "n"))))
    }

    /// Whether the server ended the connection with this error.
    var isFatal: Bool {
        let severity = field(Int32(UInt8(ascii: "V")))
        return severity == "FATAL" || severity == "PANIC"
    }

    private var ownMessage: String { unsafe String(cString: PQresultErrorMessage(raw)).trimmed }

    private func field(_ code: Int32) -> String? {
        guard let text = unsafe PQresultErrorField(raw, code) else { return nil }
        return unsafe String(cString: text)
    }
}
