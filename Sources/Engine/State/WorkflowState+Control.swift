import Contracts
import JSON

/// What people end early; and what they are told when their command does not apply.
extension WorkflowState {
    // MARK: Cancel

    mutating func cancel(_ body: ControlCancel, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let reason = body.reason ?? "cancelled by \(body.actor.id)"
        guard !isTerminal else { throw notApplicable("cancel it") }
        guard let task = body.taskID else {
            let isEnding = extra.ending != nil || undoTurn != nil
            record(input, .controlCancel(body), &turn)
            // Who cancels it a second time does not want to wait for what is being undone, here or in its children; a
            // parent says so when that is meant.
            let isHurried = body.child.map { $0.insists == true } ?? isEnding
            if !isEnding || isHurried { cancelAll(reason: reason, children: isHurried ? .hurry : .await, &turn) }
            if isHurried { skipUndo(&turn) }
            return
        }
        let index = try target(task)
        guard !tasks[index].status.isTerminal, isAttached(index) else { throw notApplicable("cancel it", index) }
        record(input, .controlCancel(body), &turn)
        cancel(index, reason: reason, &turn)
        turn.ended.append(index)
    }

    /// What becomes of a task's child that is under way, when the task is cancelled.
    enum Children {
        /// It is told.
        case leave
        /// It is told, and the task ends when it does: it may have something to undo.
        case await
        /// It is told to end at once.
        case hurry
    }

    /// Ends all tasks that have not ended, but for undo tasks that have not begun.
    mutating func cancelAll(reason: String, children: Children, _ turn: inout Turn) {
        let detached = tasks.indices.filter { !isAttached($0) }
        for index in detached + places {
            if tasks[index].undoes != nil, tasks[index].status == .pending { continue }
            cancel(index, reason: reason, children: children, &turn)
        }
    }

    /// Ends a task that has not ended, its instances first.
    private mutating func cancel(_ index: Int, reason: String, children: Children = .leave, _ turn: inout Turn) {
        let instances = tasks[index].instances
        for instance in instances { cancel(instance, reason: reason, children: children, &turn) }
        guard !tasks[index].status.isTerminal else { return }
        let task = tasks[index]
        let hasChild = planned(index).isChild && task.isOut
        if hasChild {
            cancelChild(index, attempt: task.attempt, reason: reason, insists: children == .hurry, &turn)
        }
        if children == .await, hasChild || instances.contains(where: { !tasks[$0].status.isTerminal }) { return }
        let call = call(index)
        let body = TaskCancelled(
            workflowID: id, taskID: task.id, attempt: endAttempt(index), reason: reason, skillID: call?.skill,
            runnerDomain: call?.domain)
        emit(.taskCancelled(body), Publication(route: body.route), &turn)
        if task.isOut, !hasChild { cancelRun(index, attempt: task.attempt, executor: nil, reason: reason, &turn) }
    }

    /// Whether a task has been cancelled, and is only waiting for its child to end.
    func isLetGo(_ index: Int) -> Bool { extra.ending != nil && tasks[index].undoes == nil }

    /// The attempt that an end without a run belongs to: the next one where the last no longer counts.
    func endAttempt(_ index: Int) -> Int {
        let task = tasks[index]
        switch task.status {
        case .pending: return task.extra.base.map { $0 + 1 } ?? task.attempt
        case .retryWait: return task.attempt + 1
        default: return task.attempt
        }
    }

    // MARK: Skip

    mutating func skip(_ body: ControlSkip, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        guard !isTerminal else { throw notApplicable("skip any of it") }
        try mayStillChange()
        let reason = body.reason ?? "skipped by \(body.actor.id)"
        var skipped = places.filter { hasEndedBadly($0) }
        if let task = body.taskID {
            let index = try target(task)
            guard isAttached(index), tasks[index].status != .succeeded, tasks[index].status != .skipped else {
                throw notApplicable("skip it", index)
            }
            skipped = [index]
        } else if skipped.isEmpty {
            throw courtesy("not_applicable", "", "no task has failed or was cancelled; allowed: \(allowed)")
        }
        record(input, .controlSkip(body), &turn)
        resumeIfPaused(for: skipped, by: body.actor, &turn)
        for index in skipped { waive(index, by: body.actor.id, reason: reason, &turn) }
        release(&turn)
    }

