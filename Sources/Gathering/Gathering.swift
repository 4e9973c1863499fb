package import Contracts
import JSON

/// The merge of one workflow's artifacts, as it stands.
///
/// A pure function of the definition and the *set* of events: neither their order nor repetitions change the result.
/// Applying an artifact costs what it is large; rendering, what was touched since.
package struct Gathering: Sendable {
    package let definition: GatherDefinition
    private var tasks: [TaskID: TaskLedger] = [:]
    private var slots: [Slot] = []
    private var totals = TaskTotals()
    /// Of the latest run.
    private var outcome: WorkflowOutcome?
    package private(set) var run = 1
    private var isOverdue = false
    var trie: ClaimTrie

    // Artifacts whose claims are not yet where they belong.
    private var pending: Set<Int> = []
    /// Of those that could be merged, in all.
    private var admissibleBytes = 0
    private var beyondBudget: Set<Int> = []

    var unmerged: [Token: Unmerged] = [:]
    /// What was published where an artifact's rejection has changed since.
    var unmergedChanges: [Token: Unmerged?] = [:]
    var baseline: Baseline

    package init(_ definition: GatherDefinition, tasks: [PlannedTask] = []) {
        self.definition = definition
        trie = ClaimTrie(definition)
        baseline = .none
        apply(.planned(tasks))
    }

    // MARK: 2.1 what is current

    package mutating func apply(_ event: GatherEvent) {
        switch event {
        case .artifact(let artifact): receive(artifact)
        case .planned(let tasks): for task in tasks { plan(task) }
        case .revoked(let task, let attempt): change(task) { $0.raise($1, to: attempt + 1) }
        case .taskEnded(let end):
            change(end.task) {
                $0.raise($1, to: end.attempt)
                $0.tasks[$1]?.end(end)
            }
        case .workflowReopened(let run): raise(toRun: run)
        case .workflowEnded(let outcome, let run, let ends):
            raise(toRun: run)
            if run == self.run { self.outcome = max(self.outcome ?? outcome, outcome) }
            for end in ends {
                change(end.task) {
                    $0.raise($1, to: end.attempt)
                    $0.tasks[$1]?.settle(end)
                }
            }
        }
    }

    /// What an earlier run has come to no longer counts.
    private mutating func raise(toRun run: Int) {
        guard run > self.run else { return }
        (self.run, outcome, isOverdue) = (run, nil, false)
    }

    /// What has been named but has not come by now is not waited for.
    package mutating func closeOverdue() { isOverdue = true }

    /// Changes a task, and the sums with it.
    private mutating func change(_ task: TaskID, _ body: (inout Gathering, TaskID) -> Void) {
        let before = tasks[task]
        totals -= TaskTotals(before)
        if before == nil { tasks[task] = TaskLedger() }
        body(&self, task)
        totals += TaskTotals(tasks[task])
        if before?.dropsArtifacts ?? false != tasks[task]?.dropsArtifacts ?? false { reconsider(task) }
    }

    private mutating func raise(_ task: TaskID, to attempt: Int) {
        guard tasks[task]?.raiseEpoch(to: attempt) == true else { return }
        for slot in (tasks[task]?.slots ?? [:]).values { slots[slot].artifact = nil }
        reconsider(task)
    }

    private mutating func reconsider(_ task: TaskID) { pending.formUnion((tasks[task]?.slots ?? [:]).values) }

    private mutating func plan(_ planned: PlannedTask) {
        if let known = tasks[planned.id]?.plan, !(planned < known) { return }
        change(planned.id) {
            let before = $0.tasks[$1]?.plan
            $0.tasks[$1]?.plan = planned
            if before?.index != planned.index || before?.domain != planned.domain { $0.reconsider($1) }
        }
    }

    private mutating func receive(_ artifact: Artifact) {
        change(artifact.task) {
            $0.raise($1, to: artifact.attempt)
            guard artifact.attempt == $0.tasks[$1]?.epoch else { return }
            let slot = $0.slot(artifact.task, artifact.name)
            $0.tasks[$1]?.receive(artifact.name, slot: slot)
            let definition = $0.definition
            let isCollided = $0.slots[slot].receive(artifact, flaw: artifact.flaw(by: definition))
            $0.tasks[$1]?.setCollided(artifact.name, isCollided)
            $0.pending.insert(slot)
        }
    }

    private mutating func slot(_ task: TaskID, _ name: ArtifactName) -> Int {
        if let slot = tasks[task]?.slots[name] { return slot }
        slots.append(Slot(task: task, name: name))
        return slots.count - 1
    }

    // MARK: 2.2 what is merged

    /// Brings the claims of what has changed to where they belong, and renders what they touch.
    package mutating func render() {
        guard !pending.isEmpty || trie.places[ClaimTrie.root].isDirty else { return }
        for slot in pending { weigh(slot) }
        keepBudget()
        for slot in pending.sorted() { place(slot) }
        pending.removeAll()
        trie.render()
    }

    /// Why a slot's artifact cannot be merged, budget aside; `nil` in both cases when there is none.
    private func admission(_ slot: Slot) -> (artifact: Artifact?, rejection: Rejection?) {
        guard let artifact = slot.artifact, tasks[slot.task]?.dropsArtifacts != true else { return (nil, nil) }
        if let domain = tasks[slot.task]?.plan?.domain, domain != artifact.domain {
            return (artifact, .domainMismatch)
        }
        return (artifact, slot.flaw)
    }

    private mutating func weigh(_ slot: Int) {
        let (artifact, rejection) = admission(slots[slot])
        admissibleBytes -= slots[slot].admissibleBytes ?? 0
        slots[slot].admissibleBytes = rejection == nil ? artifact?.bytes : nil
        admissibleBytes += slots[slot].admissibleBytes ?? 0
    }

    /// The longest prefix in rank order whose total fits: looked for only when not all fits.
    private mutating func keepBudget() {
        var beyond: Set<Int> = []
        if admissibleBytes > definition.limits.workflowBytes {
            var used = 0
            for slot in slots.indices.filter({ slots[$0].admissibleBytes != nil }).sorted(by: { rank($0) < rank($1) }) {
                used += slots[slot].admissibleBytes ?? 0
                if used > definition.limits.workflowBytes { beyond.insert(slot) }
            }
        }
        pending.formUnion(beyond.symmetricDifference(beyondBudget))
        beyondBudget = beyond
    }

    private func rank(_ slot: Int) -> Rank {
        Rank(index: tasks[slots[slot].task]?.plan?.index ?? .max, task: slots[slot].task, name: slots[slot].name)
    }

    private mutating func place(_ slot: Int) {
        var (artifact, rejection) = admission(slots[slot])
        if rejection == nil, beyondBudget.contains(slot) { rejection = .workflowBudget }
        say(
            slots[slot].pointer,
            artifact.flatMap { artifact in
                rejection.map { Unmerged(reason: $0, attempt: artifact.attempt) }
            })
        if rejection != nil { artifact = nil }
        let placement = artifact.map { Placement(version: slots[slot].version, rank: rank(slot), domain: $0.domain) }
        guard placement != slots[slot].placement else { return }
        trie.remove(slot)
        slots[slot].placement = placement
        guard let artifact, let rank = placement?.rank, case .json(let payload) = artifact.payload else { return }
        trie.add(
            ClaimTrie.Source(
                payload: payload, domain: artifact.domain, p: support(of: artifact), rank: rank,
                finishedAt: artifact.finishedAt),
            as: slot)
    }

    /// Both factors as whole millionths, the product rounded down; no source is infallible.
    private func support(of artifact: Artifact) -> Int {
        let confidence = artifact.confidence.number?.decimal.share ?? 0
        return min(confidence * definition.reliability(of: artifact.domain) / 1_000_000, 990_000)
    }

    private mutating func say(_ pointer: Token, _ now: Unmerged?) {
        let before = unmerged[pointer]
        guard before != now else { return }
        unmerged[pointer] = now
        let published = if let change = unmergedChanges[pointer] { change } else { before }
        if published == now {
            unmergedChanges[pointer] = nil
        } else {
            unmergedChanges.updateValue(published, forKey: pointer)
        }
    }

    // MARK: 2.6 the workflow

    /// As of the last ``render()``.
    package var header: GatherHeader {
        let hasEnded = outcome != nil
        let coverage =
            totals.expectedWeight == 0
            ? (hasEnded ? 1_000_000 : 0) : halfUp(1_000_000 * totals.reportedWeight, totals.expectedWeight)
        return GatherHeader(
            status: ProgressStatus(outcome),
            isClosed: hasEnded && (isOverdue || totals.settled == totals.expected),
            coverage: Score(millionths: coverage), confidence: Score(millionths: trie.totals.meanConfidence),
            conflict: Score(millionths: trie.totals.greatestConflict),
            tasks: ProgressTasks(
                expected: totals.expected, reported: totals.reported, settled: totals.settled, failed: totals.failed),
            conflictCount: trie.totals.listed, unmergedCount: unmerged.count,
            errors: totals.collisions > 0 ? ["version_collision"] : [])
    }

    /// Artifacts that were named but have not come: `task/name`, in order.
    package var missing: [String] {
        tasks.filter { !$0.value.dropsArtifacts }.flatMap { task, ledger in ledger.missing.map { (task, $0) } }
            .sorted { $0 < $1 }.map { "\($0)/\($1)" }
    }

    // MARK: what is known of one task or artifact

    package func record(of task: TaskID) -> TaskRecord? {
        tasks[task].map {
            TaskRecord(
                task: task, plan: $0.plan, epoch: $0.epoch, end: $0.state, isSettled: $0.isSettled,
                manifest: $0.manifest.sorted())
        }
    }

    /// Every task that is planned or was seen.
    package var records: [TaskRecord] { tasks.keys.sorted().compactMap(record) }

    package func isPlanned(_ task: TaskID) -> Bool { tasks[task]?.plan != nil }

    /// Why the current version of an artifact is not merged, as of the last ``render()``.
    package func rejection(of name: ArtifactName, task: TaskID) -> Rejection? {
        unmerged[Slot(task: task, name: name).pointer]?.reason
    }

    /// Whether there are two contents under one version of an artifact.
    package func hasCollision(of name: ArtifactName, task: TaskID) -> Bool {
        tasks[task]?.collided.contains(name) ?? false
    }

    /// About what it takes in memory, in bytes: measured, a place with its claims and what is said of it takes 2 KiB.
    package var memory: Int { 2048 + 2048 * trie.places.count + 2 * payloadBytes }

    /// Of what is current, as the limits count it.
    package var payloadBytes: Int { admissibleBytes }
}

