package import Contracts
package import JSON

/// An event as the history keeps it.
package struct RecordedEvent: Sendable {
    package var id: MessageID
    package var seq: Int
    package var type: MessageType
    package var data: JSONValue
    package var causation: MessageID?
    package var actor: String
    package var recordedAt: Timestamp
    /// Whether we published it; what came from the broker was not.
    package var isPublished: Bool

    package init(
        id: MessageID, seq: Int, type: MessageType, data: JSONValue, causation: MessageID?, actor: String,
        recordedAt: Timestamp, isPublished: Bool
    ) {
        self.id = id
        self.seq = seq
        self.type = type
        self.data = data
        self.causation = causation
        self.actor = actor
        self.recordedAt = recordedAt
        self.isPublished = isPublished
    }
}

/// A history that no workflow can have.
package struct HistoryError: Error, Equatable, Sendable {
    package var seq: Int
    package var message: String
}

extension WorkflowState {
    /// The state that a history makes, leases aside: what its rows have to say.
    ///
    /// - Parameter history: in the order of `seq`.
    package static func rebuilt(id: WorkflowID, from history: [RecordedEvent]) throws(HistoryError) -> WorkflowState {
        var state = WorkflowState(id: id)
        for (index, event) in history.enumerated() {
            guard event.seq == index + 1 else {
                throw HistoryError(seq: event.seq, message: "event \(event.seq) stands in place \(index + 1)")
            }
            guard index > 0 || event.type == .workflowCreated || event.data["child"] != nil else {
                throw HistoryError(
                    seq: 1, message: "a history begins with workflow.created, not \(event.type.rawValue)")
            }
            let body: Body
            do {
                body = try Body(event.type, event.data)
            } catch {
                throw HistoryError(seq: event.seq, message: "\(event.type.rawValue) is not as the contract has it")
            }
            let next = index + 1 < history.count ? history[index + 1] : nil
            state.apply(
                Event(
                    id: event.id, seq: event.seq, body: body, causation: event.causation ?? event.id,
                    actor: event.actor, recordedAt: event.recordedAt,
                    isStale: !event.isPublished && state.isStale(body, event, before: next)))
        }
        return state
    }

    /// Whether a message changed nothing when it was taken: what it said was not of the run that held its attempt, or
    /// was not accepted, as our own word on it shows that follows.
    private func isStale(_ body: Body, _ event: RecordedEvent, before next: RecordedEvent?) -> Bool {
        switch body {
        case .taskStarted(let body):
            guard let index = indices[body.taskID] else { return true }
            let isAgain =
                tasks[index].status == .running
                && tasks[index].isRun(of: body.executor, delivery: body.delivery, attempt: body.attempt)
            return isAgain
                || !holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery)
        case .taskCompleted(let body):
            guard let index = indices[body.taskID] else { return true }
            if let next, next.type == .taskFailed, next.isPublished, next.causation == event.id,
                next.data["task_id"]?.string == body.taskID.text
            {
                return true
            }
            return !holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery)
        case .taskFailed(let body):
            guard let index = indices[body.taskID] else { return true }
            return !holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery)
        default: return false
        }
    }
}
