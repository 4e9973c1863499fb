import Contracts
import JSON

/// What people end early; and what they are told when their command does not apply.
extension WorkflowState {
    // MARK: Cancel

    mutating func cancel(_ body: ControlCancel, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let reason = body.reason ?? "cancelled by \(body.actor.id)"
        guard !isTerminal else { throw notApplicable("cancel it") }
        guard let task = body.taskID else {
            // Who cancels it a second time does not want to wait for what is being undone, here or in its children.
            let isEnding = extra.ending != nil || undoTurn != nil
            record(input, .controlCancel(body), &turn)
            cancelAll(reason: reason, awaitsChildren: !isEnding, &turn)
            if isEnding { skipUndo(&turn) }
            return
        }
        let index = try target(task)
        guard !tasks[index].status.isTerminal, isAttached(index) else { throw notApplicable("cancel it", index) }
        record(input, .controlCancel(body), &turn)
        cancel(index, reason: reason, &turn)
        turn.ended.append(index)
    }

    /// Ends all tasks that have not ended, but for undo tasks that have not begun.
    ///
    /// - Parameter awaitsChildren: a task whose child is under way ends when that does, which may have something to undo.
    mutating func cancelAll(reason: String, awaitsChildren: Bool, _ turn: inout Turn) {
        let detached = tasks.indices.filter { !isAttached($0) }
        for index in detached + places {
            if tasks[index].undoes != nil, tasks[index].status == .pending { continue }
            cancel(index, reason: reason, awaitsChildren: awaitsChildren, &turn)
        }
    }

    /// Ends a task that has not ended, its instances first.
    private mutating func cancel(
        _ index: Int, reason: String, awaitsChildren: Bool = false, _ turn: inout Turn
    ) {
        let instances = tasks[index].instances
        for instance in instances { cancel(instance, reason: reason, awaitsChildren: awaitsChildren, &turn) }
        guard !tasks[index].status.isTerminal else { return }
        let task = tasks[index]
        if awaitsChildren, planned(index).isChild {
            if task.isOut { return cancelChild(index, attempt: task.attempt, reason: reason, &turn) }
            if instances.contains(where: { !tasks[$0].status.isTerminal }) { return }
        }
        emitCancelled(index, reason: reason, &turn)
        if task.isOut { cancelRun(index, attempt: task.attempt, executor: nil, reason: reason, &turn) }
    }

    private mutating func emitCancelled(_ index: Int, reason: String, _ turn: inout Turn) {
        let call = call(index)
        let body = TaskCancelled(
            workflowID: id, taskID: tasks[index].id, attempt: endAttempt(index), reason: reason, skillID: call?.skill,
            runnerDomain: call?.domain)
        emit(.taskCancelled(body), Publication(route: body.route), &turn)
    }

    /// Why a task that is still under way has been cancelled and only waits for its child to end.
    func whyLetGo(_ index: Int) -> String? {
        guard let ending = extra.ending, tasks[index].undoes == nil else { return nil }
        return ending.error.message
    }

    /// Its child has ended, and not well: that is as far as it gets.
    mutating func letGo(_ index: Int, reason: String, _ turn: inout Turn) {
        emitCancelled(index, reason: reason, &turn)
        turn.ended.append(index)
    }

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
            "the workflow is ending and undoes what it has done; allowed: cancel, and retry when it has ended")
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
