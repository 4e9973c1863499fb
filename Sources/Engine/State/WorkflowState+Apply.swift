import Contracts
import JSON

extension WorkflowState {
    /// Takes an event into the state. Those of the history come in order, without gaps; others at their time.
    package mutating func apply(_ event: Event) {
        if let seq = event.seq {
            assert(seq == self.seq + 1, "event \(seq) after \(self.seq)")
            self.seq = seq
            taken.insert(event.id)
            taken.insert(event.causation)
            changes.isWorkflowTouched = true
        }
        if !event.isStale, !isForeign(event.body) { change(event.body, at: event.recordedAt) }
    }

    private mutating func change(_ body: Body, at now: Timestamp) {
        switch body {
        case .workflowCreated(let body): create(body, at: now)
        case .workflowExpanded(let body): expand(body, at: now)
        case .workflowCompleted(let body): complete(body, at: now)
        case .workflowReopened(let body): reopen(body)
        case .workflowPaused(let body): pause(body)
        case .workflowResumed: resume()
        case .slotGranted(let body): extra.slot = body.slot
        case .signalReceived(let body): keep(body)
        case .controlCancel(let body) where body.taskID == nil:
            if !exists, let child = body.child { createBuried(child, by: body.actor, at: now) }
            decideEnding("cancelled", by: body.actor, reason: body.reason)
        case .controlUndo(let body): decideEnding("undone", by: body.actor, reason: body.reason)
        case .approvalRequested(let body): with(body.taskID) { $0.asked($1, body, at: now) }
        case .approvalDecided(let body): with(body.taskID) { $0.voted($1, body, at: now) }
        case .taskWaiting(let body) where body.child != nil:
            with(body.taskID) { $0.awaitsChild($1, body, at: now) }
        case .taskWaiting(let body): with(body.taskID) { $0.waits($1, body, at: now) }
        case .taskReset(let body): with(body.taskID) { $0.reset($1, body, at: now) }
        case .taskDispatched(let body): with(body.taskID) { $0.dispatched($1, body, at: now) }
        case .taskStarted(let body): with(body.taskID) { $0.started($1, body, at: now) }
        case .taskHeartbeat(let body): with(body.taskID, touching: .lease) { $0.extendLease($1, at: now) }
        case .taskWake(let body): with(body.taskID) { $0.reschedule($1) }
        case .taskCompleted(let body): with(body.taskID) { $0.completed($1, body, at: now) }
        case .taskFailed(let body): with(body.taskID) { $0.failed($1, body, at: now) }
        case .taskRetrying(let body): with(body.taskID) { $0.retrying($1, body) }
        case .taskSkipped(let body): with(body.taskID) { $0.skipped($1, body, at: now) }
        case .taskCancelled(let body): with(body.taskID) { $0.cancelled($1, body, at: now) }
        default: break
        }
    }

    private mutating func with(
        _ task: TaskID, touching part: TaskState.Touched = .row, _ change: (inout WorkflowState, Int) -> Void
    ) {
        guard let index = indices[task] else { return }
        change(&self, index)
        if tasks[index].touched == .nothing { changes.tasks.append(index) }
        if part.rawValue > tasks[index].touched.rawValue { tasks[index].touched = part }
    }

    // MARK: The workflow

    private mutating func create(_ body: WorkflowCreated, at now: Timestamp) {
        guard let plan = try? Plan(json: body.plan) else { return }
        header = WorkflowHeader(body, createdAt: now)
        extra.depth = body.parent?.depth
        status = .queued
        changes.isNew = true
        load(plan)
        slotKey = try? evaluateSlotKey()
    }

    /// Lays out the tasks of a plan, all pending.
    mutating func load(_ plan: Plan) {
        self.plan = plan
        tasks = plan.tasks.enumerated().map { TaskState(id: $1.id, planned: $0) }
        for (index, task) in tasks.enumerated() { indices[task.id] = index }
        places = Array(tasks.indices)
        dependents = Array(repeating: [], count: tasks.count)
        for index in places { relate(index) }
        for task in plan.tasks {
            for need in task.needs { connect(task.id, to: need) }
        }
        for index in places { count(index) }
    }

    private mutating func expand(_ body: WorkflowExpanded, at now: Timestamp) {
        if let joins = body.joins { return grow(body, joins: joins) }
        with(body.taskID) { state, index in
            state.addInstances(of: index, items: body.tasks.object?.members.map { $0.value["item"] ?? .null } ?? [])
            state.tasks[index].attempt += 1
            state.tasks[index].startedAt = now
            state.transition(index, to: .running)
        }
    }

    mutating func addInstances(of index: Int, items: [JSONValue]) {
        tasks[index].instances = items.indices.map { instance(of: index, at: $0) }
        tasks[index].items = items
        tasks[index].open = items.count
    }

