import Contracts
import JSON

/// A workflow may hold still: what runs goes on and its results are taken, but nothing new begins, and it does not end.
extension WorkflowState {
    /// Whether it is paused, or waits for a slot of its concurrency key; one that is being cancelled is not held up.
    package var isHeld: Bool { extra.ending == nil && (status == .paused || waitsForSlot) }

    /// It does so no longer: decides everything that was held back, timers that have come due meanwhile included.
    mutating func release(_ turn: inout Turn) {
        guard !isHeld else { return }
        for index in places {
            let task = tasks[index]
            if task.status == .pending, task.unmet == 0 {
                needsEnded(index, &turn)
            } else if task.status == .running, task.items != nil {
                releaseInstances(index, &turn)
            }
        }
        for index in tasks.indices where tasks[index].due.map({ $0 <= turn.now }) ?? false { timeIsUp(index, &turn) }
    }

    /// It is the turn of those that no limit holds back.
    mutating func releaseInstances(_ index: Int, _ turn: inout Turn) {
        for instance in tasks[index].instances.prefix(released(index)) where tasks[instance].status == .pending {
            makeReady(instance, &turn)
        }
    }

    /// What a task has waited for by the clock has come. Leases and deadlines of runs are another matter: they go on
    /// also while the workflow holds.
    mutating func timeIsUp(_ index: Int, _ turn: inout Turn) {
        guard !isHeld else { return }
        switch (tasks[index].status, planned(index).kind) {
        case (.retryWait, _): makeReady(index, &turn)
        case (.awaitingApproval, _): expire(index, &turn)
        case (.running, .wait(let rule)): waitIsOver(index, rule, &turn)
        default: break
        }
    }

    // MARK: Pause and resume

    mutating func pause(_ body: ControlPause, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        guard status == .queued || status == .running, extra.ending == nil else { throw notApplicable("pause it") }
        record(input, .controlPause(body), &turn)
        let paused = WorkflowPaused(workflowID: id, actor: body.actor, reason: body.reason)
        emit(.workflowPaused(paused), Publication(route: paused.route), &turn)
    }

    mutating func resume(_ body: ControlResume, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        guard status == .paused else { throw notApplicable("resume it") }
        record(input, .controlResume(body), &turn)
        let resumed = WorkflowResumed(workflowID: id, actor: body.actor, reason: body.reason)
        emit(.workflowResumed(resumed), Publication(route: resumed.route), &turn)
        askForSlot(&turn)
        release(&turn)
    }

    /// What a person decides of the task whose failure has paused the workflow lets it go on, too.
    mutating func resumeIfPaused(for targets: [Int], by actor: Actor, _ turn: inout Turn) {
        guard status == .paused, let cause = extra.pausedFor.flatMap({ indices[$0] }),
            targets.contains(where: { $0 == cause || tasks[$0].origin?.task == cause })
        else { return }
        let resumed = WorkflowResumed(workflowID: id, actor: actor)
        emit(.workflowResumed(resumed), Publication(route: resumed.route), &turn)
        askForSlot(&turn)
    }

    // MARK: Applying

    mutating func pause(_ body: WorkflowPaused) {
        status = .paused
        extra.pausedFor = body.taskID
    }

    mutating func resume() {
        status = startedAt == nil || waitsForSlot ? .queued : .running
        extra.pausedFor = nil
    }
}
