import Contracts
import JSON
import Store

/// What a watcher knows of a workflow: a pure value, changed by what is heard and by what is read.
struct WatchState: Sendable {
    let id: WorkflowID
    var title = ""
    var status = "requested"
    var error: String?
    var createdAt: Int64?
    var endedAt: Int64?
    private(set) var tasks: [String: WatchedTask] = [:]
    private(set) var follower = ProgressFollower()

    init(id: WorkflowID) { self.id = id }

    static let ended: Set = ["succeeded", "failed", "cancelled"]
    var hasEnded: Bool { Self.ended.contains(status) }
    /// The last revision speaks of the end, with everything that was to come.
    var isClosed: Bool { follower.latest.map { $0.pane != .early } ?? false }

    /// In the order of the plan.
    var ordered: [WatchedTask] { tasks.values.sorted { ($0.position, $0.id) < ($1.position, $1.id) } }

    var taskStates: JSONValue { .object(JSONObject(ordered.map { ($0.id, .string($0.status)) })) }

    /// How many tasks are in each state.
    var counts: [String: Int] { tasks.values.reduce(into: [:]) { $0[$1.status, default: 0] += 1 } }

    // MARK: What is read

    mutating func take(_ stored: StoredWorkflow) {
        title = stored.row.name + (stored.row.version.map { "@\($0)" } ?? "")
        createdAt = stored.row.createdAt
        endedAt = stored.row.endedAt
        if !hasEnded || Self.ended.contains(stored.row.status) { status = stored.row.status }
        if let error = stored.row.error { self.error = error["message"]?.string ?? error["code"]?.string }
        // A task has no row while it is pending.
        for (position, member) in (stored.row.plan?["tasks"]?.object?.members ?? []).enumerated()
        where tasks[member.name] == nil {
            tasks[member.name] = WatchedTask(planned: member.name, member.value, position: position)
        }
        for row in stored.tasks {
            var task = WatchedTask(row)
            if let known = tasks[task.id] {
                if (task.attempt, task.status) == (known.attempt, known.status) {
                    (task.progress, task.message) = (known.progress, known.message)
                } else if task.isOlder(than: known.status, attempt: known.attempt), !task.hasEnded {
                    continue
                }
            }
            tasks[task.id] = task
        }
    }

    mutating func take(_ progress: WorkflowProgress) -> ProgressFollower.Step { follower.take(progress) }

    // MARK: What is heard

    /// - Returns: whether something has changed.
    mutating func take(_ message: InboundMessage) -> Bool {
        let before = (status, tasks)
        let now = (message.envelope.time ?? Timestamp(milliseconds: Moment.now)).milliseconds
        switch message.body {
        case .taskDispatched(let body): note(body.taskID, message, "dispatched", body.attempt) { $0.error = nil }
        case .taskStarted(let body): note(body.taskID, message, "running", body.attempt) { $0.startedAt = now }
        case .taskHeartbeat(let body):
            note(body.taskID, message, "running", body.attempt) { $0.startedAt = $0.startedAt ?? now }
            if tasks[body.taskID.text]?.attempt == body.attempt {
                tasks[body.taskID.text]?.progress = body.progress
                tasks[body.taskID.text]?.message = body.message
            }
        case .taskCompleted(let body): note(body.taskID, message, "succeeded", body.attempt) { $0.endedAt = now }
        case .taskFailed(let body):
            note(body.taskID, message, "failed", body.attempt) {
                $0.endedAt = now
                $0.error = body.error.message
            }
        case .taskRetrying(let body):
            note(body.taskID, message, "retry_wait", body.attempt) {
                $0.endedAt = nil
                $0.error = body.error.message
            }
        case .taskSkipped(let body):
            note(body.taskID, message, "skipped", body.attempt) {
                $0.endedAt = now
                $0.error = body.reason
            }
        case .approvalRequested(let body):
            note(body.taskID, message, "awaiting_approval", body.attempt) { $0.startedAt = now }
        case .taskWaiting(let body): note(body.taskID, message, "running", body.attempt) { $0.startedAt = now }
        case .taskReset(let body): reset(body)
        case .taskCancelled(let body): note(body.taskID, message, "cancelled", body.attempt) { $0.endedAt = now }
        case .workflowPaused: if !hasEnded { status = "paused" }
        case .workflowResumed: if !hasEnded { status = "running" }
        case .workflowReopened:
            (status, error, endedAt) = ("running", nil, nil)
        case .workflowCompleted(let body):
            status = body.status.rawValue
            error = body.error?.message
            endedAt = now
        default: break
        }
        return before != (status, tasks)
    }

    private mutating func reset(_ body: TaskReset) {
        guard var task = tasks[body.taskID.text], task.attempt <= body.attempt else { return }
        (task.status, task.attempt, task.error) = (body.status.rawValue, body.attempt, nil)
        (task.progress, task.message, task.startedAt, task.endedAt) = (nil, nil, nil, nil)
        tasks[body.taskID.text] = task
    }

    private mutating func note(
        _ id: TaskID, _ message: InboundMessage, _ status: String, _ attempt: Int, _ change: (inout WatchedTask) -> Void
    ) {
        var task = tasks[id.text] ?? WatchedTask(id: id, key: message.key)
        guard task.isOlder(than: status, attempt: attempt) else { return }
        if attempt > task.attempt { (task.progress, task.message, task.startedAt, task.endedAt) = (nil, nil, nil, nil) }
        task.status = status
        task.attempt = attempt
        change(&task)
        tasks[id.text] = task
    }
}
