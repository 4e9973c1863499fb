/// What a handler made of one message, once everything behind it is committed.
package enum Outcome<Message: Sendable>: Sendable {
    /// To be acked when all of these are confirmed.
    case done([Outgoing<Message>])
    /// To be published to the dead-letter exchange with its reason, beside what its sender is told, then acked.
    case deadLetter(Reason, telling: [Outgoing<Message>] = [])
}

/// A message that a handled one has caused.
package struct Outgoing<Message: Sendable>: Sendable {
    /// What to do when the broker returns it because no queue is bound to its key.
    package enum IfReturned: Sendable {
        /// A route is missing that has to exist: tried again until it does.
        case tryAgain
        /// A courtesy: nobody listens, nobody misses it.
        case drop
        /// The news that nobody takes it, for those who have to know.
        case publishInstead(Message)
    }

    package var message: Message
    package var ifReturned: IfReturned

    package init(_ message: Message, ifReturned: IfReturned = .tryAgain) {
        self.message = message
        self.ifReturned = ifReturned
    }
}

/// Why a message was given up on; travels in the headers of the dead letter.
package struct Reason: Hashable, Sendable {
    /// For programs: `not_json`, `contract`, `unknown_workflow` …
    package var code: String
    /// The JSON Pointer of the place; empty for the whole.
    package var pointer: String
    /// For people.
    package var message: String

    package init(code: String, pointer: String = "", message: String) {
        self.code = code
        self.pointer = pointer
        self.message = message
    }
}

/// Why a batch could not be handled.
package enum HandlingFailure: Error, Sendable {
    /// The world is away (database, network): the same batch is tried again.
    case unavailable
    /// Something in the batch cannot be handled: trying it again as it is leads nowhere.
    case refused(Reason)
}

/// The broker's answer to one publish.
package enum PublishResult: Sendable {
    case confirmed
    /// No queue took it.
    case returned
    /// No answer, a nack, a lost connection: it may have been taken or not.
    case unknown
}
