import Contracts
import Handover
import JSON
import Store
import TestSupport
import Testing

@testable import Simulation

/// The simulated database does what PostgreSQL does: both are asked the same, at random, and have to answer the same.
@Suite(.timeLimit(.minutes(3)))
struct `The simulated database` {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `answers a dispatcher as the real one does`(seed: UInt64) async throws {
        try await withStore { store in
            var pair = Pair(store: store, seed: seed)
            for _ in 0..<120 { try await pair.dispatcherStep() }
            #expect(pair.conflicts > 5 && pair.commits > 20)
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `answers a gatherer as the real one does`(seed: UInt64) async throws {
        try await withStore { store in
            var pair = Pair(store: store, seed: seed)
            for _ in 0..<10 { try await pair.dispatcherStep() }
            for _ in 0..<120 { try await pair.gathererStep() }
            #expect(pair.conflicts > 5 && pair.commits > 20)
        }
    }
}

/// Both databases, and what their clients believe of them: sometimes too little.
private struct Pair {
    let store: Store
    let simulated = SimulatedDatabase(now: now)
    var random: SplitMix64
    var commits = 0
    var conflicts = 0
    private var seqs: [String: Int] = [:]
    private var revisions: [String: Int] = [:]
    private var copies: [String: GatheringRow] = [:]

    private static let now: Int64 = 1_767_603_600_000
    private static let past: Int64 = 1_700_000_000_000
    private static let future: Int64 = 4_000_000_000_000
    private let ids = (0..<4).map { "wf-\($0)" }

    init(store: Store, seed: UInt64) {
        self.store = store
        random = SplitMix64(seed: seed)
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private mutating func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random)! }

    // MARK: The dispatcher's

