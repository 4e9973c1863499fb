/// What a statement returned, copied out of libpq.
package struct PostgresResult: Sendable {
    let table: Table
    /// Rows that the statement inserted, changed, deleted or returned.
    package let affectedRows: Int

    package var rows: [PostgresRow] { table.rowIndices.map { PostgresRow(table: table, index: $0) } }
    package var columns: [PostgresColumn] { table.columns }
}

package struct PostgresColumn: Sendable, Equatable {
    package let name: String
    /// The number of its type in `pg_type`.
    package let type: UInt32
}

/// All cells of a result in one piece of memory, shared by its rows.
final class Table: Sendable {
    let columns: [PostgresColumn]
    let operation: String
    /// Also without a single column there can be rows.
    private let rowCount: Int
    private let bytes: [UInt8]
    /// Where each cell begins in `bytes`, row by row; the length is negative for NULL.
    private let cells: [(start: Int, length: Int32)]
    private let indexOfColumn: [String: Int]

    init(
        columns: [PostgresColumn], rowCount: Int, operation: String, bytes: [UInt8],
        cells: [(start: Int, length: Int32)]
    ) {
        self.columns = columns
        self.rowCount = rowCount
        self.operation = operation
        self.bytes = bytes
        self.cells = cells
        indexOfColumn = Dictionary(
            columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    var rowIndices: Range<Int> { 0..<rowCount }

    func index(of column: String) -> Int? { indexOfColumn[column] }

    /// The bytes of a cell; `nil` for NULL.
    func cell(row: Int, column: Int) -> ArraySlice<UInt8>? {
        let (start, length) = cells[row * columns.count + column]
        return length < 0 ? nil : bytes[start..<start + Int(length)]
    }
}

/// One row; a view into its result, which it keeps alive.
package struct PostgresRow: Sendable {
    let table: Table
    let index: Int

    package var columns: [PostgresColumn] { table.columns }

    /// The value of a column, by its name.
    ///
    /// - Throws: ``PostgresError`` with `.invalidValue` when there is no such column, when it is NULL and the type is no
    ///   optional, or when its type in the database is another.
    package subscript<Value: PostgresDecodable>(column: String) -> Value {
        get throws(PostgresError) {
            guard let number = table.index(of: column) else {
                throw PostgresError(.invalidValue, table.operation, "the result has no column “\(column)”")
            }
            return try self[number]
        }
    }

    package subscript<Value: PostgresDecodable>(column: Int) -> Value {
        get throws(PostgresError) {
            let type = table.columns[column].type
            if let value = Value(cell: table.cell(row: index, column: column), type: type) { return value }
            let isNull = table.cell(row: index, column: column) == nil
            throw PostgresError(
                .invalidValue, table.operation,
                "column “\(table.columns[column].name)” is \(isNull ? "NULL" : "of type \(type)"), not \(Value.self)")
        }
    }
}
