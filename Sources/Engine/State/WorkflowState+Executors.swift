import Contracts
import JSON

/// What executors say.
extension WorkflowState {
    /// Whether a run holds its attempt, or may take it: only the current attempt counts, and of two runs of it the one
    /// with the higher delivery, else the earlier.
    func holds(_ index: Int, attempt: Int, executor: ExecutorID?, delivery: Int?) -> Bool {
        let task = tasks[index]
        guard attempt == task.attempt, task.isOut else { return false }
        guard task.status == .running else { return true }
        let delivery = delivery ?? task.delivery
        if delivery != task.delivery { return delivery > task.delivery }
        return executor == nil || executor == task.executor
    }

    /// The task that an executor speaks of, if it may.
    private func locate(_ task: TaskID, attempt: Int, _ input: Input) throws(Refusal) -> Int {
        guard let index = indices[task] else {
            throw refusal("unknown_task", "/task_id", "there is no task \(task)", mayBeBehind: true)
        }
        // A child's end comes from its dispatcher, or its refusal from the planner: without a domain, which executors have.
        // What another dispatcher has said of a list comes by here, too, and is known to the rows.
        guard planned(index).isRunElsewhere, input.domain == call(index)?.domain, tasks[index].items == nil else {
            let speaker = input.domain?.text ?? "nobody"
            throw refusal(
                "wrong_domain", "/task_id", "\(task) is no task of the domain \(speaker)", mayBeBehind: true)
        }
        guard attempt <= tasks[index].attempt else {
            throw refusal("unknown_attempt", "/attempt", "\(task) has had no attempt \(attempt)", mayBeBehind: true)
        }
        return index
    }

    mutating func started(_ body: TaskStarted, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let index = try locate(body.taskID, attempt: body.attempt, input)
        let task = tasks[index]
        let isHolder = holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery)
        let isSameRun = task.isRun(of: body.executor, delivery: body.delivery, attempt: body.attempt)
        record(input, .taskStarted(body), isStale: !isHolder || task.status == .running && isSameRun, &turn)
        if isHolder {
            go(index, body.executor, &turn)
        } else if !hasSucceeded(index, isSameRun: isSameRun) {
            cancelRun(index, attempt: body.attempt, executor: body.executor, reason: "superseded", &turn)
        }
    }

    /// A run whose start came after its end needs no cancel; where it waits for a go, that cannot be, and it is a copy.
    private func hasSucceeded(_ index: Int, isSameRun: Bool) -> Bool {
        isSameRun && tasks[index].status == .succeeded && call(index)?.risk != .high
    }

    /// Where a run that begins for nothing would be too much, it waits for this.
    mutating func go(_ index: Int, _ executor: ExecutorID, _ turn: inout Turn) {
        guard let call = call(index), call.risk == .high else { return }
        let body = TaskGo(
            workflowID: id, taskID: tasks[index].id, attempt: tasks[index].attempt, executor: executor)
        emit(
            .taskGo(body), Publication(route: .domain(.taskGo, call.domain), isMandatory: false), isHistory: false,
            &turn)
    }

    mutating func heartbeat(_ body: TaskHeartbeat, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let index = try locate(body.taskID, attempt: body.attempt, input)
        let task = tasks[index]
        let isSameRun = task.isRun(of: body.executor, delivery: body.delivery, attempt: body.attempt)
        if task.status == .running, isSameRun {
            note(input, .taskHeartbeat(body), &turn)
        } else if !holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery),
            !hasSucceeded(index, isSameRun: isSameRun)
        {
            cancelRun(index, attempt: body.attempt, executor: body.executor, reason: "superseded", &turn)
        }
    }

    mutating func completed(_ body: TaskCompleted, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let index = try locate(body.taskID, attempt: body.attempt, input)
        guard holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery) else {
            return record(input, .taskCompleted(body), isStale: true, &turn)
        }
        let expansion: WorkflowExpanded?
        do throws(PlanRefusal) {
            expansion = try self.expansion(of: body, index, catalog: input.catalog)
        } catch {
            return refuse(body, index, TaskError(error), input, &turn)
        }
        if let error = fault(of: body) { return refuse(body, index, error, input, &turn) }
        record(input, .taskCompleted(body), &turn)
        if let expansion { emit(.workflowExpanded(expansion), Publication(route: expansion.route), &turn) }
        turn.ended.append(index)
    }

    /// A completion that is not accepted as one is a failure.
    private mutating func refuse(
        _ body: TaskCompleted, _ index: Int, _ error: TaskError, _ input: Input, _ turn: inout Turn
    ) {
        record(input, .taskCompleted(body), isStale: true, &turn)
        fail(index, attempt: body.attempt, error, &turn)
    }

    /// Why a completion is not accepted as one.
    private func fault(of body: TaskCompleted) -> TaskError? {
        let bytes = body.output.serialized().count
        guard bytes > limits.outputBytes else { return nil }
        return TaskError(
            code: "output_too_large", message: "an output of \(bytes) bytes; at most \(limits.outputBytes)",
            permanent: true)
    }

    mutating func failed(_ body: TaskFailed, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let index = try locate(body.taskID, attempt: body.attempt, input)
        let isHolder = holds(index, attempt: body.attempt, executor: body.executor, delivery: body.delivery)
        record(input, .taskFailed(body), isStale: !isHolder, &turn)
        if isHolder { retryOrEnd(index, body.error, isLoss: body.error.code == TaskError.handedBack, &turn) }
    }
}