    mutating func dispatcherStep() async throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: try await commit()
        case 5:
            let (real, made) = (try await store.load(ids), simulated.load(ids))
            #expect(real.workflows.keys.sorted() == made.workflows.keys.sorted())
            for (id, stored) in real.workflows {
                let other = try #require(made.workflows[id])
                #expect(plain(stored.row) == plain(other.row))
                #expect(stored.tasks.map(plain) == other.tasks.map(plain))
                #expect(stored.takenMessages == other.takenMessages)
            }
        case 6:
            let messages = (0..<4).map { _ in "m\(Int.random(in: 0..<20, using: &random))" }
            #expect(try await store.events(causedBy: messages) == simulated.events(causedBy: messages))
        case 7:
            let runs = (0..<3).map { _ in lease() }
            let (real, made) = (try await store.extendLeases(runs), simulated.commitLeases(runs))
            #expect(Set(real) == Set(made))
        case 8:
            let real = try await store.sweepOverdue(by: .seconds(2), pause: .seconds(3600), limit: 1000)
            let made = simulated.sweep(by: 2000, pause: 3_600_000, limit: 1000)
            #expect(Set(real) == Set(made))
            let due = try await store.workflowsDue(within: .seconds(20), limit: 1000)
            #expect(Set(due) == Set(simulated.workflowsDue(within: 20_000, limit: 1000)))
        default:
            let row = ExecutorRow(id: pick(["e1", "e2"]), domain: "payments", concurrency: 3, running: 1)
            try await store.record([row])
            simulated.record([row])
            #expect(
                try await store.liveExecutors(patience: .seconds(3600)).map(\.id)
                    == simulated.liveExecutors(within: 3_600_000).map(\.id))
        }
    }

    private mutating func lease() -> RowLease {
        RowLease(
            workflowID: pick(ids), taskID: pick(["t0", "t1"]), attempt: pick([1, 2]), executor: pick(["e1", "e2"]),
            until: Self.future + Int64.random(in: 0...9, using: &random))
    }

    private mutating func commit() async throws {
        var changes = Changes()
        for id in ids.shuffled(using: &random).prefix(pick([1, 2, 3])) {
            let isNew = revisions[id] == nil || chance(10)
            let base = isNew ? 0 : (revisions[id] ?? 0) - (chance(15) ? 1 : 0)
            if base == 0, !isNew { continue }
            var row = WorkflowRow(
                id: id, workspace: "w", requestID: "r", requestDigest: "d", name: "n", version: 1,
                status: pick(["running", "queued"]), priority: pick([0, 1]), seq: seqs[id] ?? 0, revision: base,
                wakeAt: pick([nil, Self.past, Self.future]), createdAt: Self.now,
                plan: isNew || chance(10)
                    ? ["tasks": ["t0": ["domain": "payments"], "t1": ["weight": 3], "t2": [:]]] : .none,
                input: ["a": 1], actor: ["id": "ada"], gather: ["merge": [:]])
            row.statusReason = pick([nil, "window"])
            let count = Int.random(in: 0...2, using: &random)
            for offset in 0..<count {
                changes.events.append(
                    EventRow(
                        workflowID: id, seq: (seqs[id] ?? 0) + 1 + offset,
                        id: "e\(UInt64.random(in: 0...UInt64.max, using: &random))",
                        type: "task.started", taskID: "t0", attempt: 1,
                        causation: "m\(Int.random(in: 0..<20, using: &random))", actor: "x", recordedAt: Self.now,
                        isStale: chance(20), exchange: pick([nil, "task"]), routingKey: "k",
                        body: Array("{\"a\": 1}".utf8)))
            }
            row.seq = (seqs[id] ?? 0) + count
            changes.workflows.append(row)
            for task in ["t0", "t1"] where chance(60) { changes.tasks.append(self.task(id, task)) }
        }
        if chance(30) { changes.leases = [lease()] }
        var real: CommitOutcome?
        var made: CommitOutcome?
        do { real = try await store.commit(changes) } catch {}
        do { made = try simulated.commit(changes) } catch {}
        #expect((real == nil) == (made == nil), "one refuses what the other takes")
        guard let real, let made else { return }
        #expect(real.revisions == made.revisions)
        #expect(real.lost == made.lost)
        #expect(Set(real.strangers) == Set(made.strangers))
        conflicts += real.lost.count
        commits += real.revisions.count
        revisions.merge(real.revisions) { $1 }
        for event in changes.events where real.revisions[event.workflowID] != nil {
            seqs[event.workflowID] = max(seqs[event.workflowID] ?? 0, event.seq)
        }
        // Another's write is not known to this client; it reads.
        let rows = try await store.load(ids).workflows
        for (id, stored) in rows { (seqs[id], revisions[id]) = (stored.row.seq, stored.row.revision) }
    }

    private mutating func task(_ id: String, _ task: String) -> TaskRow {
        let status = pick(["dispatched", "running", "succeeded", "retry_wait"])
        let hasEnded = status == "succeeded"
        // Sometimes what the schema refuses.
        return TaskRow(
            workflowID: id, taskID: task, key: task, position: task == "t0" ? 0 : 1, skill: "s", domain: "payments",
            status: status, attempt: pick([1, 2]), executor: pick([nil, "e1", "e2"]), delivery: 0,
            leaseUntil: status == "running" || chance(2) ? Self.future + Int64.random(in: 0...9, using: &random) : nil,
            wakeAt: hasEnded && !chance(2) ? nil : pick([nil, Self.past, Self.future]), createdAt: Self.now,
            endedAt: hasEnded ? Self.now : nil, output: ["n": 1], error: nil)
    }

    private func plain(_ row: WorkflowRow) -> WorkflowRow {
        var row = row
        row.sweptAt = row.sweptAt.map { _ in 1 }
        return row
    }

    private func plain(_ row: TaskRow) -> TaskRow {
        var row = row
        row.sweptAt = row.sweptAt.map { _ in 1 }
        return row
    }

    // MARK: The gatherer's

    mutating func gathererStep() async throws {
        switch Int.random(in: 0..<9, using: &random) {
        case 0:
            let plans = (try await store.plans(of: ids), simulated.plans(of: ids))
            #expect(plans.0.keys.sorted() == plans.1.keys.sorted())
            for (id, plan) in plans.0 {
                #expect(plan.gather == plans.1[id]?.gather)
                #expect(plan.tasks.map { "\($0)" } == plans.1[id]?.tasks.map { "\($0)" })
            }
            let new = ids.map { id in
                Beginning(
                    definition: GatheringRow(workflowID: id, definition: ["merge": [:]]),
                    tasks: [GatheringTaskRow(workflowID: id, taskID: "t0", planIndex: 0, weight: 2, domain: "payments")]
                )
            }
            let first = new.prefix(2).map { Ingest(gathering: $0.definition, taken: 1) }
            #expect(
                try await store.ingest(first, beginning: new) == simulated.ingest(first, beginning: new))
            try await read()
        case 1..<4: try await ingest()
        case 4, 5: try await publish()
        case 6:
            let rows = copies.values.sorted { $0.workflowID < $1.workflowID }.map { stale($0) }
            #expect(try await store.settleUnchanged(rows) == simulated.settleUnchanged(rows))
            try await read()
        case 7:
            let revisions = ids.map { (workflowID: $0, revision: Int.random(in: 1...5, using: &random)) }
            try await store.confirm(revisions)
            simulated.confirm(revisions)
            // All that is unconfirmed; times come from two clocks.
            let real = try await store.unconfirmed(for: .seconds(-3600), limit: 1000).map {
                "\($0.workflowID) \($0.revision)"
            }
            #expect(
                Set(real)
                    == Set(
                        simulated.unconfirmed(for: -3_600_000, limit: 1000).map { "\($0.workflowID) \($0.revision)" }))
        default:
            for id in ids {
                let after = pick([nil, 1, 3])
                let real = try await store.progress(of: id, after: after).map {
                    "\($0.revision) \($0.isSnapshot) \($0.id)"
                }
                #expect(
                    real == simulated.progress(of: id, after: after).map { "\($0.revision) \($0.isSnapshot) \($0.id)" })
            }
            let dirty = pick([-3600, 3600])
            let real = try await store.abandonedGatherings(
                dirtyFor: .seconds(dirty), overdueBy: .seconds(2), limit: 1000)
            #expect(Set(real) == Set(simulated.abandoned(dirtyFor: Int64(dirty * 1000), overdueBy: 2000, limit: 1000)))
        }
    }

    private mutating func stale(_ row: GatheringRow) -> GatheringRow {
        var row = row
        if chance(15) { row.ingestSeq += 1 }
        if chance(10) { row.revision += 1 }
        return row
    }

    private mutating func ingest() async throws {
        var batch: [Ingest] = []
        for copy in copies.values.sorted(by: { $0.workflowID < $1.workflowID }) where chance(60) {
            var row = stale(copy)
            if copy.closedRevision == nil { row.closeAt = pick([nil, Self.past, Self.future]) }
            row.status = pick(["running", "succeeded"])
            let artifacts = (0..<Int.random(in: 0...2, using: &random)).map { _ in artifact(copy.workflowID) }
            batch.append(
                Ingest(
                    gathering: row, taken: pick([0, 1, 2]),
                    tasks: [
                        GatheringTaskRow(
                            workflowID: copy.workflowID, taskID: pick(["t0", "t9"]), planIndex: pick([nil, 1]),
                            weight: 1,
                            epoch: pick([1, 2]), endState: pick([nil, "failed"]), manifest: ["result"])
                    ],
                    artifacts: Dictionary(artifacts.map { ("\($0.name)\($0.seq)", $0) }) { $1 }.values.sorted {
                        $0.name < $1.name
                    },
                    isClean: chance(20)))
        }
        let (real, made) = (try await store.ingest(batch), simulated.ingest(batch))
        #expect(real == made)
        commits += real.count
        conflicts += batch.count - real.count
        try await read()
    }

    private mutating func artifact(_ id: String) -> ArtifactRow {
        ArtifactRow(
            workflowID: id, taskID: "t0", name: pick(["a", "b"]), attempt: 1, seq: pick([1, 2]), digest: [1, 2],
            domain: "payments", skillID: "s", confidence: "0.9", payload: Array("{}".utf8),
            rejected: pick([nil, "payload_unavailable"]), retryAt: pick([nil, Self.past, Self.future]))
    }

    private mutating func publish() async throws {
        var batch: [Publication] = []
        for copy in copies.values.sorted(by: { $0.workflowID < $1.workflowID }) where chance(60) {
            let row = stale(copy)
            batch.append(
                Publication(
                    gathering: row, closes: chance(20),
                    progress: ProgressRow(
                        workflowID: row.workflowID, revision: row.revision + 1, isSnapshot: chance(30), event: [1],
                        id: "p\(row.revision + 1)", exchange: "workflow", routingKey: "k")))
        }
        let confirmed = chance(30) ? ids.map { (workflowID: $0, revision: Int.random(in: 1...5, using: &random)) } : []
        let (real, made) = (
            try await store.publish(batch, confirmed: confirmed),
            batch.isEmpty ? [:] : simulated.publish(batch, confirmed: confirmed)
        )
        #expect(real == made)
        commits += real.count
        conflicts += batch.count - real.count
        try await read()
    }

    private mutating func read() async throws {
        let (real, made) = (try await store.gatherings(ids).gatherings, simulated.stored(ids).gatherings)
        #expect(real.keys.sorted() == made.keys.sorted())
        for (id, stored) in real {
            let other = try #require(made[id])
            #expect(plain(stored.row) == plain(other.row))
            #expect(stored.tasks == other.tasks)
            #expect(stored.artifacts.map(plain) == other.artifacts.map(plain))
            copies[id] = stored.row
        }
    }

    private func plain(_ row: GatheringRow) -> GatheringRow {
        var row = row
        row.dirtySince = row.dirtySince.map { _ in 1 }
        row.createdAt = 0
        return row
    }

    private func plain(_ row: ArtifactRow) -> ArtifactRow {
        var row = row
        row.receivedAt = 0
        return row
    }
}

extension SimulatedDatabase {
    fileprivate func commitLeases(_ runs: [RowLease]) -> [RowLease] { extend(runs) }
}
