package import JSON

/// A message that is not what the contract says: it goes to the dead-letter queue with this as the reason.
package struct ContractViolation: Error, Hashable, Sendable {
    package enum Code: String, Sendable, CaseIterable {
        /// Not RFC 8259, bad UTF-8, a member twice.
        case notJSON = "not_json"
        /// The body, its depth or its keys pass a limit.
        case tooLarge = "too_large"
        case tooDeep = "too_deep"
        case tooManyKeys = "too_many_keys"
        /// JSON, but not what the schema says.
        case invalid = "contract"
        /// The envelope lacks something or contradicts itself.
        case envelope = "envelope"
        case unknownType = "unknown_type"
        /// `correlation_id` and the workflow of the data differ.
        case correlation = "correlation_mismatch"
        /// The routing key, the data or the user speak for different domains.
        case domain = "domain_mismatch"
    }

    package var code: Code
    /// The place in the data; the root for one in the envelope.
    package var pointer: JSONPointer
    /// For people; at most 500 characters.
    package var message: String

    package init(_ code: Code, at pointer: JSONPointer = .root, _ message: String) {
        self.code = code
        self.pointer = pointer
        self.message = String(message.prefix(500))
    }

    /// What the sender is told.
    package var problem: Problem { Problem(path: pointer.text, code: code.rawValue, message: message) }
}

extension ContractViolation: CustomStringConvertible {
    package var description: String { pointer.isRoot ? message : "\(message) (at \(pointer))" }
}

extension ContractViolation {
    init(_ error: JSONError) {
        let code: Code =
            switch error.code {
            case .tooLarge: .tooLarge
            case .tooDeep: .tooDeep
            case .tooManyKeys: .tooManyKeys
            default: .notJSON
            }
        self.init(code, at: error.pointer, "\(error.message) (line \(error.line), column \(error.column))")
    }

    init(_ error: DecodingError) { self.init(.invalid, at: error.pointer, error.reason) }
}

/// The headers of a message in the dead-letter queue that say why it lies there.
package enum DeadLetterHeader {
    /// The code, for programs.
    package static let reason = "x-baton-reason"
    /// The JSON Pointer of the place; empty for the whole.
    package static let pointer = "x-baton-reason-pointer"
    package static let message = "x-baton-reason-message"
    /// The queue it came from.
    package static let queue = "x-baton-queue"
    /// The exchange and the routing key it was first published with.
    package static let exchange = "x-baton-exchange"
    package static let routingKey = "x-baton-routing-key"
}
