import Contracts
import JSON

/// A person has tasks that have ended run again, and everything that depends on them starts over.
extension WorkflowState {
    mutating func retry(_ body: ControlRetry, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        var targets = try retried(body)
        try mayReplace(body.input)
        record(input, .controlRetry(body), &turn)
        resumeIfPaused(for: targets, by: body.actor, &turn)
        let reason = body.reason ?? "\(body.actor.id) has it run again"
        if isTerminal {
            let reopened = WorkflowReopened(
                workflowID: id, run: run + 1, actor: body.actor, reason: body.reason, input: body.input)
            emit(.workflowReopened(reopened), Publication(route: reopened.route), &turn)
            targets += takeBackUndo(reason: reason, &turn)
        }
        askForSlot(&turn)
        runAgain(targets, reason: reason, &turn)
        release(&turn)
    }

    /// What was to be undone at the end is so no longer.
    ///
    /// - Returns: the tasks that have been undone: they are to run again.
    private mutating func takeBackUndo(reason: String, _ turn: inout Turn) -> [Int] {
        var undone: [Int] = []
        for index in places where tasks[index].status.isTerminal {
            guard let task = tasks[index].undoes else { continue }
            if tasks[index].status == .succeeded { undone.append(task) }
            reset(index, reason: reason, &turn)
        }
        return undone
    }

    /// Which of its runs it is in, or has ended: 1 for the first.
    package var run: Int { (extra.reopened ?? 0) + 1 }

    private func retried(_ body: ControlRetry) throws(Refusal) -> [Int] {
        try mayStillChange()
        if let task = body.taskID {
            let index = try target(task)
            guard tasks[index].status.isTerminal, isAttached(index), tasks[index].undoes == nil else {
                throw notApplicable("retry it", index)
            }
            return [index]
        }
        guard status != .succeeded else { throw notApplicable("retry it without naming a task") }
        let ended = places.filter { hasEndedBadly($0) && tasks[$0].undoes == nil }
        guard !ended.isEmpty || isTerminal else {
            throw courtesy("not_applicable", "", "no task has failed or was cancelled; allowed: \(allowed)")
        }
        return ended
    }

    private func mayReplace(_ input: JSONValue?) throws(Refusal) {
        guard let input else { return }
        guard isTerminal else {
            throw courtesy(
                "not_applicable", "/input",
                "the workflow is \(status?.rawValue ?? "unknown"): its input can change only when it has ended; "
                    + "allowed: \(allowed)")
        }
        guard let schema = plan.input, let checker = try? JSONSchema(schema) else { return }
        guard let problem = checker.validate(input).first else { return }
        throw courtesy("invalid_input", "/input\(problem.pointer.text)", problem.message)
    }

    // MARK: Starting over

    /// - Parameters:
    ///   - targets: tasks of the plan, or instances. Of a `forEach` task those instances run again that did not succeed.
    ///   - startingOver: all of its instances, and its list is made anew.
    mutating func runAgain(_ targets: [Int], startingOver: Bool = false, reason: String, _ turn: inout Turn) {
        var whole: Set<Int> = []
        var parts: [Int: [Int]] = [:]
        for target in targets {
            if let origin = tasks[target].origin {
                parts[origin.task, default: []].append(target)
            } else {
                let failed = tasks[target].instances.filter {
                    tasks[$0].status != .succeeded && tasks[$0].extra.isWaived != true
                }
                if failed.isEmpty || startingOver { whole.insert(target) } else { parts[target] = failed }
            }
        }
        whole.formUnion(downstream(of: whole.union(parts.keys)))
        for index in places {
            if whole.contains(index) {
                startOver(index, reason: reason, &turn)
            } else if let instances = parts[index] {
                goOn(index, with: instances, reason: reason, &turn)
            }
        }
        guard !isHeld else { return }
        for index in places {
            if whole.contains(index), tasks[index].status == .pending, tasks[index].unmet == 0 {
                needsEnded(index, &turn)
            } else if parts[index] != nil, tasks[index].status == .running {
                releaseInstances(index, &turn)
            }
        }
    }

    /// What needs any of these, directly or not.
    func downstream(of tasks: some Sequence<Int>) -> Set<Int> {
        var found: Set<Int> = []
        var path = Array(tasks)
        while let next = path.popLast() {
            for dependent in dependents[next] where found.insert(dependent).inserted { path.append(dependent) }
        }
        return found
    }

    /// A task that has begun or ended is as if it had not; the number of its attempts stays. Its instances are let go:
    /// those that its new list has room for are taken up again.
    mutating func startOver(_ index: Int, reason: String, _ turn: inout Turn) {
        guard tasks[index].status != .pending else { return }
        let instances = tasks[index].instances
        reset(index, reason: reason, &turn)
        for instance in instances { reset(instance, reason: reason, &turn) }
    }

    /// Some instances of a `forEach` task run again; the others keep what they have.
    private mutating func goOn(_ index: Int, with instances: [Int], reason: String, _ turn: inout Turn) {
        if tasks[index].status.isTerminal { reset(index, to: .running, reason: reason, &turn) }
        for instance in instances { reset(instance, reason: reason, &turn) }
    }

    mutating func reset(_ index: Int, to status: TaskReset.Status = .pending, reason: String, _ turn: inout Turn) {
        let (task, call) = (tasks[index], call(index))
        let body = TaskReset(
            workflowID: id, taskID: task.id, attempt: max(task.attempt, 1), status: status,
            reason: String(reason.prefix(2000)), skillID: call?.skill, runnerDomain: call?.domain)
        emit(.taskReset(body), Publication(route: body.route), &turn)
        if task.isOut { cancelRun(index, attempt: task.attempt, executor: nil, reason: "reset", &turn) }
    }

    /// Instances that no list has room for any more end with their workflow.
    mutating func dropDetached(_ turn: inout Turn) {
        for index in tasks.indices where !isAttached(index) && !tasks[index].status.isTerminal {
            skip(index, reason: "no longer in the list of its forEach", &turn)
        }
    }

    /// Whether an instance is one of those that its task runs for at present; any other task is.
    func isAttached(_ index: Int) -> Bool {
        guard let origin = tasks[index].origin else { return true }
        return tasks[origin.task].items.map { origin.position < $0.count } ?? false
    }

    // MARK: Applying

    mutating func reopen(_ body: WorkflowReopened) {
        extra.reopened = body.run - 1
        changes.isReopened = true
        if let input = body.input { header?.input = input }
        slotKey = try? evaluateSlotKey()
        (output, error, finishedAt) = (nil, nil, nil)
        status = slotKey == nil ? .running : .queued
    }

    mutating func reset(_ index: Int, _ body: TaskReset, at now: Timestamp) {
        noteApproval(index, closedAt: tasks[index].finishedAt ?? now)
        tasks[index].clear()
        tasks[index].attempt = body.attempt
        tasks[index].extra.base = body.attempt
        switch body.status {
        case .pending:
            (tasks[index].items, tasks[index].instances, tasks[index].open) = (nil, [], 0)
            transition(index, to: .pending)
        case .running:
            tasks[index].attempt += 1
            tasks[index].startedAt = now
            transition(index, to: .running)
        }
        tasks[index].wakeAt = nil
    }
}

extension TaskState {
    /// Nothing is left of what its attempts have said.
    mutating func clear() {
        (executor, delivery, output, error, artifacts) = (nil, 0, nil, nil, [])
        (dispatchedAt, startedAt, finishedAt, deadline, leaseUntil, retryAt) = (nil, nil, nil, nil, nil, nil)
        extra = TaskExtra()
    }
}
