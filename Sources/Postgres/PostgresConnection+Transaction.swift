/// How much a transaction sees of others (PostgreSQL manual, Transaction Isolation).
package enum TransactionIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// - Throws: what `body` threw; or ``PostgresError`` of the COMMIT, with `.commitUnknown` when its answer was lost.
    package nonisolated(nonsending) func transaction<Value>(
        _ level: TransactionIsolation = .readCommitted,
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await begin(level)
        let value: Value
        do {
            value = try await body(self)
        } catch {
            await rollBack()
            throw error
        }
        try await commit()
        return value
    }

    private func begin(_ level: TransactionIsolation) async throws(PostgresError) {
        let begin = Statement("begin \(level.rawValue)", "BEGIN ISOLATION LEVEL \(level.rawValue)")
        _ = try await run([(begin, [])], timeout: nil)
    }

    /// A COMMIT of a transaction in which a statement failed is a rollback, and an error here.
    private func commit() async throws(PostgresError) {
        let failed = handle?.isInFailedTransaction == true
        _ = try await run([(Statement("commit", "COMMIT"), [])], timeout: nil, commits: true)
        guard !failed else {
            throw PostgresError(.failed, "commit", "a statement had failed, so the transaction was rolled back")
        }
    }

    /// Works also in a cancelled task. A connection that cannot roll back is given up, and the server rolls back.
    private func rollBack() async {
        do throws(PostgresError) {
            guard condition.isInTransaction else { return }
            _ = try await run(
                [(Statement("rollback", "ROLLBACK"), [])], timeout: settings.cancelTimeout, ignoringCancellation: true)
        } catch {
            disconnect()
        }
    }
}
