import Contracts

/// One decision in the making: what has been said so far, and which tasks have ended and await their consequences.
struct Turn {
    let causation: MessageID
    let now: Timestamp
    var decision = Decision()
    var ended: [Int] = []
    /// Tasks whose needs have ended and that have been decided: two needs may end in one turn.
    var decided: Set<Int> = []

    init(causation: MessageID, now: Timestamp) {
        self.causation = causation
        self.now = now
    }
}

extension WorkflowState {
    /// Says something new: applied at once, so that what is decided next builds on it.
    mutating func emit(_ body: Body, _ publication: Publication?, isHistory: Bool = true, _ turn: inout Turn) {
        // The workflow and its seq are part of the seed: one message may cause events in several workflows, and more
        // than once in one of them.
        let seed = MessageID(unchecked: "\(turn.causation)/\(id)/\(seq)")
        record(
            Event(
                id: .caused(by: seed, index: turn.decision.events.count, at: turn.now), seq: isHistory ? seq + 1 : nil,
                body: body, causation: turn.causation, actor: "dispatcher", recordedAt: turn.now,
                publication: publication),
            &turn)
    }

    /// Writes a message down as it came.
    mutating func record(_ input: Input, _ body: Body, isStale: Bool = false, _ turn: inout Turn) {
        record(
            Event(
                id: input.id, seq: seq + 1, body: body, causation: input.id, actor: input.actor, recordedAt: turn.now,
                isStale: isStale), &turn)
    }

    /// Takes something into the state that is neither history nor published.
    mutating func note(_ input: Input, _ body: Body, _ turn: inout Turn) {
        record(
            Event(id: input.id, seq: nil, body: body, causation: input.id, actor: input.actor, recordedAt: turn.now),
            &turn)
    }

    private mutating func record(_ event: Event, _ turn: inout Turn) {
        let index = isForeign(event.body) ? nil : event.taskID.flatMap { indices[$0] }
        let wasOut = index.map { tasks[$0].isOut } ?? false
        apply(event)
        turn.decision.events.append(event)
        if let index, tasks[index].isOut != wasOut, let domain = call(index)?.domain {
            turn.decision.orders[domain, default: 0] += wasOut ? -1 : 1
        }
    }

    /// Tells the executors of a task's domain that an attempt is not wanted.
    mutating func cancelRun(_ index: Int, attempt: Int, executor: ExecutorID?, reason: String, _ turn: inout Turn) {
        guard let domain = call(index)?.domain else {
            return cancelChild(index, attempt: attempt, reason: reason, &turn)
        }
        let body = TaskCancel(
            workflowID: id, taskID: tasks[index].id, attempt: attempt, executor: executor, reason: reason)
        emit(
            .taskCancel(body), Publication(route: .domain(.taskCancel, domain), isMandatory: false), isHistory: false,
            &turn)
    }
}
