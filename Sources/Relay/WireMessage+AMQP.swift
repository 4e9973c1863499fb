package import AMQP
package import Contracts
package import Handover

extension WireMessage {
    /// A message as it was delivered; headers that are no strings stay behind.
    ///
    /// A dead letter that was replayed comes straight to its queue, by the default exchange, which producers and executors
    /// cannot write to: it says itself where it was first published.
    package init(_ delivery: Delivery) {
        let properties = delivery.properties
        let replayed = delivery.exchange.isEmpty ? properties.headers : [:]
        self.init(
            exchange: replayed[DeadLetterHeader.exchange]?.string ?? delivery.exchange,
            routingKey: replayed[DeadLetterHeader.routingKey]?.string ?? delivery.routingKey,
            contentType: properties.contentType,
            messageID: properties.messageID, type: properties.type, correlationID: properties.correlationID,
            replyTo: properties.replyTo, userID: properties.userID, appID: properties.appID,
            timestamp: properties.timestamp.map { Int64(clamping: $0) },
            headers: properties.headers.compactMapValues(\.string), body: delivery.body,
            deliveryCount: delivery.deliveryCount, isRedelivered: delivery.isRedelivered)
    }
}

extension Message {
    /// A message to publish; the publisher adds its user.
    package init(_ wire: WireMessage, isMandatory: Bool = true) {
        self.init(
            exchange: wire.exchange, routingKey: wire.routingKey,
            properties: MessageProperties(
                contentType: wire.contentType, correlationID: wire.correlationID, replyTo: wire.replyTo,
                messageID: wire.messageID, type: wire.type, timestamp: wire.timestamp.map { UInt64(clamping: $0) },
                appID: wire.appID, headers: wire.headers.mapValues { .string($0) }),
            body: wire.body, isMandatory: isMandatory)
    }

    /// A message given up on, as it came, with the reason and where it came from in its headers.
    ///
    /// - Parameter routingKey: `dead.` and the queue's name when it is left out.
    package init(deadLetter delivery: Delivery, _ reason: Reason, routingKey: String? = nil) {
        let route = Route.dead(queue: delivery.queue)
        var properties = delivery.properties
        properties.userID = nil  // the broker takes our own only; who sent it stays on record
        properties.headers["x-baton-user"] = delivery.properties.userID.map { .string($0) }
        properties.headers[DeadLetterHeader.reason] = .string(reason.code)
        properties.headers[DeadLetterHeader.pointer] = .string(reason.pointer)
        properties.headers[DeadLetterHeader.message] = .string(reason.message)
        properties.headers[DeadLetterHeader.queue] = .string(delivery.queue)
        properties.headers[DeadLetterHeader.exchange] = .string(delivery.exchange)
        properties.headers[DeadLetterHeader.routingKey] = .string(delivery.routingKey)
        properties.isPersistent = true
        self.init(
            exchange: route.exchange.rawValue, routingKey: routingKey ?? route.key, properties: properties,
            body: delivery.body)
    }
}
