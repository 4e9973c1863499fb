package import Contracts
import JSON

/// At most so many workflows with one key run at once. The slots are rows: the engine asks for one, and is told.
extension WorkflowState {
    package var waitsForSlot: Bool { slotKey != nil && extra.slot == nil && exists && !isTerminal }

    /// It has ended, and gives back whatever slot it has, also one that it does not know of.
    package var hasDoneWithSlot: Bool { slotKey != nil && isTerminal }

    /// Asks the shell for a slot, if one is needed.
    func askForSlot(_ turn: inout Turn) {
        guard waitsForSlot, status == .queued, let slotKey, let concurrency = plan.concurrency else { return }
        turn.decision.slot = SlotRequest(key: slotKey, limit: concurrency.limit)
    }

    /// The workflow has a slot.
    ///
    /// - Parameter causation: the message in hand that made it ask.
    package mutating func grantSlot(_ slot: Int, causation: MessageID, now: Timestamp) -> Decision {
        var turn = Turn(causation: causation, now: now)
        guard waitsForSlot, let slotKey else { return turn.decision }
        emit(.slotGranted(SlotGranted(workflowID: id, key: slotKey, slot: slot)), nil, &turn)
        release(&turn)
        settle(&turn)
        return turn.decision
    }

    /// Shared by all workflows of the workspace that name the same key.
    func evaluateSlotKey() throws(ExpressionError) -> String? {
        guard let concurrency = plan.concurrency, let header else { return nil }
        var evaluator = Evaluator(scope: scope(nil))
        let value = try JSONValue.string(concurrency.key).resolved(&evaluator, at: "/concurrency/key")
        let key = evaluator.text(of: value)
        guard (1...400).contains(key.count) else {
            throw ExpressionError(
                code: .type, message: "a key has 1 to 400 characters, not \(key.count)", offset: 0,
                path: "/concurrency/key")
        }
        return "\(header.workspace)/\(key)"
    }
}

/// A slot that a workflow waits for.
package struct SlotRequest: Sendable, Hashable {
    package var key: String
    package var limit: Int

    package init(key: String, limit: Int) {
        self.key = key
        self.limit = limit
    }
}
