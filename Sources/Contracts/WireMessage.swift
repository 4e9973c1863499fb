/// A message as it is on the broker: what of AMQP's properties we use, string headers and the body.
package struct WireMessage: Sendable, Equatable {
    /// Empty for the broker's own exchange.
    package var exchange: String
    package var routingKey: String
    package var contentType: String?
    package var messageID: String?
    package var type: String?
    package var correlationID: String?
    package var replyTo: String?
    /// The user who published it; the broker has checked it.
    package var userID: String?
    package var appID: String?
    /// In seconds since 1970, as AMQP has it.
    package var timestamp: Int64?
    /// Those whose value is a string.
    package var headers: [String: String]
    package var body: [UInt8]
    /// How often it was handed out before; the broker's count.
    package var deliveryCount: Int
    package var isRedelivered: Bool

    package init(
        exchange: String, routingKey: String, contentType: String? = nil, messageID: String? = nil,
        type: String? = nil, correlationID: String? = nil, replyTo: String? = nil, userID: String? = nil,
        appID: String? = nil, timestamp: Int64? = nil, headers: [String: String] = [:], body: [UInt8],
        deliveryCount: Int = 0, isRedelivered: Bool = false
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.contentType = contentType
        self.messageID = messageID
        self.type = type
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.userID = userID
        self.appID = appID
        self.timestamp = timestamp
        self.headers = headers
        self.body = body
        self.deliveryCount = deliveryCount
        self.isRedelivered = isRedelivered
    }
}
