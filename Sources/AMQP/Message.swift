/// A value in a message's headers, or an argument of a queue.
package indirect enum HeaderValue: Sendable, Hashable {
    case string(String)
    case int(Int64)
    case bool(Bool)
    case double(Double)
    case bytes([UInt8])
    /// Seconds since the epoch.
    case timestamp(UInt64)
    case array([HeaderValue])
    case table([String: HeaderValue])
    /// Also what stands for a value that was nested deeper than ``maximumDepth``, or is of no type known here.
    case null

    /// How deep tables and arrays may be nested; RabbitMQ's own `x-death` needs three.
    package static let maximumDepth = 8
}

extension HeaderValue {
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var int: Int64? { if case .int(let value) = self { value } else { nil } }
}

package struct MessageProperties: Sendable, Equatable {
    package var contentType: String?
    package var contentEncoding: String?
    package var correlationID: String?
    package var replyTo: String?
    package var messageID: String?
    package var type: String?
    /// Seconds since the epoch.
    package var timestamp: UInt64?
    /// The broker refuses any but the connection's own; ``Publisher`` sets it.
    package var userID: String?
    package var appID: String?
    /// Milliseconds, as a number in text.
    package var expiration: String?
    package var priority: UInt8?
    package var isPersistent: Bool
    package var headers: [String: HeaderValue]

    package init(
        contentType: String? = nil, contentEncoding: String? = nil, correlationID: String? = nil,
        replyTo: String? = nil, messageID: String? = nil, type: String? = nil, timestamp: UInt64? = nil,
        userID: String? = nil, appID: String? = nil, expiration: String? = nil, priority: UInt8? = nil,
        isPersistent: Bool = true, headers: [String: HeaderValue] = [:]
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.messageID = messageID
        self.type = type
        self.timestamp = timestamp
        self.userID = userID
        self.appID = appID
        self.expiration = expiration
        self.priority = priority
        self.isPersistent = isPersistent
        self.headers = headers
    }
}

/// A message on its way to the broker.
package struct Message: Sendable {
    package var exchange: String
    package var routingKey: String
    package var properties: MessageProperties
    package var body: [UInt8]
    /// Whether it comes back when no queue is bound for it. It is matched by its `messageID`; without one it gets one.
    package var isMandatory: Bool

    package init(
        exchange: String, routingKey: String, properties: MessageProperties = MessageProperties(), body: [UInt8],
        isMandatory: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.isMandatory = isMandatory
    }
}

/// What became of a message that was published.
package enum Confirmation: Sendable, Equatable {
    /// Every queue it was routed to has it.
    case confirmed
    /// No queue is bound for it; `text` names exchange and key.
    case returned(code: Int, text: String)
    /// It may have arrived or not: publish it again, unless the error is not retriable.
    case unknown(AMQPError)
}
