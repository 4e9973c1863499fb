import Contracts
import Engine
import JSON
import Store

/// What a batch has changed of one workflow, as rows.
struct WorkflowRows {
    /// `nil` when nothing but leases has moved.
    var workflow: WorkflowRow?
    var tasks: [TaskRow]
    var events: [EventRow]
    var approvals: [ApprovalRow]

    init(_ changes: Engine.Changes, of held: Dispatcher.Held, events: [EventRow], wakeAt: Timestamp?) {
        let state = held.state
        self.events = events
        tasks = changes.tasks.map { TaskRow($0, of: state) }
        approvals = changes.approvals.map { ApprovalRow($0, of: state.id) }
        guard changes.created != nil || changes.standing != nil || !tasks.isEmpty else { return }
        workflow = WorkflowRow(
            state, isNew: changes.created != nil, isReopened: changes.isReopened, revision: held.revision,
            wakeAt: wakeAt)
        if let plan = changes.plan { workflow?.plan = plan }
    }
}

extension WorkflowRow {
    /// - Parameters:
    ///   - isNew: a new row has what never changes, too.
    ///   - isReopened: its input may be another.
    init?(_ state: WorkflowState, isNew: Bool, isReopened: Bool, revision: Int, wakeAt: Timestamp?) {
        guard let header = state.header, let standing = state.standing else { return nil }
        // `.none` by name: a JSON value may be written as `nil`, too, and then it is JSON's null.
        self.init(
            id: state.id.text, workspace: header.workspace.text, requestID: header.requestID.text,
            requestDigest: header.requestDigest, name: header.name, version: header.version,
            status: standing.status.rawValue,
            statusReason: state.waitsForSlot ? "slot" : wakeAt == nil ? nil : "window", priority: header.priority,
            concurrencyKey: isNew || isReopened ? state.slotKey : nil, parentID: header.parent?.workflowID.text,
            parentTask: header.parent?.taskID.text, parentAttempt: header.parent?.attempt, seq: standing.revision,
            revision: revision,
            wakeAt: wakeAt?.milliseconds,
            createdAt: header.createdAt.milliseconds, startedAt: standing.startedAt?.milliseconds,
            endedAt: standing.finishedAt?.milliseconds,
            plan: isNew ? .some(state.plan.json) : .none, input: isNew || isReopened ? .some(header.input) : .none,
            output: standing.output,
            error: JSONValue(encoding: standing.error), actor: JSONValue(encoding: header.actor), notify: header.notify,
            gather: header.gather, extra: standing.extra.extraJSON)
    }
}

extension ApprovalRow {
    init(_ approval: ApprovalSnapshot, of workflow: WorkflowID) {
        self.init(
            workflowID: workflow.text, taskID: approval.taskID.text, attempt: approval.attempt, asked: approval.asked,
            askedAt: approval.askedAt.milliseconds, expiresAt: approval.expiresAt?.milliseconds,
            decision: approval.decision?.rawValue, decidedBy: approval.decidedBy,
            decidedAt: approval.decidedAt?.milliseconds, comment: approval.comment,
            modifications: approval.modifications, closedAt: approval.closedAt?.milliseconds)
    }
}

extension TaskRow {
    init(_ task: TaskSnapshot, of state: WorkflowState) {
        let parts = task.id.text.split(separator: ".")
        self.init(
            workflowID: state.id.text, taskID: task.id.text, key: String(parts[0]),
            instance: parts.count > 1 ? Int(parts[1]) : nil, position: state.position(of: task.id) ?? 0,
            kind: task.kind, skill: task.skill?.text, domain: task.domain?.text, status: task.status.rawValue,
            attempt: task.attempt, executor: task.executor?.text, delivery: task.delivery,
            leaseUntil: task.leaseUntil?.milliseconds, wakeAt: task.wakeAt?.milliseconds,
            createdAt: state.header?.createdAt.milliseconds ?? 0, dispatchedAt: task.dispatchedAt?.milliseconds,
            startedAt: task.startedAt?.milliseconds, endedAt: task.finishedAt?.milliseconds,
            deadline: task.deadline?.milliseconds, retryAt: task.retryAt?.milliseconds, output: task.output,
            error: JSONValue(encoding: task.error),
            artifacts: task.artifacts.isEmpty ? nil : JSONValue(encoding: task.artifacts),
            items: task.items.map { .array($0) }, extra: task.extra.extraJSON)
    }
}

