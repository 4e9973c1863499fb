import Contracts
import JSON
import Postgres
import Store

/// PostgreSQL as far as our statements use it: each function is one transaction of `Queries/`, and does what it does.
///
/// Touched by one logical thread at a time.
final class SimulatedDatabase: @unchecked Sendable {  // one logical thread
    /// In milliseconds since the epoch.
    var now: Int64

    private(set) var workflows: [String: WorkflowRow] = [:]
    private(set) var tasks: [String: [String: TaskRow]] = [:]
    private(set) var events: [String: [EventRow]] = [:]
    /// How often each status was written.
    private(set) var reached: [String: Int] = [:]
    /// How often an event of each type was written into a history.
    private(set) var recorded: [String: Int] = [:]
    private var caused: [String: [(workflow: String, index: Int)]] = [:]
    /// Who holds which place of a concurrency key.
    private(set) var slots: [(key: String, slot: Int, workflow: String)] = []
    /// What was asked of people, by workflow and then by task and attempt.
    private(set) var approvals: [String: [String: ApprovalRow]] = [:]
    private(set) var audits: [String: [AuditRow]] = [:]
    private var executors: [String: ExecutorRow] = [:]
    private var replicas: [String: (kind: ReplicaKind, seenAt: Int64)] = [:]

    var gatherings: [String: GatheringRow] = [:]
    var gatheringTasks: [String: [String: GatheringTaskRow]] = [:]
    var artifacts: [String: [ArtifactRow]] = [:]
    var progress: [String: [ProgressRow]] = [:]

    init(now: Int64) { self.now = now }

    // MARK: The dispatcher's

    func load(_ ids: [String]) -> (workflows: [String: StoredWorkflow], clock: Int64?) {
        var found: [String: StoredWorkflow] = [:]
        for id in ids {
            guard let row = workflows[id] else { continue }
            var taken: Set<String> = []
            for event in events[id] ?? [] {
                taken.insert(event.id)
                if let causation = event.causation { taken.insert(causation) }
            }
            found[id] = StoredWorkflow(row: row, tasks: taskRows(id), takenMessages: taken)
        }
        return (found, found.isEmpty ? nil : now)
    }

    func taskRows(_ id: String) -> [TaskRow] {
        (tasks[id] ?? [:]).values.sorted { ($0.position, $0.taskID) < ($1.position, $1.taskID) }
    }

    func commit(_ changes: Changes) throws -> CommitOutcome {
        var outcome = CommitOutcome()
        let written = changes.workflows.filter { row in
            row.revision == 0 ? workflows[row.id] == nil : workflows[row.id]?.revision == row.revision
        }
        let ids = Set(written.map(\.id))
        outcome.lost = Set(changes.workflows.map(\.id)).subtracting(ids)
        try check(changes, ids)
        for row in written {
            let new = merged(row)
            workflows[row.id] = new
            reached["workflow \(row.status)", default: 0] += 1
            outcome.revisions[row.id] = new.revision
            outcome.clock = now
        }
        for row in changes.tasks where ids.contains(row.workflowID) {
            tasks[row.workflowID, default: [:]][row.taskID] = merged(row)
            reached["\(row.kind) \(row.status)", default: 0] += 1
        }
        for event in changes.events where ids.contains(event.workflowID) {
            if let causation = event.causation {
                caused[causation, default: []].append((event.workflowID, events[event.workflowID]?.count ?? 0))
            }
            events[event.workflowID, default: []].append(event)
            recorded[event.type, default: 0] += 1
        }
        for row in changes.approvals where ids.contains(row.workflowID) {
            let name = "\(row.taskID)#\(row.attempt)"
            var new = row
            if let old = approvals[row.workflowID]?[name] {
                (new.asked, new.askedAt, new.expiresAt) = (old.asked, old.askedAt, old.expiresAt)
            }
            approvals[row.workflowID, default: [:]][name] = new
            let standing = row.decision ?? (row.closedAt == nil ? "open" : "closed")
            reached["asked: \(standing)", default: 0] += 1
        }
        for row in changes.audits where ids.contains(row.workflowID) {
            audits[row.workflowID, default: []].append(row)
        }
        for id in changes.freeSlotsOf where ids.contains(id) {
            for slot in slots where slot.workflow == id { outcome.freedKeys.insert(slot.key) }
            slots.removeAll { $0.workflow == id }
        }
        outcome.strangers = extend(changes.leases)
        return outcome
    }