    /// Once it undoes what it has done, it is too late to change how it ends.
    func mayStillChange() throws(Refusal) {
        guard !isTerminal, extra.ending != nil || undoTurn != nil else { return }
        throw courtesy(
            "not_applicable", "",
            "the workflow is ending: it undoes what it has done, or waits for its children to; allowed: cancel, and retry when it has ended"
        )
    }

    /// What needs the task goes on without it, also when it had been decided already that it would not.
    private mutating func waive(_ index: Int, by actor: String, reason: String, _ turn: inout Turn) {
        let hadEnded = tasks[index].status.isTerminal
        for instance in tasks[index].instances { cancel(instance, reason: reason, &turn) }
        let wasOut = tasks[index].isOut
        let attempt = tasks[index].attempt
        skip(index, reason: reason, by: actor, &turn)
        if wasOut { cancelRun(index, attempt: attempt, executor: nil, reason: reason, &turn) }
        var changed = index
        if let origin = tasks[index].origin, tasks[origin.task].status.isTerminal {
            reset(origin.task, to: .running, reason: reason, &turn)
            changed = origin.task
        }
        guard hadEnded else { return }
        for dependent in downstream(of: [changed]).sorted() { startOver(dependent, reason: reason, &turn) }
    }

    // MARK: Refusals

    /// The task that a person speaks of.
    func target(_ task: TaskID) throws(Refusal) -> Int {
        guard let index = indices[task] else {
            let some = plan.tasks.prefix(20).map(\.id.text).joined(separator: ", ")
            throw courtesy("unknown_task", "/task_id", "there is no task \(task); there is \(some)")
        }
        return index
    }

    /// A command of a person that comes too late or for nothing: an answer, but no dead letter.
    func courtesy(_ code: String, _ path: String, _ message: String) -> Refusal {
        refusal(code, path, message, mayBeBehind: true, isCourtesy: true)
    }

    func notApplicable(_ command: String) -> Refusal {
        let state = status?.rawValue ?? "unknown"
        return courtesy("not_applicable", "", "the workflow is \(state), so nobody can \(command); allowed: \(allowed)")
    }

    func notApplicable(_ command: String, _ index: Int) -> Refusal {
        let task = tasks[index]
        let state = "\(planned(index).kind.name) \(task.id) is \(task.status.rawValue)"
        return courtesy(
            "not_applicable", "/task_id", "the \(state), so nobody can \(command); allowed: \(allowed(index))")
    }

    /// What people can do with the workflow as it stands.
    var allowed: String {
        switch status {
        case nil: "nothing"
        case .queued, .running: "cancel, pause, signal; retry, skip or cancel of a task"
        case .paused: "resume, cancel, signal; retry, skip or cancel of a task"
        case .succeeded: "retry of a task"
        case .failed, .cancelled: "retry, of a task or of all that failed"
        }
    }

    private func allowed(_ index: Int) -> String {
        guard !isTerminal, isAttached(index) else { return isAttached(index) ? "retry" : "nothing" }
        switch tasks[index].status {
        case .pending, .dispatched, .running, .retryWait: return "cancel, skip"
        case .awaitingApproval: return "continue, retry, abort; cancel, skip"
        case .succeeded, .skipped: return "retry"
        case .failed, .cancelled: return "retry, skip"
        }
    }

    /// It failed or was cancelled, and that is of consequence.
    func hasEndedBadly(_ index: Int) -> Bool {
        (tasks[index].status == .failed || tasks[index].status == .cancelled) && !isWell(index)
    }
}
