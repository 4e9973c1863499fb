import Contracts
import Engine

/// What a dispatcher has to know of a message beside what the engine makes of it.
extension InboundMessage {
    /// Whether a person has decided, signalled or controlled something.
    var isOfPeople: Bool {
        switch envelope.type {
        case .approvalDecided, .signalReceived, .controlCancel, .controlPause, .controlResume, .controlRetry,
            .controlUndo,
            .controlSkip:
            true
        default: false
        }
    }

    /// Whether nothing comes of a message that is recorded nowhere: of a copy that is behind its row that says nothing.
    func mayHaveMissed(_ decision: Decision) -> Bool {
        guard decision.events.isEmpty, !decision.isKnown else { return false }
        switch envelope.type {
        case .taskWake, .taskDispatched: return true
        // It comes often, to workflows that wait for room; those only wait.
        case .workflowWake: return wire.deliveryCount > 0 || decision.ready.isEmpty && decision.slot == nil
        default: return false
        }
    }

    var isWake: Bool { envelope.type == .workflowWake || envelope.type == .taskWake }
}