/// What the dispatcher finds out by itself.
extension WorkflowState {
    /// An order that came back, or never went out.
    mutating func returned(_ order: TaskDispatched, _ code: String, _ message: String, _ turn: inout Turn) {
        guard let index = indices[order.taskID], tasks[index].isOut, tasks[index].attempt == order.attempt else {
            return
        }
        fail(index, attempt: order.attempt, TaskError(code: code, message: message), isLoss: code == "poisoned", &turn)
    }

    mutating func wake(_ body: TaskWake, _ input: Input, _ turn: inout Turn) {
        guard let index = indices[body.taskID], tasks[index].attempt == body.attempt, let due = tasks[index].due else {
            return
        }
        guard due <= turn.now else {
            // Heartbeats have moved the lease, but not the time of the wake-up.
            if let wakeAt = tasks[index].wakeAt, wakeAt < due { note(input, .taskWake(body), &turn) }
            return
        }
        switch tasks[index].status {
        case .dispatched:
            let message = "nobody began within \(Span.text(planned(index).startWithin))"
            fail(index, attempt: body.attempt, TaskError(code: "not_started", message: message), &turn)
        case .running where planned(index).isRunElsewhere: overdue(index, &turn)
        default: timeIsUp(index, &turn)
        }
    }

    private mutating func overdue(_ index: Int, _ turn: inout Turn) {
        let task = tasks[index]
        let isTimeout = task.deadline.map { $0 <= turn.now } ?? false
        let error =
            isTimeout
            ? TaskError(code: "timeout", message: "it ran longer than \(Span.text(planned(index).timeout))")
            : TaskError(code: "lease_expired", message: "its executor has not been heard of for too long")
        fail(index, attempt: task.attempt, error, isLoss: !isTimeout, &turn)
        cancelRun(index, attempt: task.attempt, executor: task.executor, reason: error.code, &turn)
    }

    /// Ends an attempt by our own word.
    mutating func fail(
        _ index: Int, attempt: Int, _ error: TaskError, isLoss: Bool = false, _ turn: inout Turn
    ) {
        let body = TaskFailed(workflowID: id, taskID: tasks[index].id, attempt: attempt, error: error)
        let call = call(index)
        emit(
            .taskFailed(body), Publication(route: .task(.taskFailed, domain: call?.domain, skill: call?.skill)), &turn)
        retryOrEnd(index, error, isLoss: isLoss, &turn)
    }

    /// A lost run is not the task's fault: for that, one attempt more than the plan says is allowed.
    private mutating func retryOrEnd(_ index: Int, _ error: TaskError, isLoss: Bool, _ turn: inout Turn) {
        let (planned, attempt) = (planned(index), tasks[index].attempt)
        let tries = attempt - (tasks[index].extra.base ?? 0)
        guard !error.permanent, !isLetGo(index), tries < planned.retry.attempts + (isLoss ? 1 : 0) else {
            return turn.ended.append(index)
        }
        let delay = planned.retry.delay(
            after: tries, of: tasks[index].id, in: id, atLeast: error.retryAfter?.duration)
        let body = TaskRetrying(
            workflowID: id, taskID: tasks[index].id, attempt: attempt, dueAt: turn.now + delay, error: error,
            skillID: planned.call?.skill, runnerDomain: planned.call?.domain)
        emit(.taskRetrying(body), Publication(route: body.route), &turn)
    }
}
