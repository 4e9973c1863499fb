import Glibc
package import Postgres
import Testing

/// The servers that the tests may use; `make test` starts private ones and names them here.
package enum TestServers {
    package static func url(_ variable: String) throws -> String {
        guard let value = unsafe getenv(variable) else {
            throw MissingServer(variable: variable)
        }
        return unsafe String(cString: value)
    }

    package struct MissingServer: Error, CustomStringConvertible {
        let variable: String
        package var description: String { "set \(variable), or run make test, which starts the servers" }
    }

    /// The server's own database, as the user that may create others.
    package static var postgres: PostgresSettings {
        get throws { try PostgresSettings(url: url("BATON_TEST_POSTGRES_URL")) }
    }
}

/// Lends an empty database for the length of `body`; dropped also when `body` throws.
package nonisolated(nonsending) func withEmptyDatabase<Value>(
    _ body: nonisolated(nonsending) (PostgresSettings) async throws -> Value
) async throws -> Value {
    let server = try TestServers.postgres
    let name = "baton_test_\(UInt64.random(in: .min ... .max))"
    try await administer(server, "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    var settings = server
    settings.database = name
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(settings)) } catch { outcome = .failure(error) }
    try await administer(server, "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    return try outcome.get()
}

/// Runs one statement on the server's own database, over a connection of its own.
package func administer(_ server: PostgresSettings, _ sql: String) async throws {
    let connection = try await PostgresConnection.open(server)
    do {
        try await connection.script("administer", sql, timeout: .seconds(50))
        await connection.close()
    } catch {
        await connection.close()
        throw error
    }
}
