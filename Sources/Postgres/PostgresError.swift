/// What went wrong between this process and the database.
package struct PostgresError: Error, Equatable, Sendable {
    package enum Code: Sendable {
        /// The connection was lost, and nothing of what was running has been committed.
        case connectionLost
        /// The connection was lost after everything was sent: all of it was committed, or nothing. Read to know.
        case commitUnknown
        /// No connection could be had in time: the server is down, starting, or full.
        case unavailable
        /// The server or its certificate was not accepted, or we were not: trying again does not help.
        case refused
        /// The deadline of the call passed, or the server's `statement_timeout`.
        case timedOut
        /// The task that asked was cancelled, and so was the statement.
        case cancelled
        /// Another transaction was in the way: serialization failure, deadlock or lock timeout.
        case conflict
        /// A constraint of the schema says no; ``PostgresError/constraint`` names it.
        case constraintViolation
        /// The server refused the statement for another reason; see ``PostgresError/sqlState``.
        case failed
        /// A value that PostgreSQL cannot take, or a column that is not what was asked for.
        case invalidValue
    }

    package var code: Code
    /// The statement's name, or what else was running, such as `connect`.
    package var operation: String
    /// The server's or the library's own words.
    package var detail: String
    /// The server's five characters, when it was the server that spoke.
    package var sqlState: String?
    /// The violated constraint, by its name in the schema.
    package var constraint: String?
    /// Whether a change may have been committed although this error was thrown.
    package var mayHaveCommitted: Bool

    package init(
        _ code: Code, _ operation: String, _ detail: String, sqlState: String? = nil, constraint: String? = nil,
        mayHaveCommitted: Bool? = nil
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.sqlState = sqlState
        self.constraint = constraint
        self.mayHaveCommitted = mayHaveCommitted ?? (code == .commitUnknown)
    }

    /// Whether the same call may succeed later, and cannot have changed anything yet.
    package var isRetriable: Bool {
        guard !mayHaveCommitted else { return false }
        switch code {
        case .connectionLost, .unavailable, .timedOut, .conflict: return true
        default: return sqlState.map(Self.isOutOfDate) ?? false
        }
    }

    /// Whether the database was away, rather than of another opinion.
    package var isOutage: Bool { code == .connectionLost || code == .commitUnknown || code == .unavailable }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        "\(operation): \(detail)\(sqlState.map { " (\($0))" } ?? "")"
    }
}

extension PostgresError {
    /// The code for what the server answered (PostgreSQL manual, appendix A).
    static func code(ofSQLState state: String) -> Code {
        switch state {
        case "40001", "40P01", "55P03": .conflict
        case "57014": .timedOut
        case "57P01", "57P02", "57P03", "57P05", "25P03", "25P04": .connectionLost
        // Of the resources that the server has run out of, such as connections, memory or disk, some will be there again.
        case "53000", "53100", "53200", "53300", "58030": .unavailable
        default: state.hasPrefix("08") ? .connectionLost : state.hasPrefix("23") ? .constraintViolation : .failed
        }
    }

    /// Whether the server no longer knows a statement as it was prepared, or can no longer run it unchanged.
    static func isOutOfDate(sqlState: String) -> Bool { sqlState == "0A000" || sqlState == "26000" }
}