/// Where the versions of one artifact of one task go: the greatest (`seq`, digest) wins.
private struct Slot: Sendable {
    let task: TaskID
    let name: ArtifactName
    /// The winner of the task's epoch.
    var artifact: Artifact? { didSet { version += 1 } }
    /// Why it cannot be merged, whatever the plan says.
    var flaw: Rejection?
    private(set) var version = 0
    /// `nil` when it is not to be merged.
    var admissibleBytes: Int?
    /// As what it is in the trie.
    var placement: Placement?
    private var isCollided = false

    init(task: TaskID, name: ArtifactName) {
        self.task = task
        self.name = name
    }

    var pointer: Token { Token(JSONPointer([task.text, name.text]).text) }

    /// - Returns: whether there are two contents under the winning version.
    mutating func receive(_ new: Artifact, flaw: @autoclosure () -> Rejection?) -> Bool {
        if let old = artifact {
            if new.seq < old.seq { return isCollided }
            if new.seq > old.seq {
                isCollided = false
            } else if new.digest != old.digest {
                isCollided = true
                if new.digest.lexicographicallyPrecedes(old.digest) { return true }
            } else if !(old.isUnavailable && !new.isUnavailable) {
                return isCollided
            }
        } else {
            isCollided = false
        }
        var kept = new
        let flaw = flaw()
        switch (flaw, new.payload) {
        case (let flaw?, _): kept.payload = .unusable(flaw)  // nobody will look at it again
        case (nil, .json(let payload)): kept.payload = .json(payload.canonical)
        case (nil, .unusable): break
        }
        self.flaw = flaw
        artifact = kept
        return isCollided
    }
}

