import Glibc
import IOThread
package import Postgres
package import Store
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
        get throws {
            var settings = try PostgresSettings(url: url("BATON_TEST_POSTGRES_URL"))
            // A laptop that runs every suite at once is slow.
            (settings.connectTimeout, settings.callTimeout, settings.cancelTimeout) = (
                .seconds(30), .seconds(45), .seconds(20)
            )
            return settings
        }
    }
}

/// Lends a database with the whole schema for the length of `body`; dropped also when `body` throws.
package nonisolated(nonsending) func withDatabase<Value>(
    _ body: nonisolated(nonsending) (PostgresSettings) async throws -> Value
) async throws -> Value {
    let server = try TestServers.postgres
    let template = try await migratedTemplate(server)
    return try await withDatabase(on: server, "TEMPLATE \(template)", body)
}

/// Lends a pool on a database with the whole schema, and the functions that speak to it.
package nonisolated(nonsending) func withStore<Value>(
    _ body: nonisolated(nonsending) (Store) async throws -> Value
) async throws -> Value {
    try await withDatabase { settings in
        let pool = PostgresPool(settings)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(Store(pool))) } catch { outcome = .failure(error) }
        await pool.close()
        return try outcome.get()
    }
}

/// Lends an empty database for the length of `body`; dropped also when `body` throws.
package nonisolated(nonsending) func withEmptyDatabase<Value>(
    _ body: nonisolated(nonsending) (PostgresSettings) async throws -> Value
) async throws -> Value {
    let options = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
    return try await withDatabase(on: try TestServers.postgres, options, body)
}

private nonisolated(nonsending) func withDatabase<Value>(
    on server: PostgresSettings, _ options: String,
    _ body: nonisolated(nonsending) (PostgresSettings) async throws -> Value
) async throws -> Value {
    await Turnstile.databases.enter()
    defer { Turnstile.databases.leave() }
    let name = "baton_test_\(UInt64.random(in: .min ... .max))"
    try await administer(server, "CREATE DATABASE \(name) \(options)")
    var settings = server
    settings.database = name
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(settings)) } catch { outcome = .failure(error) }
    try await administer(server, "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    return try outcome.get()
}

/// Lets so many through at a time, in order of arrival: all tests begin at once.
package final class Turnstile: @unchecked Sendable {  // guarded by `lock`
    package static let databases = Turnstile(6)

    private let lock = Lock()
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(_ limit: Int) { free = limit }

    package nonisolated(nonsending) func enter() async {
        await withCheckedContinuation { continuation in
            let enters = lock.withLock {
                if free > 0 {
                    free -= 1
                    return true
                }
                waiting.append(continuation)
                return false
            }
            if enters { continuation.resume() }
        }
    }

    package func leave() {
        let next = lock.withLock {
            if waiting.isEmpty {
                free += 1
                return CheckedContinuation<Void, Never>?.none
            }
            return waiting.removeFirst()
        }
        next?.resume()
    }
}

/// A database with the schema as it is in this build, made by the first test that wants it and cloned by all.
private func migratedTemplate(_ server: PostgresSettings) async throws -> String {
    let name = "baton_template_\(Migrator.fingerprint)"
    let connection = try await PostgresConnection.open(server)
    do {
        try await connection.execute(
            Statement("lock", "SELECT pg_advisory_lock(hashtext('baton test template'))"), timeout: .seconds(50))
        let known = try await connection.query(
            Statement("known", "SELECT FROM pg_database WHERE datname = $1"), [.text(name)])
        if known.isEmpty {
            // Renamed only when it is whole: who made it may be killed meanwhile.
            var settings = server
            settings.database = "\(name)_draft"
            try await connection.script("clear", "DROP DATABASE IF EXISTS \(name)_draft WITH (FORCE)")
            try await connection.script(
                "create", "CREATE DATABASE \(name)_draft TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
            try await Migrator(settings).migrate()
            try await connection.script("rename", "ALTER DATABASE \(name)_draft RENAME TO \(name)")
        }
        await connection.close()
    } catch {
        await connection.close()
        throw error
    }
    return name
}

/// Runs one statement on the server's own database, over a connection of its own.
package func administer(_ server: PostgresSettings, _ sql: String, timeout: Duration = .seconds(50)) async throws {
    let connection = try await PostgresConnection.open(server)
    do {
        try await connection.script("administer", sql, timeout: timeout)
        await connection.close()
    } catch {
        await connection.close()
        throw error
    }
}
