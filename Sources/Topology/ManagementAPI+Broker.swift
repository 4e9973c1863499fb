package import AMQP

extension ManagementAPI {
    /// The way into a virtual host by AMQP, as the same user and on the same machine.
    package func brokerSettings(virtualHost: String) async throws(ManagementError) -> AMQPSettings {
        let listeners = try await get("overview")?["listeners"]?.array ?? []
        func port(_ protocols: String...) -> Int? {
            listeners.first { protocols.contains($0["protocol"]?.string ?? "") }?["port"]?.int
        }
        var broker = AMQPSettings()
        broker.host = settings.address.host ?? "localhost"
        if let port = port("amqp") {
            broker.port = port
        } else if let port = port("amqp/ssl", "amqps") {
            (broker.port, broker.tls) = (port, AMQPSettings.TLS())
        } else {
            throw ManagementError(
                code: .refused, operation: "looking for AMQP", detail: "the broker has no AMQP listener")
        }
        (broker.virtualHost, broker.user, broker.password) = (virtualHost, settings.user, settings.password)
        broker.connectionName = "baton topology"
        return broker
    }
}
