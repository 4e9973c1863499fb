package import JSON

/// A workflow as it stands: the sum of its history. Times are milliseconds since the epoch.
package struct WorkflowRow: Sendable, Equatable {
    package var id: String
    package var workspace: String
    package var requestID: String
    package var requestDigest: String
    package var name: String
    package var version: Int?
    /// `queued`, `running`, `paused`, `succeeded`, `failed` or `cancelled`.
    package var status: String
    /// What holds it: a concurrency limit, a person's pause …
    package var statusReason: String?
    package var priority: Int
    package var concurrencyKey: String?
    /// The task that started it, when it is a child: all three or none.
    package var parentID: String?
    package var parentTask: String?
    package var parentAttempt: Int?
    /// The last event's number in the history.
    package var seq: Int
    /// Grows with every commit, and guards it; 0 is a row that is not there yet.
    package var revision: Int
    package var wakeAt: Int64?
    package var sweptAt: Int64?
    package var createdAt: Int64
    package var startedAt: Int64?
    package var endedAt: Int64?
    /// Never absent in the table; `nil` in a change leaves it as it is.
    package var plan: JSONValue?
    package var input: JSONValue?
    package var output: JSONValue?
    package var error: JSONValue?
    package var actor: JSONValue?
    /// Where the sender wants its answer.
    package var reply: JSONValue?
    package var notify: JSONValue?
    package var gather: JSONValue?
    /// What else the engine keeps.
    package var extra: JSONValue?

    package init(
        id: String, workspace: String, requestID: String, requestDigest: String, name: String, version: Int? = nil,
        status: String, statusReason: String? = nil, priority: Int = 0, concurrencyKey: String? = nil,
        parentID: String? = nil, parentTask: String? = nil, parentAttempt: Int? = nil, seq: Int, revision: Int = 0,
        wakeAt: Int64? = nil, sweptAt: Int64? = nil, createdAt: Int64, startedAt: Int64? = nil, endedAt: Int64? = nil,
        plan: JSONValue? = nil,
        input: JSONValue? = nil, output: JSONValue? = nil, error: JSONValue? = nil, actor: JSONValue? = nil,
        reply: JSONValue? = nil, notify: JSONValue? = nil, gather: JSONValue? = nil, extra: JSONValue? = nil
    ) {
        self.id = id
        self.workspace = workspace
        self.requestID = requestID
        self.requestDigest = requestDigest
        self.name = name
        self.version = version
        self.status = status
        self.statusReason = statusReason
        self.priority = priority
        self.concurrencyKey = concurrencyKey
        self.parentID = parentID
        self.parentTask = parentTask
        self.parentAttempt = parentAttempt
        self.seq = seq
        self.revision = revision
        self.wakeAt = wakeAt
        self.sweptAt = sweptAt
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.plan = plan
        self.input = input
        self.output = output
        self.error = error
        self.actor = actor
        self.reply = reply
        self.notify = notify
        self.gather = gather
        self.extra = extra
    }
}
