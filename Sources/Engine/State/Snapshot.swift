package import Contracts
package import JSON

/// What the row of a workflow holds.
package struct WorkflowSnapshot: Codable, Sendable {
    package var id: WorkflowID
    package var header: WorkflowHeader
    /// Normalized, as ``Plan/json``.
    package var plan: JSONValue
    package var standing: WorkflowStanding

    package init(id: WorkflowID, header: WorkflowHeader, plan: JSONValue, standing: WorkflowStanding) {
        self.id = id
        self.header = header
        self.plan = plan
        self.standing = standing
    }
}

/// What changes of a workflow's row.
package struct WorkflowStanding: Codable, Sendable {
    package var status: WorkflowStatus
    /// The `seq` of the last event.
    package var revision: Int
    package var output: JSONValue?
    package var error: WorkflowError?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var extra: WorkflowExtra

    package init(
        status: WorkflowStatus, revision: Int, output: JSONValue?, error: WorkflowError?, startedAt: Timestamp?,
        finishedAt: Timestamp?, extra: WorkflowExtra
    ) {
        self.status = status
        self.revision = revision
        self.output = output
        self.error = error
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.extra = extra
    }
}

/// What the row of a task holds. Its first row is that of its first event: before, a pending task has none.
package struct TaskSnapshot: Codable, Sendable {
    package var id: TaskID
    package var kind: String
    package var skill: SkillID?
    package var domain: DomainName?
    package var status: TaskStatus
    package var attempt: Int
    package var executor: ExecutorID?
    package var delivery: Int
    package var output: JSONValue?
    package var error: TaskError?
    package var artifacts: [ArtifactRecord]
    /// Of a `forEach` task that has fanned out: what its instances run for.
    package var items: [JSONValue]?
    package var dispatchedAt: Timestamp?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var deadline: Timestamp?
    package var leaseUntil: Timestamp?
    package var retryAt: Timestamp?
    package var wakeAt: Timestamp?
    package var extra: TaskExtra

    package init(
        id: TaskID, kind: String, skill: SkillID?, domain: DomainName?, status: TaskStatus, attempt: Int,
        executor: ExecutorID?, delivery: Int, output: JSONValue?, error: TaskError?, artifacts: [ArtifactRecord],
        items: [JSONValue]?, dispatchedAt: Timestamp?, startedAt: Timestamp?, finishedAt: Timestamp?,
        deadline: Timestamp?, leaseUntil: Timestamp?, retryAt: Timestamp?, wakeAt: Timestamp?, extra: TaskExtra
    ) {
        self.id = id
        self.kind = kind
        self.skill = skill
        self.domain = domain
        self.status = status
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
        self.output = output
        self.error = error
        self.artifacts = artifacts
        self.items = items
        self.dispatchedAt = dispatchedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.deadline = deadline
        self.leaseUntil = leaseUntil
        self.retryAt = retryAt
        self.wakeAt = wakeAt
        self.extra = extra
    }
}

extension WorkflowState {
    /// Where a task, or the task it is an instance of, stands in the plan.
    package func position(of task: TaskID) -> Int? { indices[task].map { tasks[$0].planned } }

    /// The row of the workflow as it stands; `nil` before it is created.
    package var snapshot: WorkflowSnapshot? {
        guard let header, let standing else { return nil }
        return WorkflowSnapshot(id: id, header: header, plan: plan.json, standing: standing)
    }

    /// The rows of all tasks that have one.
    package var taskSnapshots: [TaskSnapshot] {
        tasks.indices.filter { tasks[$0].status != .pending || tasks[$0].attempt > 0 }.map(snapshot(of:))
    }

    /// How the workflow stands; `nil` before it is created.
    package var standing: WorkflowStanding? {
        status.map {
            WorkflowStanding(
                status: $0, revision: seq, output: output, error: error, startedAt: startedAt, finishedAt: finishedAt,
                extra: extra)
        }
    }

    func snapshot(of index: Int) -> TaskSnapshot {
        let (task, planned) = (tasks[index], planned(index))
        return TaskSnapshot(
            id: task.id, kind: planned.kind.name, skill: planned.call?.skill, domain: planned.call?.domain,
            status: task.status, attempt: task.attempt, executor: task.executor, delivery: task.delivery,
            output: task.output, error: task.error, artifacts: task.artifacts, items: task.items,
            dispatchedAt: task.dispatchedAt, startedAt: task.startedAt, finishedAt: task.finishedAt,
            deadline: task.deadline, leaseUntil: task.leaseUntil, retryAt: task.retryAt, wakeAt: task.wakeAt,
            extra: task.extra)
    }

    /// The state that rows hold.
    ///
    /// - Parameters:
    ///   - tasks: all rows of its tasks, in any order.
    ///   - taken: each `id` and `causation` of its history.
    package init(
        workflow: WorkflowSnapshot, tasks rows: [TaskSnapshot], taken: some Sequence<MessageID>,
        limits: EngineLimits = EngineLimits()
    ) throws(PlanFormatError) {
        self.init(id: workflow.id, limits: limits)
        header = workflow.header
        status = workflow.standing.status
        seq = workflow.standing.revision
        output = workflow.standing.output
        error = workflow.standing.error
        startedAt = workflow.standing.startedAt
        finishedAt = workflow.standing.finishedAt
        extra = workflow.standing.extra
        self.taken = Set(taken)
        load(try Plan(json: workflow.plan))
        slotKey = try? evaluateSlotKey()
        for row in rows {
            if let items = row.items, let index = indices[row.id] { addInstances(of: index, items: items) }
        }
        for row in rows {
            guard let index = indices[row.id] ?? detached(row.id) else {
                throw PlanFormatError(path: "/tasks/\(row.id)", message: "a row of a task that the plan does not have")
            }
            restore(row, at: index)
        }
        changes.baseRevision = seq
    }

    /// An instance of a `forEach` task that has started over.
    private mutating func detached(_ id: TaskID) -> Int? {
        let parts = id.text.split(separator: ".")
        guard parts.count == 2, let position = Int(parts[1]), let index = indices[TaskID(unchecked: String(parts[0]))]
        else { return nil }
        return instance(of: index, at: position)
    }

    private mutating func restore(_ row: TaskSnapshot, at index: Int) {
        tasks[index].attempt = row.attempt
        tasks[index].executor = row.executor
        tasks[index].delivery = row.delivery
        tasks[index].output = row.output
        tasks[index].error = row.error
        tasks[index].artifacts = row.artifacts
        tasks[index].dispatchedAt = row.dispatchedAt
        tasks[index].startedAt = row.startedAt
        tasks[index].finishedAt = row.finishedAt
        tasks[index].deadline = row.deadline
        tasks[index].leaseUntil = row.leaseUntil
        tasks[index].retryAt = row.retryAt
        tasks[index].wakeAt = row.wakeAt
        tasks[index].extra = row.extra
        transition(index, to: row.status)
    }
}
