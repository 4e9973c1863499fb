import AMQP
import ArgumentParser
import Foundation
import LocalServers
import Logging
import Objects
import Postgres
import Store

/// Where a command finds the broker, the database and the object store.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the `baton dev` that is meant.",
            discussion:
                "Without it BATON_AMQP_URL, BATON_DATABASE_URL and BATON_OBJECTS count, then the one that runs here."))
    var data: String?

    // Inlined into an asynchronous function, either of these two crashes the optimizer of Swift 6.3.1 (LLVM's
    // CoroSplit, in emitSetAndGetSwiftErrorValueAround); a debug build never shows it.
    @inline(never)
    func broker() throws -> AMQPSettings {
        var settings = try AMQPSettings(url: setting("BATON_AMQP_URL"))
        settings.connectionName = "baton command line"
        // Somebody sits and waits.
        (settings.connectTimeout, settings.callTimeout) = (.seconds(5), .seconds(10))
        return settings
    }

    @inline(never)
    func database() throws -> PostgresSettings {
        var settings = try PostgresSettings(url: setting("BATON_DATABASE_URL"))
        settings.applicationName = "baton command line"
        return settings
    }

    /// Lends a store for the length of a command.
    func withStore<Value>(_ body: (Store) async throws -> Value) async throws -> Value {
        let pool = PostgresPool(try database(), limit: 2, logger: .silent)
        do {
            let value = try await body(Store(pool))
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }

    /// `nil` where none is configured: only large results lie there.
    func objects() throws -> (any ObjectStore)? {
        guard let url = try? setting("BATON_OBJECTS") else { return nil }
        return try ObjectStores.open(url)
    }

    /// Whether there is a database to ask.
    var hasDatabase: Bool { (try? setting("BATON_DATABASE_URL")) != nil }

    /// The broker's management API, where there is one to ask.
    var management: String? { try? setting("BATON_MANAGEMENT_URL") }

    private func setting(_ name: String) throws -> String {
        if data == nil, let value = ProcessInfo.processInfo.environment[name], !value.isEmpty { return value }
        let state = try DevState.find(data: data)
        guard let value = state.settings[name] else {
            throw CommandFailure(
                ExitStatus.unavailable, "the baton dev in \(state.data) is not ready yet, or runs its servers only")
        }
        return value
    }
}

/// Whose definitions, skills and workflows.
struct WorkspaceOption: ParsableArguments {
    @Option(help: "Whose it is: request ids, definitions and skills are unique in a workspace.")
    var workspace = "default"
}

extension Logger {
    /// The command line tells people itself what they need to know.
    static let silent = Logger(label: "baton") { _ in SwiftLogNoOpLogHandler() }
}
