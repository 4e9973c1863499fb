import Contracts
import JSON
import Objects
import Postgres
import Store

/// Follows a workflow to its end: what the broker tells as it happens, and what the database has kept of what it did not.
struct WatchSession {
    private static let syncEvery = 5
    /// So long after its end the last revision may still be on its way.
    private static let patience = Duration.seconds(30)
    private static let viewLimit = 64 << 20

    let store: Store
    let objects: (any ObjectStore)?
    let presenter: any WatchPresenter
    let showsLogs: Bool
    private(set) var state: WatchState
    private var seenLogs: Set<String> = []
    private var logsReadUntil: Int64 = 0
    private var endDeadline: ContinuousClock.Instant?

    init(
        _ id: WorkflowID, store: Store, objects: (any ObjectStore)?, presenter: any WatchPresenter, showsLogs: Bool
    ) {
        self.store = store
        self.objects = objects
        self.presenter = presenter
        self.showsLogs = showsLogs
        state = WatchState(id: id)
    }

    /// - Parameter heard: from queues that were bound before this is called, so that nothing is missed between.
    /// - Returns: how it ended.
    mutating func run(_ heard: AsyncStream<Heard>) async throws -> WatchState {
        guard try await synchronise() else {
            throw CommandFailure(ExitStatus.notFound, "There is no workflow \(state.id).")
        }
        var ticks = 0
        var sounds = heard.makeAsyncIterator()
        while !isDone, let sound = await sounds.next() {
            switch sound {
            case .messages(let messages): try await take(messages)
            case .tick:
                ticks += 1
                if ticks % Self.syncEvery == 0 || state.hasEnded { try await synchroniseIfPossible() }
                presenter.refresh(state)
            }
        }
        try await synchroniseIfPossible()
        if !state.isClosed { presenter.remark("The last revision of its result has not come; this is the newest.") }
        return state
    }

    /// What the database knows now; `nil` when there is no such workflow.
    mutating func read() async throws -> WatchState? { try await synchronise() ? state : nil }

    private var isDone: Bool {
        mutating get {
            guard state.hasEnded else { return false }
            let deadline = endDeadline ?? (.now + Self.patience)
            endDeadline = deadline
            return state.isClosed || ContinuousClock.now >= deadline
        }
    }

    // MARK: What the broker tells

    private mutating func take(_ messages: [WireMessage]) async throws {
        var hasChanged = false
        for wire in messages where wire.correlationID == state.id.text {
            // What is not in order is the dispatcher's and the gatherer's affair.
            guard let message = try? InboundMessage.decode(wire, limits: .view, validating: false) else { continue }
            switch message.body {
            case .workflowProgress(let progress): try await advance(to: progress)
            case .taskLog(let log):
                show(log.lines, task: log.taskID.text, attempt: log.attempt, id: message.envelope.id.text)
            default: hasChanged = state.take(message) || hasChanged
            }
        }
        if hasChanged { presenter.refresh(state) }
    }

    private mutating func advance(to progress: WorkflowProgress) async throws {
        guard progress.revision > state.follower.revision else { return }
        if progress.revision == state.follower.revision + 1 { try await show(progress) }
        if state.follower.revision < progress.revision { try await fillGap() }
    }

    /// Shows a revision that follows the last one; nothing happens when its view cannot be had.
    private mutating func show(_ progress: WorkflowProgress) async throws {
        var progress = progress
        if let reference = progress.snapshotRef ?? progress.patchRef {
            guard let objects, let text = try? await objects.get(reference, limit: Self.viewLimit),
                let value = try? JSONReader.parse(text, limits: .view)
            else { return }
            if progress.snapshotRef != nil { progress.snapshot = value } else { progress.patch = value }
        }
        guard state.take(progress) == .advanced else { return }
        presenter.revision(progress, state)
    }

    // MARK: What the database has kept

    private mutating func synchroniseIfPossible() async throws {
        do {
            _ = try await synchronise()
        } catch let error as PostgresError where error.isOutage {
            presenter.remark("The database is out of reach; showing what the broker tells.")
        }
    }

    /// - Returns: whether there is such a workflow.
    private mutating func synchronise() async throws -> Bool {
        guard let stored = try await store.workflow(state.id.text) else { return false }
        state.take(stored)
        try await fillGap()
        if showsLogs { try await readLogs() }
        presenter.refresh(state)
        return true
    }

    private mutating func fillGap() async throws {
        let rows = try await store.progress(of: state.id.text, after: state.follower.revision)
        for row in rows where row.revision > state.follower.revision {
            guard let value = try? JSONReader.parse(row.event, limits: .view),
                let progress = try? JSONValueDecoder().decode(WorkflowProgress.self, from: value)
            else { continue }
            try await show(progress)
        }
    }

    private mutating func readLogs() async throws {
        for row in try await store.logs(of: state.id.text, after: logsReadUntil) where !seenLogs.contains(row.id) {
            // Batches may be written out of their order, by a little.
            logsReadUntil = max(logsReadUntil, row.recordedAt - 30_000)
            let lines = (row.lines.array ?? []).compactMap { try? JSONValueDecoder().decode(LogLine.self, from: $0) }
            show(lines, task: row.taskID, attempt: row.attempt, id: row.id)
        }
    }

    private mutating func show(_ lines: [LogLine], task: String, attempt: Int, id: String) {
        guard seenLogs.insert(id).inserted else { return }
        for line in lines { presenter.log(line, task: task, attempt: attempt, state) }
    }
}

extension JSONLimits {
    /// A whole view may be larger than a message.
    static let view = JSONLimits(bytes: 64 << 20, depth: 512, keys: 2_000_000)
}