    /// The constraints of the schema.
    private func check(_ changes: Changes, _ written: Set<String>) throws {
        func refuse(_ constraint: String, _ what: String) -> PostgresError {
            PostgresError(.constraintViolation, "commit", what, sqlState: "23514", constraint: constraint)
        }
        let endings: Set = ["succeeded", "failed", "cancelled"]
        for row in changes.workflows where written.contains(row.id) {
            guard endings.contains(row.status) == (row.endedAt != nil) else {
                throw refuse("workflows_ended_at_iff_terminal", row.id)
            }
            guard row.endedAt == nil || row.wakeAt == nil else {
                throw refuse("workflows_never_wake_when_terminal", row.id)
            }
        }
        for row in changes.tasks where written.contains(row.workflowID) {
            let hasEnded = endings.contains(row.status) || row.status == "skipped"
            guard hasEnded == (row.endedAt != nil) else { throw refuse("tasks_ended_at_iff_terminal", row.taskID) }
            guard row.endedAt == nil || row.wakeAt == nil else {
                throw refuse("tasks_never_wake_when_terminal", row.taskID)
            }
            guard row.leaseUntil == nil || row.status == "running" else {
                throw refuse("tasks_lease_only_while_running", row.taskID)
            }
        }
        for row in changes.approvals where written.contains(row.workflowID) {
            guard row.decision == nil || row.closedAt != nil else {
                throw refuse("approvals_decided_are_closed", row.taskID)
            }
            guard (row.decision == nil) == (row.decidedBy == nil) else {
                throw refuse("approvals_decided_by_somebody", row.taskID)
            }
        }
        var next: [String: Int] = [:]
        for event in changes.events where written.contains(event.workflowID) {
            let expected = next[event.workflowID] ?? (events[event.workflowID]?.last?.seq ?? 0) + 1
            guard event.seq >= expected else {
                throw PostgresError(
                    .constraintViolation, "commit", "\(event.workflowID) has an event \(event.seq)", sqlState: "23505",
                    constraint: "events_pkey")
            }
            next[event.workflowID] = event.seq + 1
        }
    }

    private func merged(_ row: WorkflowRow) -> WorkflowRow {
        guard var new = workflows[row.id] else {
            var row = row
            row.revision = 1
            return row
        }
        if new.wakeAt != row.wakeAt { new.sweptAt = nil }
        (new.status, new.statusReason, new.priority, new.seq, new.wakeAt) =
            (row.status, row.statusReason, row.priority, row.seq, row.wakeAt)
        (new.startedAt, new.endedAt, new.output, new.error, new.extra) =
            (row.startedAt, row.endedAt, row.output, row.error, row.extra)
        if let plan = row.plan { new.plan = plan }
        if let input = row.input { new.input = input }
        if let key = row.concurrencyKey { new.concurrencyKey = key }
        new.revision += 1
        return new
    }

    private func merged(_ row: TaskRow) -> TaskRow {
        guard let old = tasks[row.workflowID]?[row.taskID] else { return row }
        var new = row
        (new.key, new.instance, new.position, new.kind, new.skill, new.domain, new.createdAt) =
            (old.key, old.instance, old.position, old.kind, old.skill, old.domain, old.createdAt)
        if let until = row.leaseUntil, old.attempt == row.attempt, old.executor == row.executor {
            new.leaseUntil = max(old.leaseUntil ?? until, until)
        }
        new.sweptAt = old.wakeAt == row.wakeAt ? old.sweptAt : nil
        return new
    }

    /// - Returns: the runs that do not hold their attempts.
    func extend(_ runs: [RowLease]) -> [RowLease] {
        // One of each run, the latest.
        var latest: [String: RowLease] = [:]
        for run in runs {
            let name = "\(run.workflowID)/\(run.taskID)/\(run.attempt)/\(run.executor)"
            if latest[name].map({ $0.until < run.until }) ?? true { latest[name] = run }
        }
        let runs = latest.sorted { $0.key < $1.key }.map(\.value)
        return runs.filter { run in
            guard var task = tasks[run.workflowID]?[run.taskID], task.status == "running",
                task.attempt == run.attempt, task.executor == run.executor
            else { return true }
            task.leaseUntil = max(task.leaseUntil ?? run.until, run.until)
            tasks[run.workflowID]?[run.taskID] = task
            return false
        }
    }

    func events(causedBy messages: [String]) -> [EventRow] {
        Set(messages).flatMap { caused[$0] ?? [] }
            .sorted { ($0.workflow, $0.index) < ($1.workflow, $1.index) }
            .compactMap { events[$0.workflow]?[$0.index] }
            .filter { event in
                // An order whose attempt no longer waits to start: nobody wants that work now.
                guard event.type == "task.dispatched", let task = event.taskID else { return true }
                let row = tasks[event.workflowID]?[task]
                return row?.status == "dispatched" && row?.attempt == event.attempt
            }
    }

