import Contracts
import Engine
import JSON
import Postgres

/// Runs a query in a read-only transaction on the domain's own database: rows become JSON.
struct SQLRun: SkillRun {
    let rule: SQLRule
    let database: PostgresPool

    func run(_ order: TaskDispatched, _ events: any RunEvents) async throws(RunFailure) -> RunResult {
        let values = try rule.parameters.map { parameter throws(RunFailure) in
            try PostgresValue(parameter: try OutputTemplate.resolve(parameter, input: order.input, output: .null))
        }
        let table: PostgresTable
        do {
            table = try await database.withConnection { connection in
                try await connection.read(
                    rule.query, values, limit: rule.maxRows, statementTimeout: rule.statementTimeout)
            }
        } catch let error as PostgresError {
            throw RunFailure(error)
        } catch {
            throw RunFailure(code: "database", message: "\(error)")
        }
        guard !table.isTruncated else {
            throw RunFailure(
                code: "too_many_rows", message: "the query gives more than \(rule.maxRows) rows", isPermanent: true)
        }
        let names = table.columns.map(\.name)
        let rows = try table.rows.map { row throws(RunFailure) in
            JSONValue.object(
                JSONObject(try zip(names, row).map { name, cell throws(RunFailure) in (name, try JSONValue(cell)) }))
        }
        return RunResult(output: ["rows": .array(rows), "row_count": .number(JSONNumber(rows.count))])
    }
}

extension JSONValue {
    fileprivate init(_ cell: PostgresCell) throws(RunFailure) {
        switch cell {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let literal): self = .number(JSONNumber(uncheckedLiteral: literal))
        case .text(let text), .timestamp(let text): self = .string(text)
        case .array(let cells): self = .array(try cells.map { cell throws(RunFailure) in try JSONValue(cell) })
        case .json(let text):
            do {
                self = try JSONReader.parse(text)
            } catch {
                throw RunFailure(code: "invalid_json", message: "a JSON column: \(error.message)", isPermanent: true)
            }
        }
    }
}

extension PostgresValue {
    /// A parameter as text whose type the server finds out; objects and arrays as JSON.
    fileprivate init(parameter: JSONValue) throws(RunFailure) {
        switch parameter {
        case .null: self = .null
        case .bool(let value): self = .text(String(value))
        case .string(let text): self = .text(text)
        case .number(let number): self = .text(number.literal)
        case .array, .object: self = .json(parameter.text)
        }
    }
}

extension RunFailure {
    init(_ error: PostgresError) {
        let code =
            switch error.code {
            case .timedOut: "statement_timeout"
            case .conflict: "lock_conflict"
            case .connectionLost, .commitUnknown, .unavailable: "database_unavailable"
            case .refused: "database_refused"
            case .cancelled: "cancelled"
            case .constraintViolation, .failed, .invalidValue: "sql_error"
            }
        self.init(code: code, message: error.description, isPermanent: code == "sql_error" && !error.isRetriable)
    }
}
