package import AMQP
import Contracts
import JSON

/// A message that was given up on, as it lies in the dead-letter queue.
package struct DeadLetter: Sendable {
    /// Twelve hexadecimal digits, the same at each look.
    package let id: String
    /// The queue it died in; `nil` when its headers do not tell.
    package let queue: String?
    /// The exchange and the routing key it was published with.
    package let exchange: String
    package let routingKey: String
    /// A code: of the process that gave it up, else of the broker (`delivery_limit`, `rejected`, `expired` …).
    package let reason: String
    /// The place in the body, as a JSON Pointer, and the reason in words; only from a process of ours.
    package let reasonPointer: String?
    package let reasonMessage: String?
    /// Seconds since the epoch: when the broker gave it up, else when it was published.
    package let time: UInt64?
    /// Who sent it; the broker has checked it.
    package let sender: String?
    package let delivery: Delivery

    package init(_ delivery: Delivery) {
        let headers = delivery.properties.headers
        let death = Death(headers["x-death"])
        self.delivery = delivery
        queue = headers[DeadLetterHeader.queue]?.string ?? death?.queue
        exchange = headers[DeadLetterHeader.exchange]?.string ?? death?.exchange ?? delivery.exchange
        routingKey = headers[DeadLetterHeader.routingKey]?.string ?? death?.routingKey ?? delivery.routingKey
        reason = headers[DeadLetterHeader.reason]?.string ?? death?.reason ?? "unknown"
        reasonPointer = headers[DeadLetterHeader.pointer]?.string
        reasonMessage = headers[DeadLetterHeader.message]?.string
        time = death?.time ?? delivery.properties.timestamp
        sender = headers["x-baton-user"]?.string ?? delivery.properties.userID
        let name = [queue ?? "", exchange, routingKey, delivery.properties.messageID ?? ""].joined(separator: "\0")
        id = String(SHA256.hex(Array(name.utf8) + [0] + delivery.body).prefix(12))
    }

    /// Whether a person who writes this means this message.
    package func isNamed(_ name: String) -> Bool { name == id || name == delivery.properties.messageID }

    /// An order is not given to an executor again behind the dispatcher's back: a person's `retry` makes a new attempt.
    package var isOrder: Bool { routingKey.hasPrefix("task.dispatched.") }

    /// The same message for the queue it died in alone, without what the broker and its reader wrote on it.
    ///
    /// Where it was published stays in its headers: by the default exchange its routing key is the queue's name.
    package var replay: Message? {
        guard let queue, !isOrder else { return nil }
        var properties = delivery.properties
        properties.headers = properties.headers.filter { !Self.isMark($0.key) }
        properties.headers[DeadLetterHeader.exchange] = .string(exchange)
        properties.headers[DeadLetterHeader.routingKey] = .string(routingKey)
        properties.userID = sender
        properties.isPersistent = true
        return Message(exchange: "", routingKey: queue, properties: properties, body: delivery.body)
    }

    private static func isMark(_ header: String) -> Bool {
        let prefixes = [
            "x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count", "x-baton-",
        ]
        return prefixes.contains { header.hasPrefix($0) }
    }
}

extension DeadLetter {
    /// The newest entry of the header `x-death`.
    private struct Death {
        var queue: String?
        var exchange: String?
        var routingKey: String?
        var reason: String?
        var time: UInt64?

        init?(_ header: HeaderValue?) {
            guard case .array(let entries)? = header, case .table(let entry)? = entries.first else { return nil }
            (queue, exchange, reason) = (entry["queue"]?.string, entry["exchange"]?.string, entry["reason"]?.string)
            if case .array(let keys)? = entry["routing-keys"] { routingKey = keys.first?.string }
            if case .timestamp(let seconds)? = entry["time"] { time = seconds }
        }
    }
}
