import Contracts
import Gathering
import JSON
import Store

/// A workflow's merge in memory: this replica's copy of what the rows say.
struct LiveGathering: Sendable {
    let id: WorkflowID
    var gathering: Gathering
    var coalescer: Coalescer
    /// The row that this copy is of: its numbers are what the database compares.
    var row: GatheringRow
    /// Its last revision is not confirmed: the next one waits.
    var isSending = false
    /// When it was last touched, as a number that only grows.
    var lastUse = 0

    /// What it costs to keep, in bytes.
    var cost: Int { gathering.memory }
    /// Nothing would be lost but the time to read it again.
    var isIdle: Bool { coalescer.due == nil && !isSending && row.closeAt == nil }

    var closeAt: Timestamp? { row.closeAt.map { Timestamp(milliseconds: $0) } }

    /// When something is to be done about it.
    var wakeAt: Timestamp? {
        if isSending { return nil }
        return [coalescer.due, closeAt].compactMap { $0 }.min()
    }

    /// Takes note of the present state: sets when the next revision is due, and when the end is final.
    mutating func note(at now: Timestamp, closeAfter: Duration) {
        var change = gathering.change()
        if let closeAt, closeAt <= now {
            gathering.closeOverdue()
            row.closeAt = nil
            change = gathering.change()
        } else if row.closedRevision == nil, row.closeAt == nil, gathering.header.status != .running,
            !gathering.header.isClosed
        {
            row.closeAt = (now + closeAfter).milliseconds
        }
        row.status = gathering.header.status.rawValue
        if gathering.header.status == .running { row.closeAt = nil }
        row.extra = gathering.run > 1 ? ["run": .number(JSONNumber(gathering.run))] : nil
        coalescer.note(change, at: now)
    }
}

// MARK: Rebuilding

extension LiveGathering {
    /// - Parameter revisions: those from the last snapshot on, with what lay in the object store.
    init(_ stored: StoredGathering, revisions: [WorkflowProgress], now: Timestamp, settings: GathererSettings) {
        let row = stored.row
        let id = WorkflowID(unchecked: row.workflowID)
        var gathering = Gathering(stored)

        var follower = ProgressFollower()
        for progress in revisions { _ = follower.take(progress) }
        if let latest = follower.latest, latest.revision == row.revision {
            gathering.setPublished(GatherHeader(latest, errors: gathering.header.errors), view: follower.view)
        }
        let coalescer = Coalescer(
            settings: settings.coalescing, revision: row.revision, lastPublished: revisions.last?.emittedAt,
            isClosed: row.closedRevision != nil)
        self.init(id: id, gathering: gathering, coalescer: coalescer, row: row)
        note(at: now, closeAfter: settings.closeAfter)
    }
}

extension GatherHeader {
    /// As a revision tells it; what it does not tell counts as told.
    fileprivate init(_ progress: WorkflowProgress, errors: [String]) {
        self.init(
            status: progress.status, isClosed: progress.pane != .early, coverage: progress.coverage,
            confidence: progress.confidence, conflict: progress.conflict, tasks: progress.tasks,
            conflictCount: progress.conflictCount, unmergedCount: progress.unmergedCount, errors: errors)
    }
}
