package import Contracts
package import Handover

/// What a process makes of the messages it consumes; everything else about them is the ``Relay``'s.
package protocol MessageHandler: Sendable {
    /// Decides about a batch and commits what it led to, in one transaction where there is one.
    ///
    /// It may be called again with the same messages: after a crash, a lost commit, a lost channel.
    ///
    /// - Parameter batch: in the broker's order; at most the relay's batch limit.
    /// - Returns: an outcome for each message; one without is handed in again.
    /// - Throws: ``HandlingFailure/unavailable`` to be called again later with the same batch, or
    ///   ``HandlingFailure/refused(_:)`` to be called with each message alone.
    func handle(_ batch: [Received]) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>]
}

/// A delivered message.
package struct Received: Identifiable, Sendable {
    /// Unique within the process.
    package let id: UInt64
    package let queue: String
    package let message: WireMessage

    package init(id: UInt64, queue: String, message: WireMessage) {
        self.id = id
        self.queue = queue
        self.message = message
    }
}
