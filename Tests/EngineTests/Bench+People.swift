import Contracts
import Engine
import JSON
import Testing

/// People at the bench.
extension Bench {
    mutating func decide(
        _ task: String, _ decision: ApprovalDecision, by actor: String = "ada", roles: [String] = ["deployer"],
        modifications: JSONValue? = nil, comment: String? = nil, attempt: Int? = nil
    ) {
        take(
            .decided(
                ApprovalDecided(
                    workflowID: id, taskID: TaskID(task)!, attempt: attempt, decision: decision,
                    modifications: modifications, actor: Actor(id: actor, roles: roles), comment: comment)),
            actor: actor)
    }

    mutating func signal(_ name: String, _ payload: JSONValue? = nil) {
        take(
            .signal(SignalReceived(workflowID: id, name: SignalName(name)!, payload: payload, actor: Actor(id: "ada"))))
    }

    mutating func pause() { take(.pause(ControlPause(workflowID: id, actor: Actor(id: "ada"), reason: "lunch"))) }
    mutating func resume() { take(.resume(ControlResume(workflowID: id, actor: Actor(id: "ada")))) }

    mutating func retry(_ task: String? = nil, input: JSONValue? = nil) {
        take(
            .retry(
                ControlRetry(workflowID: id, taskID: task.map { TaskID($0)! }, input: input, actor: Actor(id: "ada"))),
            actor: "ada")
    }

    mutating func skip(_ task: String? = nil) {
        take(.skip(ControlSkip(workflowID: id, taskID: task.map { TaskID($0)! }, actor: Actor(id: "ada"))))
    }

    mutating func cancel(task: String) {
        take(.cancel(ControlCancel(workflowID: id, taskID: TaskID(task)!, actor: Actor(id: "ada"))))
    }

    mutating func grantSlot(_ slot: Int) {
        keep(state.grantSlot(slot, causation: MessageID("slot\(history.count)")!, now: now))
    }

    /// Why the last message was refused, with its message.
    var refusal: String? { decision.refusal.map { "\($0.problem.code): \($0.problem.message)" } }

    /// Folding the history, reading the rows back and reading the history as it is recorded all give this state.
    func checkRebuilding() throws {
        #expect(WorkflowState.replayed(history, id: id).withoutLeases == state.withoutLeases)
        #expect(try state.reloaded().rows == state.rows)
        let recorded = try history.map { try RecordedEvent($0) }
        #expect(try WorkflowState.rebuilt(id: id, from: recorded).withoutLeases == state.withoutLeases)
        var checker = HistoryChecker(state.plan)
        for event in history { checker.check(event) }
        #expect(checker.violations == [])
    }
}