    /// One that has run before keeps its number of attempts.
    mutating func instance(of index: Int, at position: Int) -> Int {
        let id = tasks[index].id.instance(position)
        if let known = indices[id] { return known }
        indices[id] = tasks.count
        tasks.append(TaskState(id: id, planned: tasks[index].planned, origin: (index, position)))
        dependents.append([])
        return tasks.count - 1
    }

    private mutating func complete(_ body: WorkflowCompleted, at now: Timestamp) {
        switch body.status {
        case .succeeded: status = .succeeded
        case .failed: status = .failed
        case .cancelled: status = .cancelled
        }
        extra.ending = nil
        output = body.output.isNull ? nil : body.output
        error = body.error
        finishedAt = now
        (extra.slot, extra.pausedFor) = (nil, nil)
    }

    // MARK: A task

    /// The one place where a task's status changes: it keeps the counters.
    mutating func transition(_ index: Int, to status: TaskStatus) {
        let (before, wasOut) = (tasks[index].status, tasks[index].isOut)
        tasks[index].status = status
        if tasks[index].isOut != wasOut, let domain = call(index)?.domain {
            let count = (out[domain] ?? 0) + (wasOut ? -1 : 1)
            out[domain] = count == 0 ? nil : count
        }
        guard before.isTerminal != status.isTerminal else { return }
        let change = status.isTerminal ? -1 : 1
        if let origin = tasks[index].origin {
            if isAttached(index) { tasks[origin.task].open += change }
        } else {
            if tasks[index].undoes == nil { remaining += change }
            for dependent in dependents[index] { tasks[dependent].unmet += change }
        }
    }

    mutating func reschedule(_ index: Int) { tasks[index].wakeAt = tasks[index].due }

    private mutating func dispatched(_ index: Int, _ body: TaskDispatched, at now: Timestamp) {
        runs(at: now)
        tasks[index].attempt = body.attempt
        tasks[index].executor = nil
        tasks[index].delivery = 0
        tasks[index].error = nil
        tasks[index].dispatchedAt = now
        tasks[index].startedAt = nil
        tasks[index].finishedAt = nil
        tasks[index].deadline = body.deadline
        tasks[index].leaseUntil = nil
        tasks[index].retryAt = nil
        transition(index, to: .dispatched)
        reschedule(index)
    }

    private mutating func started(_ index: Int, _ body: TaskStarted, at now: Timestamp) {
        tasks[index].executor = body.executor
        tasks[index].delivery = body.delivery
        tasks[index].startedAt = now
        tasks[index].deadline = now + planned(index).timeout
        extendLease(index, at: now)
        transition(index, to: .running)
        reschedule(index)
    }

    private mutating func extendLease(_ index: Int, at now: Timestamp) {
        tasks[index].leaseUntil = now + (call(index)?.lease ?? PlannedTask.Defaults.lease)
    }

    private mutating func completed(_ index: Int, _ body: TaskCompleted, at now: Timestamp) {
        tasks[index].attempt = body.attempt
        tasks[index].executor = body.executor ?? tasks[index].executor
        tasks[index].delivery = body.delivery ?? tasks[index].delivery
        tasks[index].output = body.output
        tasks[index].startedAt = tasks[index].startedAt ?? body.startedAt
        // The merge has their payloads.
        tasks[index].artifacts = body.artifacts.map { record in
            var record = record
            record.payload = nil
            return record
        }
        runs(at: now)
        useSignal(index)
        end(index, as: .succeeded, at: now)
    }

    private mutating func failed(_ index: Int, _ body: TaskFailed, at now: Timestamp) {
        tasks[index].attempt = body.attempt
        tasks[index].executor = body.executor ?? tasks[index].executor
        tasks[index].delivery = body.delivery ?? tasks[index].delivery
        tasks[index].error = body.error
        end(index, as: isLetGo(index) ? .cancelled : .failed, at: now)
    }

    private mutating func skipped(_ index: Int, _ body: TaskSkipped, at now: Timestamp) {
        tasks[index].attempt = body.attempt
        tasks[index].error = nil
        tasks[index].extra.isWaived = body.by == nil ? nil : true
        end(index, as: .skipped, at: now)
    }

    private mutating func cancelled(_ index: Int, _ body: TaskCancelled, at now: Timestamp) {
        tasks[index].attempt = body.attempt
        end(index, as: .cancelled, at: now)
    }

    /// After the `task.failed` of the same attempt: it was not the last one.
    private mutating func retrying(_ index: Int, _ body: TaskRetrying) {
        tasks[index].finishedAt = nil
        tasks[index].retryAt = body.dueAt
        transition(index, to: .retryWait)
        reschedule(index)
    }

    private mutating func end(_ index: Int, as status: TaskStatus, at now: Timestamp) {
        noteApproval(index, closedAt: now)
        tasks[index].finishedAt = now
        tasks[index].deadline = nil
        tasks[index].leaseUntil = nil
        tasks[index].retryAt = nil
        transition(index, to: status)
        reschedule(index)
    }
}
