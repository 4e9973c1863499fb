package import Contracts

/// What the merge is told. The result does not depend on the order, nor on how often it is told.
package enum GatherEvent: Sendable {
    case artifact(Artifact)
    /// Tasks of the plan, from its beginning or added later.
    case planned([PlannedTask])
    /// An attempt, and those before it, no longer count.
    case revoked(TaskID, attempt: Int)
    case taskEnded(TaskEnd)
    /// The end of the workflow, with what the dispatcher's rows say of its tasks: the last word.
    ///
    /// - run: which of its runs has ended: more than 1 after it was reopened. The word on the latest counts.
    case workflowEnded(WorkflowOutcome, run: Int = 1, tasks: [TaskEnd])
    /// It goes on after its end: so many runs have begun.
    case workflowReopened(run: Int)
}

package struct PlannedTask: Sendable, Equatable {
    package var id: TaskID
    package var index: Int
    /// In the coverage.
    package var weight: Int
    /// Whose artifacts count; `nil` when the plan does not say.
    package var domain: DomainName?

    package init(id: TaskID, index: Int, weight: Int = 1, domain: DomainName? = nil) {
        self.id = id
        self.index = index
        self.weight = weight
        self.domain = domain
    }
}

/// How a task ended, the stronger word first: contradictory ones of one attempt are resolved so.
package enum EndState: String, Sendable, CaseIterable, Comparable {
    case succeeded, skipped, failed, cancelled

    private var strength: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    package static func < (left: EndState, right: EndState) -> Bool { left.strength < right.strength }
}

package struct TaskEnd: Sendable {
    package var task: TaskID
    package var attempt: Int
    package var state: EndState
    /// The artifacts that the task says it has published.
    package var manifest: [ArtifactName]

    package init(task: TaskID, attempt: Int, state: EndState, manifest: [ArtifactName] = []) {
        self.task = task
        self.attempt = attempt
        self.state = state
        self.manifest = manifest
    }
}
