/// A message that the broker has handed to us, ours until it is settled or its channel is lost.
package struct Delivery: Sendable {
    package var queue: String
    /// Numbers the deliveries of one channel.
    package var tag: UInt64
    /// Names that channel: no other of this process ever has the same.
    package var epoch: UInt64
    package var exchange: String
    package var routingKey: String
    /// May be false for one that was handled before (single active consumer, pitfalls of RabbitMQ).
    package var isRedelivered: Bool
    package var properties: MessageProperties
    package var body: [UInt8]

    package init(
        queue: String, tag: UInt64, epoch: UInt64, exchange: String, routingKey: String, isRedelivered: Bool,
        properties: MessageProperties, body: [UInt8]
    ) {
        self.queue = queue
        self.tag = tag
        self.epoch = epoch
        self.exchange = exchange
        self.routingKey = routingKey
        self.isRedelivered = isRedelivered
        self.properties = properties
        self.body = body
    }

    /// How often it was handed out before, as far as a quorum queue counts that.
    package var deliveryCount: Int {
        let count = properties.headers["x-acquired-count"] ?? properties.headers["x-delivery-count"]
        return Int(clamping: count?.int ?? 0)
    }
}

/// Which queue to consume, and whether it is ours alone.
package struct Subscription: Sendable, Equatable {
    package struct Binding: Sendable, Equatable {
        package var exchange: String
        package var key: String
        package init(exchange: String, key: String) {
            self.exchange = exchange
            self.key = key
        }
    }

    package let queue: String
    /// For a queue of our own: it is declared exclusive and bound at each connect, and goes when we go.
    let bindings: [Binding]?
    let arguments: [String: HeaderValue]

    /// A queue that exists.
    package static func queue(_ name: String) -> Subscription {
        Subscription(queue: name, bindings: nil, arguments: [:])
    }

    /// A queue that exists as long as this connection does.
    package static func exclusive(
        name: String, bindings: [(exchange: String, key: String)] = [], arguments: [String: HeaderValue] = [:]
    ) -> Subscription {
        Subscription(
            queue: name, bindings: bindings.map { Binding(exchange: $0.exchange, key: $0.key) }, arguments: arguments)
    }
}
