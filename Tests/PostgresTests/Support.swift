import Postgres
import TestSupport

/// Lends a connection to the server's own database; for what leaves nothing behind.
nonisolated(nonsending) func withConnection<Value>(
    _ change: (inout PostgresSettings) -> Void = { _ in },
    _ body: nonisolated(nonsending) (PostgresConnection) async throws -> Value
) async throws -> Value {
    await Turnstile.databases.enter()
    defer { Turnstile.databases.leave() }
    var settings = try TestServers.postgres
    change(&settings)
    let connection = try await PostgresConnection.open(settings)
    do {
        let value = try await body(connection)
        await connection.close()
        return value
    } catch {
        await connection.close()
        throw error
    }
}

extension PostgresConnection {
    /// The first cell, as a number.
    func number(_ statement: Statement, _ parameters: [PostgresValue] = []) async throws -> Int {
        try await query(statement, parameters)[0][0]
    }
}