    func sweep(by lateness: Int64, pause: Int64, limit: Int) -> [OverdueWake] {
        func isOverdue(_ wake: Int64?, _ swept: Int64?) -> Bool {
            guard let wake, wake <= now - lateness else { return false }
            return swept.map { $0 < now - pause } ?? true
        }
        var late: [TaskRow] = []
        for rows in tasks.values { late += rows.values.filter { isOverdue($0.wakeAt, $0.sweptAt) } }
        late.sort { ($0.wakeAt ?? 0, $0.workflowID, $0.taskID) < ($1.wakeAt ?? 0, $1.workflowID, $1.taskID) }
        for row in late.prefix(limit) { tasks[row.workflowID]?[row.taskID]?.sweptAt = now }
        let lateWorkflows = workflows.values.filter { isOverdue($0.wakeAt, $0.sweptAt) }
            .sorted { ($0.wakeAt ?? 0, $0.id) < ($1.wakeAt ?? 0, $1.id) }.prefix(limit)
        for row in lateWorkflows { workflows[row.id]?.sweptAt = now }
        return late.prefix(limit).map {
            OverdueWake(workflowID: $0.workflowID, taskID: $0.taskID, attempt: $0.attempt, wakeAt: $0.wakeAt ?? 0)
        } + lateWorkflows.map { OverdueWake(workflowID: $0.id, taskID: nil, attempt: nil, wakeAt: $0.wakeAt ?? 0) }
    }

    func workflowsDue(within span: Int64, limit: Int) -> [String] {
        workflows.values.filter { $0.wakeAt.map { $0 <= now + span } ?? false }
            .sorted { ($0.wakeAt ?? 0, $0.id) < ($1.wakeAt ?? 0, $1.id) }.prefix(limit).map(\.id)
    }

    // MARK: Slots

    /// The queued workflows of a concurrency key, the next one first.
    private func queued(_ key: String) -> [WorkflowRow] {
        workflows.values.filter { $0.status == "queued" && $0.concurrencyKey == key }
            .sorted { (-$0.priority, $0.createdAt, $0.id) < (-$1.priority, $1.createdAt, $1.id) }
    }

    func takeSlot(of key: String, limit: Int, for id: String) -> Int? {
        if let held = slots.first(where: { $0.key == key && $0.workflow == id }) { return held.slot }
        guard workflows[id]?.status == "queued" else { return nil }
        // Nobody goes before those that have waited longer.
        let holders = Set(slots.filter { $0.key == key }.map(\.workflow))
        let line = queued(key).filter { !holders.contains($0.id) }
        if let first = line.first, first.id != id, line.contains(where: { $0.id == id }) { return nil }
        let taken = Set(slots.filter { $0.key == key }.map(\.slot))
        guard limit > 0, let slot = (1...limit).first(where: { !taken.contains($0) }) else { return nil }
        slots.append((key, slot, id))
        return slot
    }

    func nextQueued(for keys: [String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: Set(keys).compactMap { key in queued(key).first.map { (key, $0.id) } })
    }

    func sweepSlots() -> [String] {
        slots.removeAll { workflows[$0.workflow]?.endedAt != nil }
        return nextQueued(for: workflows.values.compactMap(\.concurrencyKey)).values.sorted()
    }

    func record(_ rows: [ExecutorRow]) {
        for var row in rows {
            row.seenAt = now
            executors[row.id] = row
        }
    }

    func liveExecutors(within patience: Int64) -> [ExecutorRow] {
        executors.values.filter { $0.seenAt > now - patience }.sorted { ($0.domain, $0.id) < ($1.domain, $1.id) }
    }

    func announce(_ id: String, _ kind: ReplicaKind) { replicas[id] = (kind, now) }

    func liveReplicas(_ kind: ReplicaKind, within patience: Int64) -> [String] {
        replicas.filter { $0.value.kind == kind && $0.value.seenAt > now - patience }.keys.sorted()
    }

    /// Wake-ups of what has ended, and leases of what does not run.
    func strayWakeups() -> [String] {
        var stray: [String] = []
        for row in tasks.values.flatMap(\.values) {
            if row.wakeAt != nil, row.endedAt != nil { stray.append("\(row.workflowID)/\(row.taskID) wakes") }
            if row.leaseUntil != nil, row.status != "running" {
                stray.append("\(row.workflowID)/\(row.taskID) is leased")
            }
        }
        return stray + workflows.values.filter { $0.wakeAt != nil && $0.endedAt != nil }.map { "\($0.id) wakes" }
    }
}