extension Artifact {
    /// Its payload may still be fetched.
    fileprivate var isUnavailable: Bool {
        if case .unusable(.payloadUnavailable) = payload { true } else { false }
    }
}

private struct Placement: Equatable, Sendable {
    let version: Int
    let rank: Rank
    let domain: DomainName
}

/// Why an artifact does not take part.
struct Unmerged: Equatable, Sendable {
    let reason: Rejection
    let attempt: Int

    var json: JSONValue {
        ["attempt": .number(JSONNumber(attempt)), "reason": .string(reason.rawValue)]
    }
}

extension PlannedTask: Comparable {
    /// Of two contradictory words on one task the lesser counts, wherever it came from.
    package static func < (left: PlannedTask, right: PlannedTask) -> Bool {
        if left.index != right.index { return left.index < right.index }
        if left.domain != right.domain {
            guard let a = left.domain else { return false }
            return right.domain.map { a < $0 } ?? true
        }
        return left.weight < right.weight
    }
}

extension WorkflowOutcome: Comparable {
    private var strength: Int {
        switch self {
        case .succeeded: 0
        case .failed: 1
        case .cancelled: 2
        }
    }
    package static func < (left: WorkflowOutcome, right: WorkflowOutcome) -> Bool { left.strength < right.strength }
}

extension ProgressStatus {
    init(_ outcome: WorkflowOutcome?) {
        self =
            switch outcome {
            case nil: .running
            case .succeeded: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            }
    }
}
