/// What went wrong between this process and the broker.
package struct AMQPError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        /// The connection could not be made, or ended. What was under way may have happened or not.
        case connectionLost
        /// The broker closed the channel, for a reason that may pass (a locked queue, an error of its own).
        case channelLost
        /// The broker, or the settings, say no: asking again in the same way is of no use.
        case refused
        /// No answer came before the deadline. What was asked may still happen.
        case timedOut
        /// The broker did not take a message over (`basic.nack`).
        case nacked
        /// The task that waited was cancelled. What was asked may still happen.
        case cancelled
        /// This end was closed.
        case closed
    }

    package var code: Code
    /// The protocol's name for what was running, such as `queue.declare`.
    package var operation: String
    /// The broker's or the library's own words.
    package var detail: String

    package var isRetriable: Bool { code != .refused && code != .closed }

    package init(_ code: Code, _ operation: String, _ detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }
}

extension AMQPError: CustomStringConvertible {
    package var description: String { "\(operation): \(detail) (\(code.rawValue))" }
}

extension AMQPError {
    static let closedHere = AMQPError(.closed, "connection.close", "closed by this process")

    /// What the broker gave as its reason for closing a channel or the connection.
    init(closing operation: String, replyCode: UInt16, text: String) {
        let code: Code =
            switch replyCode {
            case 311, 402, 403, 404, 406, 530: .refused
            default: operation == "connection.close" ? .connectionLost : .channelLost
            }
        self.init(code, operation, "\(replyCode) \(text)")
    }
}
