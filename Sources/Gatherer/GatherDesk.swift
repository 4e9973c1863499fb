package import Contracts
import Gathering
import JSON
package import Logging
package import Objects
import Postgres
import Relay
import Store

/// The merges that this replica has in memory, and what is on its way out of them.
///
/// One thing at a time changes them: a batch that is taken in, a round of revisions, or what a sweep found. The
/// database compares the numbers of each; where somebody else has moved on, the copy is dropped and read anew.
package actor GatherDesk: MessageHandler {
    let store: any GathererStore
    let intake: ArtifactIntake
    let maker: RevisionMaker
    let settings: GathererSettings
    let logger: Logger
    /// Of this machine.
    let clock: @Sendable () -> Timestamp

    var live = LiveGatherings()
    var outbox = Outbox()
    /// Those that begin with what is being taken in, and are written down with it: their plan was read for that, and
    /// nobody has to read it once more.
    var beginning: [WorkflowID: Beginning] = [:]
    /// Something was put there that has not been tried yet.
    package internal(set) var hasPost = false
    private var uses = 0
    /// Somebody is at work alone.
    private(set) var isTaken = false
    private var line: [CheckedContinuation<Void, Never>] = []
    private var sleeper: CheckedContinuation<Void, Never>?
    private var alarm: Task<Void, Never>?

    /// A revision on its way to the broker.
    struct Unconfirmed: Sendable {
        let id: WorkflowID
        let revision: Int
        let message: WireMessage
    }

    package init(
        store: any GathererStore, objects: any ObjectStore, settings: GathererSettings, source: String, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.store = store
        self.settings = settings
        self.logger = logger
        self.clock = clock
        intake = ArtifactIntake(objects: objects, settings: settings)
        maker = RevisionMaker(objects: objects, settings: settings, source: source)
    }

    // MARK: one at a time

    func alone<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        if isTaken {
            await withCheckedContinuation { line.append($0) }
        } else {
            isTaken = true
        }
        defer { if line.isEmpty { isTaken = false } else { line.removeFirst().resume() } }
        return try await body()
    }

    // MARK: in memory

    func limit(of id: WorkflowID) -> Int { live[id]?.gathering.definition.limits.payloadBytes ?? 16 << 20 }

    func touch(_ id: WorkflowID) {
        uses += 1
        live[id]?.lastUse = uses
    }

    /// Forgets copies: the rows know better, or more.
    func drop(_ ids: some Sequence<WorkflowID>) { for id in ids { live[id] = nil } }

    /// Brings workflows into memory that are not there; begins the merge of those that have none yet.
    ///
    /// - Returns: those that the dispatcher does not know either.
    func load(_ ids: Set<WorkflowID>) async throws -> Set<WorkflowID> {
        beginning = [:]
        let absent = ids.filter { live[$0] == nil }.sorted()
        guard !absent.isEmpty else { return [] }
        var (found, plans) = try await store.gatheringsOrPlans(of: absent.map(\.text))
        for (id, plan) in plans {
            let first = Beginning(id, plan)
            beginning[WorkflowID(unchecked: id)] = first
            found[id] = StoredGathering(row: first.definition, tasks: first.tasks)
        }
        let now = clock()
        for stored in found.values {
            let revisions =
                stored.row.revision == 0 ? [] : try await store.progress(of: stored.row.workflowID, after: nil)
            var copy = LiveGathering(
                stored, revisions: await whole(revisions), now: now, settings: settings)
            let unsent = revisions.filter { $0.confirmedAt == nil }
            copy.isSending = !unsent.isEmpty
            for row in unsent {
                post(Unconfirmed(id: copy.id, revision: row.revision, message: maker.message(row)))
            }
            live[copy.id] = copy
            touch(copy.id)
        }
        return Set(absent.filter { live[$0] == nil })
    }

    /// Stored revisions with what lies in the object store; from one that cannot be had on, none.
    private func whole(_ rows: [ProgressRow]) async -> [WorkflowProgress] {
        var revisions: [WorkflowProgress] = []
        for row in rows {
            guard var body = try? read(row) else { break }
            do {
                if let reference = body.snapshotRef { body.snapshot = try await fetch(reference) }
                if let reference = body.patchRef { body.patch = try await fetch(reference) }
            } catch {
                logger.warning(
                    "An earlier revision cannot be read, so the next one is whole",
                    metadata: ["workflow": "\(row.workflowID)", "error": "\(error)"])
                break
            }
            revisions.append(body)
        }
        return revisions
    }

    private func read(_ row: ProgressRow) throws -> WorkflowProgress {
        try JSONValueDecoder().decode(WorkflowProgress.self, from: JSONReader.parse(row.event, limits: .ofOurOwn))
    }

    private func fetch(_ reference: String) async throws -> JSONValue {
        try JSONReader.parse(await intake.objects.get(reference, limit: 256 << 20), limits: .ofOurOwn)
    }

    /// Forgets the idle that were not used for longest, as far as memory demands.
    func evict() { live.evict(downTo: settings.memoryLimit) }

    // MARK: waiting for what is due

    /// When something is to be done about a workflow; `nil`: about none.
    package var nextDue: Timestamp? { live.next }

    /// Returns when something is due, at the latest at a time.
    func waitUntilDue(or latest: Timestamp?) async {
        let next = [nextDue, latest].compactMap { $0 }.min()
        let now = clock()
        if hasPost { return }
        if let next, next <= now { return }
        if let next {
            alarm = Task { [weak self] in
                guard (try? await Task.sleep(for: next - now)) != nil else { return }
                await self?.wake()
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { sleeper = continuation }
            }
        } onCancel: {
            Task { await self.wake() }
        }
    }

    func wake() {
        alarm?.cancel()
        alarm = nil
        sleeper?.resume()
        sleeper = nil
    }
}

extension Beginning {
    init(_ id: String, _ plan: WorkflowPlan) {
        self.init(
            definition: GatheringRow(workflowID: id, definition: plan.gather ?? [:]),
            tasks: plan.planned.map { TaskRecord(planned: $0).row(of: WorkflowID(unchecked: id)) })
    }
}

extension WorkflowPlan {
    var planned: [PlannedTask] {
        tasks.map {
            PlannedTask(
                id: TaskID(unchecked: $0.taskID), index: $0.position, weight: $0.weight,
                domain: $0.domain.map { DomainName(unchecked: $0) })
        }
    }

    /// How its tasks ended: the dispatcher's word.
    var ends: [TaskEnd] {
        tasks.compactMap { task in
            EndState(rawValue: task.status).map {
                TaskEnd(task: TaskID(unchecked: task.taskID), attempt: max(task.attempt, 1), state: $0)
            }
        }
    }
}

extension TaskRecord {
    init(planned: PlannedTask) {
        self.init(task: planned.id, plan: planned, epoch: 1, end: nil, isSettled: false, manifest: [])
    }
}
