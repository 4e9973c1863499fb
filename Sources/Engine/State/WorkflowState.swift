package import Contracts
package import JSON

/// A workflow as its history makes it.
///
/// `handle` decides and never changes it; `apply` changes it and never decides: the state is `apply` folded over the
/// history, leases aside. `take` does both in one pass over its own storage, at a cost that depends on what the
/// message touches, not on the size of the workflow.
package struct WorkflowState: Sendable {
    package let id: WorkflowID
    package var limits: EngineLimits

    /// `nil` until the workflow has been created.
    package internal(set) var status: WorkflowStatus?
    /// Of the last event of its history; also the `revision` of its row.
    package internal(set) var seq = 0
    package internal(set) var header: WorkflowHeader?
    package internal(set) var plan = Plan(tasks: [])
    package internal(set) var output: JSONValue?
    package internal(set) var error: WorkflowError?
    package internal(set) var startedAt: Timestamp?
    package internal(set) var finishedAt: Timestamp?
    package internal(set) var extra = WorkflowExtra()
    /// The tasks of the plan and their instances, in the order in which they came to be.
    package internal(set) var tasks: [TaskState] = []
    /// Each id and causation of its history.
    package internal(set) var taken: Set<MessageID> = []
    /// Orders that are out, by domain.
    package internal(set) var out: [DomainName: Int] = [:]

    /// Of its concurrency key, with the workspace before it; `nil` when it needs no slot.
    package internal(set) var slotKey: String?
    var indices: [TaskID: Int] = [:]
    /// Where the tasks of the plan stand among ``tasks``, in the plan's order.
    var places: [Int] = []
    /// Of each task, those of the plan that need it; instances have none.
    var dependents: [[Int]] = []
    /// Tasks of the plan that have not ended.
    var remaining = 0
    /// What has changed since the last ``takeChanges()``.
    var changes = ChangeLog()

    package init(id: WorkflowID, limits: EngineLimits = EngineLimits()) {
        self.id = id
        self.limits = limits
    }

    package var exists: Bool { status != nil }
    package var isTerminal: Bool { status?.isTerminal == true }

    package func task(_ id: TaskID) -> TaskState? { indices[id].map { tasks[$0] } }

    func planned(_ index: Int) -> PlannedTask { plan.tasks[tasks[index].planned] }
    func call(_ index: Int) -> SkillCall? { planned(index).call }

    /// Whether a task ended well, as far as those that need it are concerned.
    func isWell(_ index: Int) -> Bool {
        switch tasks[index].status {
        case .succeeded: true
        case .failed: isHandled(index)
        case .cancelled: planned(index).onFailure == .continue
        case .skipped: tasks[index].extra.isWaived == true || isIdleHandler(index)
        default: false
        }
    }
}

/// What never changes of a workflow, its plan aside.
package struct WorkflowHeader: Codable, Sendable {
    package var requestID: RequestID
    package var workspace: Workspace
    package var requestDigest: String
    package var name: String
    package var version: Int
    package var input: JSONValue
    package var actor: Actor
    package var priority: Int
    package var notify: JSONValue?
    package var gather: JSONValue?
    package var createdAt: Timestamp
    /// The task that asked for it.
    package var parent: ParentReference?

    package init(
        requestID: RequestID, workspace: Workspace, requestDigest: String, name: String, version: Int,
        input: JSONValue, actor: Actor, priority: Int, notify: JSONValue?, gather: JSONValue?, createdAt: Timestamp,
        parent: ParentReference? = nil
    ) {
        self.requestID = requestID
        self.workspace = workspace
        self.requestDigest = requestDigest
        self.name = name
        self.version = version
        self.input = input
        self.actor = actor
        self.priority = priority
        self.notify = notify
        self.gather = gather
        self.createdAt = createdAt
        self.parent = parent
    }

    init(_ body: WorkflowCreated, createdAt: Timestamp) {
        self.init(
            requestID: body.requestID, workspace: body.workspace, requestDigest: body.requestDigest, name: body.name,
            version: body.version, input: body.input, actor: body.actor, priority: body.priority, notify: body.notify,
            gather: body.gather, createdAt: createdAt, parent: body.parent)
    }
}