// MARK: And back

extension WorkflowState {
    /// The state that rows hold.
    init(_ stored: StoredWorkflow) throws {
        let row = stored.row
        let decoder = JSONValueDecoder()
        var header = WorkflowHeader(
            requestID: RequestID(unchecked: row.requestID), workspace: Workspace(unchecked: row.workspace),
            requestDigest: row.requestDigest, name: row.name, version: row.version ?? 0, input: row.input ?? [:],
            actor: try decoder.decode(Actor.self, from: row.actor ?? .null), priority: row.priority,
            notify: row.notify, gather: row.gather, createdAt: Timestamp(milliseconds: row.createdAt))
        let standing = WorkflowStanding(
            status: try WorkflowStatus(row: row.status), revision: row.seq, output: row.output,
            error: try row.error.map { try decoder.decode(WorkflowError.self, from: $0) },
            startedAt: row.startedAt.map { Timestamp(milliseconds: $0) },
            finishedAt: row.endedAt.map { Timestamp(milliseconds: $0) },
            extra: try row.extra.map { try decoder.decode(WorkflowExtra.self, from: $0) } ?? WorkflowExtra())
        if let id = row.parentID, let task = row.parentTask, let attempt = row.parentAttempt {
            header.parent = ParentReference(
                workflowID: WorkflowID(unchecked: id), taskID: TaskID(unchecked: task), attempt: attempt,
                depth: standing.extra.depth ?? 1)
        }
        let workflow = WorkflowSnapshot(
            id: WorkflowID(unchecked: row.id), header: header, plan: row.plan ?? .null, standing: standing)
        try self.init(
            workflow: workflow, tasks: try stored.tasks.map { try TaskSnapshot($0) },
            taken: stored.takenMessages.map { MessageID(unchecked: $0) })
    }
}

extension TaskSnapshot {
    init(_ row: TaskRow) throws {
        let decoder = JSONValueDecoder()
        func time(_ milliseconds: Int64?) -> Timestamp? { milliseconds.map { Timestamp(milliseconds: $0) } }
        self.init(
            id: TaskID(unchecked: row.taskID), kind: row.kind, skill: row.skill.map { SkillID(unchecked: $0) },
            domain: row.domain.map { DomainName(unchecked: $0) }, status: try TaskStatus(row: row.status),
            attempt: row.attempt, executor: row.executor.map { ExecutorID(unchecked: $0) }, delivery: row.delivery ?? 0,
            output: row.output, error: try row.error.map { try decoder.decode(TaskError.self, from: $0) },
            artifacts: try row.artifacts.map { try decoder.decode([ArtifactRecord].self, from: $0) } ?? [],
            items: row.items?.array, dispatchedAt: time(row.dispatchedAt), startedAt: time(row.startedAt),
            finishedAt: time(row.endedAt), deadline: time(row.deadline), leaseUntil: time(row.leaseUntil),
            retryAt: time(row.retryAt), wakeAt: time(row.wakeAt),
            extra: try row.extra.map { try decoder.decode(TaskExtra.self, from: $0) } ?? TaskExtra())
    }
}

/// A row that says what no version of ours writes.
struct RowError: Error, CustomStringConvertible {
    let description: String
}

extension WorkflowStatus {
    fileprivate init(row: String) throws {
        guard let status = WorkflowStatus(rawValue: row) else { throw RowError(description: "workflow status \(row)") }
        self = status
    }
}

extension TaskStatus {
    fileprivate init(row: String) throws {
        guard let status = TaskStatus(rawValue: row) else { throw RowError(description: "task status \(row)") }
        self = status
    }
}

extension JSONValue {
    /// What a value of ours is as JSON; nothing for nothing.
    fileprivate init?(encoding value: (some Encodable)?) {
        guard let value, let json = try? JSONValueEncoder().encode(value) else { return nil }
        self = json
    }
}
