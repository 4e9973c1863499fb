package import JSON

/// A task as it stands. Times are milliseconds since the epoch.
package struct TaskRow: Sendable, Equatable {
    package var workflowID: String
    package var taskID: String
    /// The task's key in the plan, without an instance's number.
    package var key: String
    package var instance: Int?
    /// Its place in the plan.
    package var position: Int
    /// `skill`, `approval`, `gate`, `workflow` or `wait`.
    package var kind: String
    package var skill: String?
    package var domain: String?
    package var status: String
    /// What holds it while it is `pending`; `window` is one of its domain's window.
    package var statusReason: String?
    package var attempt: Int
    /// How many of its needs are not met yet.
    package var unmet: Int
    /// Who holds the attempt.
    package var executor: String?
    package var delivery: Int?
    package var leaseUntil: Int64?
    package var wakeAt: Int64?
    package var sweptAt: Int64?
    package var createdAt: Int64
    package var dispatchedAt: Int64?
    package var startedAt: Int64?
    package var endedAt: Int64?
    /// Of a dispatched task: to be begun by then; of a running one: to be ended by then.
    package var deadline: Int64?
    package var retryAt: Int64?
    package var input: JSONValue?
    package var output: JSONValue?
    package var error: JSONValue?
    /// The records of its artifacts, as its completion named them.
    package var artifacts: JSONValue?
    /// Of a task that has fanned out: what its instances run for.
    package var items: JSONValue?
    /// What else the engine keeps.
    package var extra: JSONValue?

    package init(
        workflowID: String, taskID: String, key: String, instance: Int? = nil, position: Int = 0,
        kind: String = "skill",
        skill: String? = nil, domain: String? = nil, status: String, statusReason: String? = nil, attempt: Int = 0,
        unmet: Int = 0, executor: String? = nil, delivery: Int? = nil, leaseUntil: Int64? = nil,
        wakeAt: Int64? = nil, sweptAt: Int64? = nil, createdAt: Int64, dispatchedAt: Int64? = nil,
        startedAt: Int64? = nil, endedAt: Int64? = nil, deadline: Int64? = nil, retryAt: Int64? = nil,
        input: JSONValue? = nil, output: JSONValue? = nil,
        error: JSONValue? = nil, artifacts: JSONValue? = nil, items: JSONValue? = nil, extra: JSONValue? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.key = key
        self.instance = instance
        self.position = position
        self.kind = kind
        self.skill = skill
        self.domain = domain
        self.status = status
        self.statusReason = statusReason
        self.attempt = attempt
        self.unmet = unmet
        self.executor = executor
        self.delivery = delivery
        self.leaseUntil = leaseUntil
        self.wakeAt = wakeAt
        self.sweptAt = sweptAt
        self.createdAt = createdAt
        self.dispatchedAt = dispatchedAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.deadline = deadline
        self.retryAt = retryAt
        self.input = input
        self.output = output
        self.error = error
        self.artifacts = artifacts
        self.items = items
        self.extra = extra
    }
}
