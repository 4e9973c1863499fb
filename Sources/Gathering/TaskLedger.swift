package import Contracts

/// What is known of one task: a join of all that was told, whatever the order.
struct TaskLedger: Sendable {
    var plan: PlannedTask?
    /// The only attempt that counts.
    private(set) var epoch = 1
    /// The executor's word on the end of this attempt, and the dispatcher's.
    private var ended: EndState?
    private var settled: EndState?
    private(set) var manifest: Set<ArtifactName> = []
    /// Of the manifest, not received.
    private(set) var missing: Set<ArtifactName> = []
    /// The numbers of the artifacts' slots, also of those that are empty.
    private(set) var slots: [ArtifactName: Int] = [:]
    private(set) var received: Set<ArtifactName> = []
    /// Artifacts of which there are two contents under one version.
    private(set) var collided: Set<ArtifactName> = []

    /// An executor's word may lose at the dispatcher.
    var state: EndState? { settled ?? ended }
    /// Cancelling drops what had been found.
    var dropsArtifacts: Bool { state == .cancelled }

    /// - Returns: true when the attempts before no longer count.
    mutating func raiseEpoch(to attempt: Int) -> Bool {
        guard attempt > epoch else { return false }
        epoch = attempt
        (ended, settled) = (nil, nil)
        manifest = []
        missing = []
        received = []
        collided = []
        return true
    }

    mutating func end(_ end: TaskEnd) {
        guard end.attempt == epoch else { return }
        ended = ended.map { min($0, end.state) } ?? end.state
        for name in end.manifest where manifest.insert(name).inserted && !received.contains(name) {
            missing.insert(name)
        }
    }

    mutating func settle(_ end: TaskEnd) {
        guard end.attempt == epoch else { return }
        settled = settled.map { min($0, end.state) } ?? end.state
    }

    mutating func receive(_ name: ArtifactName, slot: Int) {
        slots[name] = slot
        received.insert(name)
        missing.remove(name)
    }

    mutating func setCollided(_ name: ArtifactName, _ isCollided: Bool) {
        if isCollided { collided.insert(name) } else { collided.remove(name) }
    }
}

extension TaskLedger {
    /// Whether the end is the dispatcher's word.
    var isSettled: Bool { settled != nil }
}

/// What is to be kept of a task, so that the merge can be rebuilt.
package struct TaskRecord: Sendable, Equatable {
    package var task: TaskID
    /// `nil` for a task that the plan does not know.
    package var plan: PlannedTask?
    package var epoch: Int
    package var end: EndState?
    /// The end is the dispatcher's word, and no executor's changes it.
    package var isSettled: Bool
    package var manifest: [ArtifactName]

    package init(
        task: TaskID, plan: PlannedTask?, epoch: Int, end: EndState?, isSettled: Bool, manifest: [ArtifactName]
    ) {
        self.task = task
        self.plan = plan
        self.epoch = epoch
        self.end = end
        self.isSettled = isSettled
        self.manifest = manifest
    }

    /// Events that lead to this record; those that the dispatcher's rows settled come with the workflow's end.
    package var events: [GatherEvent] {
        var events = [GatherEvent.revoked(task, attempt: epoch - 1)]
        if let plan { events.append(.planned([plan])) }
        if let ending { events.append(.taskEnded(ending)) }
        return events
    }

    /// At the epoch.
    package var ending: TaskEnd? {
        end.map { TaskEnd(task: task, attempt: epoch, state: $0, manifest: manifest) }
    }
}

/// Sums over tasks, kept by difference.
struct TaskTotals: Sendable {
    var expected = 0
    var reported = 0
    var settled = 0
    var failed = 0
    var expectedWeight = 0
    var reportedWeight = 0
    var collisions = 0

    init() {}

    init(_ task: TaskLedger?) {
        guard let task else { return }
        let received = task.dropsArtifacts ? 0 : task.received.count
        collisions = task.dropsArtifacts ? 0 : task.collided.count
        guard task.state != .skipped || received > 0 else { return }
        let weight = task.plan?.weight ?? 1
        (expected, expectedWeight) = (1, weight)
        if received > 0 || task.state == .succeeded { (reported, reportedWeight) = (1, weight) }
        let isComplete = task.dropsArtifacts ? task.manifest.isEmpty : task.missing.isEmpty
        if task.state != nil, isComplete { settled = 1 }
        if task.state == .failed { failed = 1 }
    }

    static func += (left: inout TaskTotals, right: TaskTotals) { left.add(right, times: 1) }
    static func -= (left: inout TaskTotals, right: TaskTotals) { left.add(right, times: -1) }

    private mutating func add(_ other: TaskTotals, times sign: Int) {
        expected += sign * other.expected
        reported += sign * other.reported
        settled += sign * other.settled
        failed += sign * other.failed
        expectedWeight += sign * other.expectedWeight
        reportedWeight += sign * other.reportedWeight
        collisions += sign * other.collisions
    }
}
