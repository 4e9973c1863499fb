import JSON
import Postgres

/// A workflow as it was read: its row, its tasks, and the messages that it has taken.
package struct StoredWorkflow: Sendable {
    package var row: WorkflowRow
    /// In the order of the plan.
    package var tasks: [TaskRow]
    /// Every id and causation of its history.
    package var takenMessages: Set<String>

    package init(row: WorkflowRow, tasks: [TaskRow], takenMessages: Set<String>) {
        self.row = row
        self.tasks = tasks
        self.takenMessages = takenMessages
    }
}

/// What a batch of messages has led to. One row for each workflow and each task.
package struct Changes: Sendable {
    /// New ones with revision 0, whole; others with the revision that they build on, of which what never changes (request,
    /// actor …) is not looked at, and a `plan`, an `input` or a concurrency key of `nil` stays as it is.
    package var workflows: [WorkflowRow]
    /// Whole rows, as they are to be; of workflows that are named above.
    package var tasks: [TaskRow]
    /// Those of one workflow in `seq` order.
    package var events: [EventRow]
    /// Runs that were heard of, of any workflows: their leases do not depend on a revision.
    package var leases: [RowLease]
    /// The workflows that give their concurrency slots back.
    package var freeSlotsOf: [String]
    /// What was asked, and what was decided; of workflows that are named above.
    package var approvals: [ApprovalRow]
    /// What people have done to workflows that are named above.
    package var audits: [AuditRow]

    package init(
        workflows: [WorkflowRow] = [], tasks: [TaskRow] = [], events: [EventRow] = [], leases: [RowLease] = [],
        freeSlotsOf: [String] = [], approvals: [ApprovalRow] = [], audits: [AuditRow] = []
    ) {
        self.workflows = workflows
        self.tasks = tasks
        self.events = events
        self.leases = leases
        self.freeSlotsOf = freeSlotsOf
        self.approvals = approvals
        self.audits = audits
    }
}

package struct CommitOutcome: Sendable, Equatable {
    /// The new revisions of the workflows that were written, by id.
    package var revisions: [String: Int] = [:]
    /// The workflows that somebody else has moved on or made meanwhile: nothing of theirs was written; read them anew.
    package var lost: Set<String> = []
    /// Runs that do not hold the attempt that they speak of.
    package var strangers: [RowLease] = []
    /// Concurrency keys that have a free slot now.
    package var freedKeys: Set<String> = []
    /// The database's clock; absent when no workflow was written.
    package var clock: Int64?

    package init(
        revisions: [String: Int] = [:], lost: Set<String> = [], strangers: [RowLease] = [], freedKeys: Set<String> = [],
        clock: Int64? = nil
    ) {
        self.revisions = revisions
        self.lost = lost
        self.strangers = strangers
        self.freedKeys = freedKeys
        self.clock = clock
    }
}

extension Store {
    /// Reads workflows as they stand at one moment; those that do not exist are left out.
    ///
    /// - Returns: by id; and the database's clock, absent when nothing was found.
    package func load(_ ids: [String]) async throws -> (workflows: [String: StoredWorkflow], clock: Int64?) {
        guard !ids.isEmpty else { return ([:], nil) }
        let parameters = [PostgresValue.texts(ids)]
        let results = try await snapshot([Query.loadWorkflows, Query.loadTasks, Query.loadTaken], parameters)
        var workflows: [String: StoredWorkflow] = [:]
        for row in results[0].rows {
            let workflow = try WorkflowRow(row)
            workflows[workflow.id] = StoredWorkflow(row: workflow, tasks: [], takenMessages: [])
        }
        for row in results[1].rows {
            let task = try TaskRow(row)
            workflows[task.workflowID]?.tasks.append(task)
        }
        for row in results[2].rows {
            let ids: [String] = try row["ids"]
            workflows[try row["workflow_id"]]?.takenMessages = Set(ids)
        }
        return (workflows, try results[0].rows.first?["clock"])
    }

    /// Writes the states and the histories that a batch leads to, in one transaction; workflow by workflow all or nothing.
    ///
    /// - Throws: ``PostgresError``; with `.commitUnknown` all was written that could be, or nothing: read to know.
    package func commit(_ changes: Changes) async throws -> CommitOutcome {
        // Sorted, so that two batches that meet lock in the same order.
        let workflows = changes.workflows.sorted { $0.id < $1.id }
        let leases = RowLease.latest(of: changes.leases)
        var batch: [(Statement, [PostgresValue])] = []
        if !workflows.isEmpty {
            let months = Dictionary(
                workflows.map { ($0.id, Self.month(of: $0.createdAt)) }, uniquingKeysWith: { first, _ in first }
            )
            try await ensureEvents(of: Set(months.values))
            let parameters =
                workflows.parameters + changes.tasks.parameters + changes.events.parameters(months: months)
            let people =
                [.texts(changes.freeSlotsOf.sorted())] + changes.approvals.parameters + changes.audits.parameters
            batch.append((Query.commit, parameters + people))
        }
        // After the states: a run whose start is in the same batch holds its attempt by then.
        if !leases.isEmpty { batch.append((Query.extendLeases, leases.parameters)) }
        guard !batch.isEmpty else { return CommitOutcome() }
        var results = try await persistently { [batch] in try await database.pipeline(batch) }
        var outcome = CommitOutcome(lost: Set(workflows.map(\.id)))
        if !leases.isEmpty { outcome.strangers = try leases.strangers(results.removeLast().rows) }
        for row in results.first?.rows ?? [] {
            let id: String = try row["id"]
            outcome.revisions[id] = try row["revision"]
            outcome.lost.remove(id)
            outcome.clock = try row["clock"]
            outcome.freedKeys = Set((try row["freed"] as [String]?) ?? [])
        }
        return outcome
    }

