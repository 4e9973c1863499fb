import Postgres

/// A run that says it is alive.
package struct RowLease: Sendable, Hashable {
    package var workflowID: String
    package var taskID: String
    package var attempt: Int
    package var executor: String
    package var until: Int64

    package init(workflowID: String, taskID: String, attempt: Int, executor: String, until: Int64) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.until = until
    }

    /// One of each run, in the order in which all lock.
    static func latest(of runs: [RowLease]) -> [RowLease] {
        Dictionary(runs.map { (Run($0), $0) }) { $0.until > $1.until ? $0 : $1 }.values
            .sorted { ($0.workflowID, $0.taskID) < ($1.workflowID, $1.taskID) }
    }
}

/// A wake-up that nobody has published in time.
package struct OverdueWake: Sendable, Hashable {
    package var workflowID: String
    /// `nil` when it is the workflow's own.
    package var taskID: String?
    package var attempt: Int?
    package var wakeAt: Int64

    package init(workflowID: String, taskID: String?, attempt: Int?, wakeAt: Int64) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.wakeAt = wakeAt
    }
}

/// One run of one attempt.
private struct Run: Hashable {
    let workflowID: String
    let taskID: String
    let attempt: Int
    let executor: String

    init(_ lease: RowLease) {
        (workflowID, taskID, attempt, executor) = (lease.workflowID, lease.taskID, lease.attempt, lease.executor)
    }

    init(_ row: PostgresRow) throws {
        (workflowID, taskID) = (try row["workflow_id"], try row["task_id"])
        (attempt, executor) = (try row["attempt"], try row["executor"])
    }
}

extension [RowLease] {
    /// The arrays of extend_leases.sql, in its order.
    var parameters: [PostgresValue] {
        [texts(\.workflowID), texts(\.taskID), ints(\.attempt), texts(\.executor), times(\.until)]
    }

    /// Those that do not hold their attempts.
    ///
    /// - Parameter rows: of the runs that do.
    func strangers(_ rows: [PostgresRow]) throws -> [RowLease] {
        let holders = try Set(rows.map(Run.init))
        return filter { !holders.contains(Run($0)) }
    }
}

extension Store {
    /// Extends the leases of the runs that hold their attempts.
    ///
    /// - Returns: the runs that do not: they are to be told so.
    package func extendLeases(_ runs: [RowLease]) async throws -> [RowLease] {
        try await commit(Changes(leases: runs)).strangers
    }

    /// Wake-ups that are overdue, marked as swept: they are not returned again for `pause`.
    ///
    /// - Parameters:
    ///   - lateness: how long they are overdue at least.
    ///   - limit: how many at most, of tasks and of workflows each.
    package func sweepOverdue(
        by lateness: Duration = .seconds(2), pause: Duration = .seconds(30), limit: Int = 1000
    ) async throws -> [OverdueWake] {
        let parameters = [PostgresValue.interval(lateness), .interval(pause), .int(limit)]
        let results = try await database.pipeline([(Query.sweepTasks, parameters), (Query.sweepWorkflows, parameters)])
        let tasks = try results[0].rows.map { row in
            OverdueWake(
                workflowID: try row["workflow_id"], taskID: try row["task_id"], attempt: try row["attempt"],
                wakeAt: try row["wake_at"])
        }
        let workflows = try results[1].rows.map { row in
            OverdueWake(workflowID: try row["workflow_id"], taskID: nil, attempt: nil, wakeAt: try row["wake_at"])
        }
        return tasks + workflows
    }

    /// Workflows that are to be woken soon, also where somebody has that in mind; their tasks aside.
    package func workflowsDue(within span: Duration, limit: Int) async throws -> [String] {
        try await database.query(Query.dueWorkflows, [.interval(span), .int(limit)]).map { try $0["id"] }
    }

    /// Takes a slot of a concurrency key for a queued workflow, if it is next in line; one that has one already keeps it.
    ///
    /// - Returns: the slot that the workflow holds now.
    package func takeSlot(of key: String, limit: Int, for workflowID: String) async throws -> Int? {
        try await database.query(Query.takeSlot, [.text(key), .int(limit), .text(workflowID)]).first?["slot"]
    }

    /// The queued workflow that is next in line for each concurrency key; slots whose workflows have ended are given back.
    package func sweepSlots() async throws -> [String] {
        try await database.query(Query.sweepSlots).map { try $0["id"] }
    }

    /// The queued workflow that is next in line for each of these concurrency keys.
    package func nextQueued(for keys: [String]) async throws -> [String: String] {
        var next: [String: String] = [:]
        for row in try await database.query(Query.nextQueued, [.texts(keys)]) { next[try row["key"]] = try row["id"] }
        return next
    }
}
