import JSON

/// What exists on a broker now, as far as it concerns one virtual host.
package struct BrokerState: Sendable {
    package struct Queue: Sendable {
        package var queue: Topology.Queue
        /// Ready and unacknowledged, as of the broker's last statistics: up to 5 s old.
        package var messages: Int
        package var consumers = 0
    }

    package struct User: Sendable, Equatable {
        package var tags: [String]
        var passwordHash: String
        var hashingAlgorithm: String
    }

    package var version: String
    package var address: String
    /// The user these facts were read as.
    package var actingUser: String
    package var exchangeTypes: Set<String>
    package var hasVirtualHost = false
    /// Durable ones, but the broker's own (`amq.…`).
    package var exchanges: [String: Topology.Exchange] = [:]
    /// Durable ones; an exclusive queue belongs to whoever made it.
    package var queues: [String: Queue] = [:]
    /// Between those.
    package var bindings: [Topology.Binding] = []
    package var policies: [String: Topology.Policy] = [:]
    /// Of the whole broker.
    package var users: [String: User] = [:]
    package var permissions: [String: Topology.Permissions] = [:]
    /// By user and exchange.
    package var topicPermissions: [String: [String: Topology.TopicPermission]] = [:]
}
