import Contracts
import Invariants
import Objects
import Store

/// Looks at a live database for what must never be.
struct Doctor {
    private static let page = 20

    let store: Store
    let objects: (any ObjectStore)?

    /// - Parameter limit: so many workflows, the newest first; wake-ups and leases are looked at in all.
    func examine(limit: Int) async throws -> [Finding] {
        var findings = Dictionary(uniqueKeysWithValues: Invariant.allCases.map { ($0, Finding(invariant: $0)) })
        let workflows = try await store.workflows(limit: limit)
        var rest = workflows.map(\.id)[...]
        while !rest.isEmpty {
            let ids = Array(rest.prefix(Self.page))
            rest = rest.dropFirst(Self.page)
            try await examineHistories(ids, &findings)
            try await examineMerges(ids, &findings)
        }
        let counts = try await store.counts()
        findings[.nothingWakes]?.count(counts.tasks, "tasks")
        findings[.nothingWakes]?.count(counts.wakeups, "wake-ups")
        findings[.nothingWakes]?.count(counts.leases, "leases")
        findings[.nothingWakes]?.violations = try await store.strayWakeups()
        return Invariant.allCases.compactMap { findings[$0] }
    }

    private func examineHistories(_ ids: [String], _ findings: inout [Invariant: Finding]) async throws {
        for stored in try await store.load(ids).workflows.values.sorted(by: { $0.row.id < $1.row.id }) {
            let check = HistoryCheck(stored, try await history(of: stored.row))
            let hasEnded = WatchState.ended.contains(stored.row.status)
            findings[.endsOnce]?.count(1, hasEnded ? "ended workflows" : "running ones")
            let orders = check.history.filter { $0.type == MessageType.taskDispatched.rawValue }.count
            findings[.dispatchedInOrder]?.count(orders, "orders")
            findings[.oneAttempt]?.count(stored.tasks.count, "tasks")
            findings[.historyIsWhole]?.count(check.history.count, "events")
            for (invariant, text) in check.violations { findings[invariant]?.violations.append(text) }
        }
    }

    /// What came after the row was read is left out.
    private func history(of row: WorkflowRow) async throws -> [EventRow] {
        var events: [EventRow] = []
        while (events.last?.seq ?? 0) < row.seq {
            let page = try await store.history(row.id, after: events.last?.seq ?? 0, limit: 5000)
            if page.isEmpty { break }
            events += page
        }
        return events
    }

    private func examineMerges(_ ids: [String], _ findings: inout [Invariant: Finding]) async throws {
        for (id, stored) in try await store.gatherings(ids).gatherings.sorted(by: { $0.key < $1.key }) {
            let check = MergeCheck(stored: stored, revisions: try await store.progress(of: id), objects: objects)
            switch try await check.verdict() {
            case .equal:
                findings[.mergeIsExact]?.count(1, "results")
                findings[.mergeIsExact]?.count(stored.artifacts.count, "artifacts")
            case .notComparable(let why): findings[.mergeIsExact]?.count(1, why)
            case .different(let text):
                // It may have moved on between the two reads.
                if try await isUnchanged(stored.row) { findings[.mergeIsExact]?.violations.append("\(id): \(text)") }
            }
        }
    }

    private func isUnchanged(_ row: GatheringRow) async throws -> Bool {
        let now = try await store.gatherings([row.workflowID]).gatherings[row.workflowID]?.row
        return now?.revision == row.revision && now?.ingestSeq == row.ingestSeq
    }
}
