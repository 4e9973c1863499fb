package import Contracts

/// How the whole workflow stands.
package struct GatherHeader: Sendable, Equatable {
    package var status: ProgressStatus
    package var isClosed: Bool
    package var coverage: Score
    package var confidence: Score
    package var conflict: Score
    package var tasks: ProgressTasks
    package var conflictCount: Int
    package var unmergedCount: Int
    /// Such as `version_collision`.
    package var errors: [String]

    package init(
        status: ProgressStatus, isClosed: Bool, coverage: Score, confidence: Score, conflict: Score,
        tasks: ProgressTasks, conflictCount: Int, unmergedCount: Int, errors: [String]
    ) {
        self.status = status
        self.isClosed = isClosed
        self.coverage = coverage
        self.confidence = confidence
        self.conflict = conflict
        self.tasks = tasks
        self.conflictCount = conflictCount
        self.unmergedCount = unmergedCount
        self.errors = errors
    }

    package static func == (left: GatherHeader, right: GatherHeader) -> Bool {
        left.status == right.status && left.isClosed == right.isClosed && left.coverage == right.coverage
            && left.confidence == right.confidence && left.conflict == right.conflict
            && left.tasks.expected == right.tasks.expected && left.tasks.reported == right.tasks.reported
            && left.tasks.settled == right.tasks.settled && left.tasks.failed == right.tasks.failed
            && left.conflictCount == right.conflictCount && left.unmergedCount == right.unmergedCount
            && left.errors == right.errors
    }
}
