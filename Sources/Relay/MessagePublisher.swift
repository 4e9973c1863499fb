package import AMQP

/// Where messages go out: a broker's ``Publisher``, as far as the processes need it.
package protocol MessagePublisher: Sendable {
    /// - Returns: the broker's answer to each message, in their order.
    func publish(_ messages: [Message]) async -> [Confirmation]
}

extension Publisher: MessagePublisher {}
