package import AMQP
import Foundation

/// A virtual host of the shared broker, for one test.
package struct Broker: Sendable {
    /// As a user who may do everything in it.
    package let settings: AMQPSettings
    package let management: Management

    package var virtualHost: String { settings.virtualHost }
}

/// Lends a virtual host of its own to `body`, and removes it with all that is in it, also when `body` throws.
///
/// The broker is named by `BATON_TEST_AMQP_URL` and `BATON_TEST_MANAGEMENT_URL`.
package func withVirtualHost<Result>(
    _ body: (Broker) async throws -> Result
) async throws -> Result {
    var settings = try AMQPSettings(url: try TestServers.url("BATON_TEST_AMQP_URL"))
    let management = try Management(url: try TestServers.url("BATON_TEST_MANAGEMENT_URL"))
    settings.virtualHost = "test-\(UUID().uuidString.lowercased())"
    settings.callTimeout = .seconds(20)
    settings.connectionName = settings.virtualHost
    let host = Management.encoded(settings.virtualHost)
    try await management.send("PUT", "/api/vhosts/\(host)")
    do {
        try await management.send(
            "PUT", "/api/permissions/\(host)/\(Management.encoded(settings.user))",
            ["configure": ".*", "write": ".*", "read": ".*"])
        let result = try await body(Broker(settings: settings, management: management))
        try await management.send("DELETE", "/api/vhosts/\(host)")
        return result
    } catch {
        _ = try? await management.send("DELETE", "/api/vhosts/\(host)")
        throw error
    }
}

extension AdminConnection {
    /// A quorum queue says how much it holds a moment after it has taken an ack.
    package nonisolated func wait(untilQueue name: String, holds count: Int) async throws {
        while try await status(ofQueue: name)?.messages != count { try Task.checkCancellation() }
    }
}
