import Contracts

/// What comes of a task that has failed for good.
extension WorkflowState {
    /// Notes which tasks stand in for one of the plan.
    mutating func relate(_ index: Int) {
        if case .run(let name) = planned(index).onFailure, let handler = indices[name] {
            tasks[handler].handles.append(index)
        }
        if let undo = planned(index).undo.flatMap({ indices[$0] }) { tasks[undo].undoes = index }
    }

    /// Whether a failed task is no failure to what needs it, nor to its workflow.
    func isHandled(_ index: Int) -> Bool {
        switch planned(index).onFailure {
        case .continue: true
        case .run(let handler): task(handler)?.status == .succeeded
        case .fail, .pause: false
        }
    }

    /// A task that would have handled failures, and was skipped because there were none, holds nobody up.
    func isIdleHandler(_ index: Int) -> Bool {
        !tasks[index].handles.isEmpty && !hasFailureToHandle(index)
    }

    func hasFailureToHandle(_ index: Int) -> Bool { tasks[index].handles.contains { tasks[$0].status == .failed } }

    /// Holds the workflow when a task has failed that asks for it. What needs the task waits until a person has said
    /// what is to become of it: `retry`, `skip`, or `resume`, and then it is a failure like any other.
    mutating func pauseIfAsked(_ index: Int, _ turn: inout Turn) {
        guard tasks[index].status == .failed, planned(index).onFailure == .pause, status != .paused else { return }
        let reason = "\(tasks[index].id) failed: \(tasks[index].error?.message ?? "it does not say why")"
        let body = WorkflowPaused(
            workflowID: id, actor: Actor(id: "dispatcher"), reason: String(reason.prefix(2000)),
            taskID: tasks[index].id)
        emit(.workflowPaused(body), Publication(route: body.route), &turn)
    }
}