    /// What messages have caused, in whichever workflow, to be published once more, in the order of the histories.
    package func events(causedBy messages: [String]) async throws -> [EventRow] {
        guard !messages.isEmpty else { return [] }
        return try await database.query(Query.eventsByCausation, [.texts(messages)]).map(EventRow.init)
    }

    /// The history of a workflow, in `seq` order.
    package func history(_ workflowID: String, after seq: Int = 0, limit: Int = 10_000) async throws -> [EventRow] {
        try await database.query(Query.history, [.text(workflowID), .int(seq), .int(limit)]).map(EventRow.init)
    }
}

extension WorkflowRow {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row["id"], workspace: try row["workspace"], requestID: try row["request_id"],
            requestDigest: try row["request_digest"], name: try row["name"], version: try row["version"],
            status: try row["status"], statusReason: try row["status_reason"], priority: try row["priority"],
            concurrencyKey: try row["concurrency_key"], parentID: try row["parent_id"],
            parentTask: try row["parent_task"],
            parentAttempt: try row["parent_attempt"], seq: try row["seq"], revision: try row["revision"],
            wakeAt: try row["wake_at"],
            sweptAt: try row["swept_at"], createdAt: try row["created_at"], startedAt: try row["started_at"],
            endedAt: try row["ended_at"], plan: try row.json("plan"), input: try row.json("input"),
            output: try row.json("output"), error: try row.json("error"), actor: try row.json("actor"),
            reply: try row.json("reply"), notify: try row.json("notify"), gather: try row.json("gather"),
            extra: try row.json("extra"))
    }
}

extension TaskRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], taskID: try row["task_id"], key: try row["key"],
            instance: try row["instance"], position: try row["position"], kind: try row["kind"],
            skill: try row["skill"],
            domain: try row["domain"], status: try row["status"], statusReason: try row["status_reason"],
            attempt: try row["attempt"], unmet: try row["unmet"], executor: try row["executor"],
            delivery: try row["delivery"], leaseUntil: try row["lease_until"], wakeAt: try row["wake_at"],
            sweptAt: try row["swept_at"], createdAt: try row["created_at"], dispatchedAt: try row["dispatched_at"],
            startedAt: try row["started_at"], endedAt: try row["ended_at"], deadline: try row["deadline"],
            retryAt: try row["retry_at"], input: try row.json("input"), output: try row.json("output"),
            error: try row.json("error"), artifacts: try row.json("artifacts"), items: try row.json("items"),
            extra: try row.json("extra"))
    }
}

extension EventRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], seq: try row["seq"], id: try row["id"], type: try row["type"],
            taskID: try row["task_id"], attempt: try row["attempt"], causation: try row["causation"],
            actor: try row["actor"], recordedAt: try row["recorded_at"], isStale: try row["stale"],
            exchange: try row["exchange"], routingKey: try row["routing_key"],
            correlationID: try row["correlation_id"], isMandatory: try row["mandatory"], body: try row["data"])
    }
}

// The arrays of commit.sql, in its order.

extension [WorkflowRow] {
    fileprivate var parameters: [PostgresValue] {
        // Of a row that is there already, what never changes is not sent.
        func once<Value>(_ value: @escaping (WorkflowRow) -> Value?) -> (WorkflowRow) -> Value? {
            { $0.revision == 0 ? value($0) : nil }
        }
        return [
            texts(\.id), ints(\.revision), texts(once(\.workspace)), texts(once(\.requestID)),
            texts(once(\.requestDigest)),
            texts(once(\.name)), ints(once(\.version)), texts(\.status), texts(\.statusReason),
            ints(\.priority), texts(\.concurrencyKey), texts(once(\.parentID)), texts(once(\.parentTask)),
            ints(once(\.parentAttempt)), ints(\.seq), times(\.wakeAt), times(\.createdAt),
            times(\.startedAt), times(\.endedAt), jsons(\.plan), jsons(\.input), jsons(\.output),
            jsons(\.error), jsons(once(\.actor)), jsons(once(\.reply)), jsons(once(\.notify)),
            jsons(once(\.gather)),
            jsons(\.extra),
        ]
    }
}

extension [TaskRow] {
    fileprivate var parameters: [PostgresValue] {
        let rows = sorted { ($0.workflowID, $0.taskID) < ($1.workflowID, $1.taskID) }
        return [
            rows.texts(\.workflowID), rows.texts(\.taskID), rows.texts(\.key), rows.ints(\.instance),
            rows.ints(\.position), rows.texts(\.kind), rows.texts(\.skill), rows.texts(\.domain), rows.texts(\.status),
            rows.texts(\.statusReason), rows.ints(\.attempt), rows.ints(\.unmet), rows.texts(\.executor),
            rows.ints(\.delivery), rows.times(\.leaseUntil), rows.times(\.wakeAt), rows.times(\.createdAt),
            rows.times(\.dispatchedAt), rows.times(\.startedAt), rows.times(\.endedAt), rows.times(\.deadline),
            rows.times(\.retryAt), rows.jsons(\.input), rows.jsons(\.output), rows.jsons(\.error),
            rows.jsons(\.artifacts), rows.jsons(\.items), rows.jsons(\.extra),
        ]
    }
}

extension [EventRow] {
    fileprivate func parameters(months: [String: String]) -> [PostgresValue] {
        [
            texts { months[$0.workflowID] }, texts(\.workflowID), ints(\.seq), texts(\.id), texts(\.type),
            texts(\.taskID),
            ints(\.attempt), texts(\.causation), texts(\.actor), times(\.recordedAt), bools(\.isStale),
            texts(\.exchange),
            texts(\.routingKey), texts(\.correlationID), bools(\.isMandatory), .jsons(map(\.body)),
        ]
    }
}
