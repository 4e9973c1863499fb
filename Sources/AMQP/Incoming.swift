/// What the broker says, decoded and copied.
enum Incoming: Sendable {
    case delivery(channel: UInt16, Content)
    case returned(channel: UInt16, code: UInt16, text: String, Content)
    /// `basic.ack`, or `basic.nack` when not taken.
    case confirm(channel: UInt16, tag: UInt64, isMultiple: Bool, isTaken: Bool)
    /// The queue of a consumer is gone.
    case consumerCancelled(channel: UInt16)
    case reply(channel: UInt16, method: UInt32, Reply)
    case channelClosed(channel: UInt16, AMQPError)
    case connectionClosed(AMQPError)
    case blocked(reason: String)
    case unblocked

    /// A message as it arrives: the method, the header, and then the body in pieces.
    struct Content: Sendable {
        var tag: UInt64 = 0
        var isRedelivered = false
        var exchange = ""
        var routingKey = ""
        var properties = MessageProperties()
        var body: [UInt8] = []
    }

    enum Reply: Sendable {
        case done
        case queue(QueueStatus)
        case count(Int)
        case message(Content)
    }
}
