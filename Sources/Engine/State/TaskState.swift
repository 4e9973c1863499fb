package import Contracts
package import JSON

/// How one task of a workflow stands: a task of the plan, or an instance of one with `forEach`.
package struct TaskState: Sendable {
    package let id: TaskID
    /// Which task of the plan it is, or is an instance of.
    let planned: Int
    /// Of an instance: the index of its task, and its place in the list.
    let origin: (task: Int, position: Int)?

    package internal(set) var status = TaskStatus.pending
    /// 0 before the first.
    package internal(set) var attempt = 0
    /// Whose run holds the attempt, and how often its order had been handed out before.
    package internal(set) var executor: ExecutorID?
    package internal(set) var delivery = 0
    package internal(set) var output: JSONValue?
    package internal(set) var error: TaskError?
    package internal(set) var artifacts: [ArtifactRecord] = []
    /// Of a `forEach` task that has fanned out: what its instances run for.
    package internal(set) var items: [JSONValue]?

    package internal(set) var dispatchedAt: Timestamp?
    package internal(set) var startedAt: Timestamp?
    package internal(set) var finishedAt: Timestamp?
    /// Of a dispatched task: to be begun by then; of a running one: to be ended by then.
    package internal(set) var deadline: Timestamp?
    package internal(set) var leaseUntil: Timestamp?
    package internal(set) var retryAt: Timestamp?
    /// When a `task.wake` is wanted. Heartbeats move only the lease; this moves when the wake-up has come too early.
    package internal(set) var wakeAt: Timestamp?

    package internal(set) var extra = TaskExtra()

    /// Needs that have not ended.
    var unmet = 0
    /// Of a `forEach` task: its instances among the tasks, and how many of them have not ended.
    var instances: [Int] = []
    /// The tasks whose failure it handles.
    var handles: [Int] = []
    /// The task that it undoes: it runs only for that.
    var undoes: Int?
    var open = 0
    /// What is to be written of it at the next commit.
    var touched = Touched.nothing

    enum Touched: Int, Sendable { case nothing, lease, row }

    init(id: TaskID, planned: Int, origin: (task: Int, position: Int)? = nil) {
        self.id = id
        self.planned = planned
        self.origin = origin
    }

    /// Whether an order is out.
    var isOut: Bool { status == .dispatched || status == .running && items == nil }

    /// What is due next.
    var due: Timestamp? {
        switch status {
        case .dispatched: deadline
        case .running: [deadline, leaseUntil].compactMap { $0 }.min()
        case .retryWait: retryAt
        case .awaitingApproval: deadline
        default: nil
        }
    }

    func isRun(of executor: ExecutorID, delivery: Int, attempt: Int) -> Bool {
        self.executor == executor && self.delivery == delivery && self.attempt == attempt
    }
}
