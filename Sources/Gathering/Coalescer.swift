package import Contracts

/// When the newest state becomes a revision: a burst folds into one, and none is kept waiting for long.
package struct Coalescer: Sendable {
    package struct Settings: Sendable {
        package var linger: Duration
        package var interval: Duration
        package var urgent: Duration
        /// Every so many revisions are whole.
        package var snapshotEvery: Int

        package init(
            linger: Duration = .milliseconds(50), interval: Duration = .milliseconds(500),
            urgent: Duration = .milliseconds(100), snapshotEvery: Int = 20
        ) {
            self.linger = linger
            self.interval = interval
            self.urgent = urgent
            self.snapshotEvery = snapshotEvery
        }
    }

    /// What the next revision is to be.
    package struct Ticket: Sendable, Equatable {
        package var revision: Int
        package var pane: Pane
        /// It carries the whole view instead of a patch.
        package var isSnapshot: Bool
    }

    private let settings: Settings
    /// 0 before the first.
    package private(set) var revision: Int
    package private(set) var lastPublished: Timestamp?
    /// The `on_time` pane has been published.
    package private(set) var isClosed: Bool
    package private(set) var dirtySince: Timestamp?
    /// When the next revision is due; `nil` when there is nothing to say.
    package private(set) var due: Timestamp?

    package init(
        settings: Settings = Settings(), revision: Int = 0, lastPublished: Timestamp? = nil, isClosed: Bool = false
    ) {
        self.settings = settings
        self.revision = revision
        self.lastPublished = lastPublished
        self.isClosed = isClosed
    }

    /// Takes note of the state after something was applied.
    ///
    /// - Parameter change: `nil` when there is nothing that the last revision does not say.
    package mutating func note(_ change: GatherChange?, at now: Timestamp) {
        guard let change else {
            (dirtySince, due) = (nil, nil)
            return
        }
        let since = dirtySince ?? now
        dirtySince = since
        var due = max(since + settings.linger, lastPublished.map { $0 + settings.interval } ?? since)
        if change.hasNewConflict {
            due = min(due, max(now, lastPublished.map { $0 + settings.urgent } ?? now))
        }
        if change.hasNewStatus || change.isClosed && !isClosed { due = now }
        self.due = due
    }

    /// Tries again later.
    package mutating func postpone(until later: Timestamp) { if due != nil { due = later } }

    /// What a revision would be now.
    package func next(isClosed isClosedNow: Bool) -> Ticket {
        let pane = isClosed ? Pane.late : isClosedNow ? .onTime : .early
        let number = revision + 1
        let isSnapshot = pane != .early || number == 1 || number % settings.snapshotEvery == 0
        return Ticket(revision: number, pane: pane, isSnapshot: isSnapshot)
    }

    /// A revision is out.
    package mutating func published(_ ticket: Ticket, at now: Timestamp) {
        revision = ticket.revision
        if ticket.pane == .onTime { isClosed = true }
        lastPublished = now
        (dirtySince, due) = (nil, nil)
    }
}
