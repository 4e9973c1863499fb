import Contracts
import JSON

/// Workflows that tasks start. Parent and child have a partition, and thus perhaps a dispatcher, of their own: they speak
/// through messages. What one says to the other is an event of its own history, so a crash in between says it again.
extension WorkflowState {
    /// Whether an event speaks to another workflow: it changes nothing here.
    func isForeign(_ body: Body) -> Bool { body.message.workflow.map { $0 != id } ?? false }

    // MARK: The parent

    /// Asks for the child of the next attempt.
    mutating func beginChild(_ index: Int, _ call: ChildCall, _ turn: inout Turn) {
        guard let header else { return }
        let parent = ParentReference(
            workflowID: id, taskID: tasks[index].id, attempt: tasks[index].attempt + 1,
            depth: (header.parent?.depth ?? 0) + 1)
        guard parent.depth <= limits.depth else {
            let message = "workflows start workflows at most \(limits.depth) deep"
            return fail(
                index, attempt: parent.attempt, TaskError(code: "too_deep", message: message, permanent: true), &turn)
        }
        let input: JSONValue
        do {
            var evaluator = Evaluator(scope: scope(index))
            input = modified(try call.input.resolved(&evaluator, at: "/with"), index)
        } catch {
            return fail(index, attempt: parent.attempt, TaskError(error), &turn)
        }
        let bytes = input.serialized().count
        guard bytes <= limits.inputBytes else {
            let message = "an input of \(bytes) bytes; at most \(limits.inputBytes)"
            let error = TaskError(code: "input_too_large", message: message, permanent: true)
            return fail(index, attempt: parent.attempt, error, &turn)
        }
        let waiting = TaskWaiting(
            workflowID: id, taskID: parent.taskID, attempt: parent.attempt, until: turn.now + planned(index).timeout,
            child: parent.child)
        emit(.taskWaiting(waiting), Publication(route: waiting.route, isMandatory: false), &turn)
        let request = WorkflowRequested(
            requestID: parent.request, workspace: header.workspace, definition: call.reference, input: input,
            actor: header.actor, priority: header.priority, parent: parent)
        emit(.workflowRequested(request), Publication(route: request.route), &turn)
    }

    mutating func awaitsChild(_ index: Int, _ body: TaskWaiting, at now: Timestamp) {
        runs(at: now)
        tasks[index].attempt = body.attempt
        tasks[index].executor = nil
        tasks[index].delivery = 0
        tasks[index].error = nil
        tasks[index].dispatchedAt = now
        tasks[index].startedAt = now
        tasks[index].finishedAt = nil
        tasks[index].deadline = body.until
        tasks[index].leaseUntil = nil
        tasks[index].retryAt = nil
        transition(index, to: .running)
        reschedule(index)
    }

    /// A child is not wanted any more. One that is undoing what it has done goes on with that.
    ///
    /// - Parameter insists: that ends, too.
    mutating func cancelChild(
        _ index: Int, attempt: Int, reason: String, insists: Bool = false, _ turn: inout Turn
    ) {
        guard case .workflow(let call) = planned(index).kind, let header else { return }
        let parent = ParentReference(
            workflowID: id, taskID: tasks[index].id, attempt: attempt, depth: (header.parent?.depth ?? 0) + 1)
        let body = ControlCancel(
            workflowID: parent.child, actor: Actor(id: "dispatcher"),
            reason: String("\(id)/\(parent.taskID): \(reason)".prefix(2000)),
            child: ChildReference(
                workspace: header.workspace, definition: call.reference, parent: parent,
                insists: insists ? true : nil))
        emit(
            .controlCancel(body), Publication(route: body.route, correlationID: parent.child.text, isMandatory: true),
            &turn)
    }

    // MARK: The child

    /// Tells the task that asked for this workflow how it ended.
    mutating func tellParent(
        _ outcome: WorkflowOutcome, _ output: JSONValue, _ error: WorkflowError?, _ turn: inout Turn
    ) {
        guard let parent = header?.parent else { return }
        func publication(_ type: MessageType) -> Publication {
            Publication(route: .task(type, domain: nil, skill: nil), correlationID: parent.workflowID.text)
        }
        guard outcome != .succeeded else {
            let body = TaskCompleted(
                workflowID: parent.workflowID, taskID: parent.taskID, attempt: parent.attempt, output: output)
            return emit(.taskCompleted(body), publication(.taskCompleted), &turn)
        }
        let cause = TaskError(
            code: error?.code ?? "failed", message: error?.message ?? "the workflow \(id) \(outcome.rawValue)",
            permanent: outcome == .cancelled, details: ["workflow_id": .string(id.text)])
        let body = TaskFailed(
            workflowID: parent.workflowID, taskID: parent.taskID, attempt: parent.attempt, error: cause)
        emit(.taskFailed(body), publication(.taskFailed), &turn)
    }

    /// A cancel that has overtaken its workflow: that is written as cancelled, so that it does not begin.
    mutating func bury(_ body: ControlCancel, _ child: ChildReference, _ input: Input, _ turn: inout Turn)
        throws(Refusal)
    {
        guard child.parent.child == id else {
            throw refusal("invalid_child", "/child/parent", "\(id) is not the child of that attempt")
        }
        record(input, .controlCancel(body), &turn)
    }

    mutating func createBuried(_ child: ChildReference, by actor: Actor, at now: Timestamp) {
        let name = child.definition.prefix { $0 != "@" }
        header = WorkflowHeader(
            requestID: child.parent.request, workspace: child.workspace, requestDigest: "", name: String(name),
            version: 0, input: [:], actor: actor, priority: 0, notify: nil, gather: nil, createdAt: now,
            parent: child.parent)
        extra.depth = child.parent.depth
        status = .queued
        changes.isNew = true
        load(Plan(tasks: []))
    }
}
