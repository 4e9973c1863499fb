package import Contracts
package import JSON

/// What a workflow consists of: a graph of tasks without cycles, with everything looked up and filled in.
///
/// It is made by reading a ``Definition``, travels in `workflow.created`, lies in the workflow's row, and reads back
/// as the same plan.
package struct Plan: Sendable, Equatable {
    /// In the order of the definition.
    package var tasks: [PlannedTask]
    /// What the workflow gives back, with templates; `nil`: the outputs of the tasks that nothing else needs.
    package var output: JSONValue?
    package var concurrency: Concurrency?
    /// A JSON Schema of the workflow's input, for when a person changes it.
    package var input: JSONValue?

    package init(
        tasks: [PlannedTask], output: JSONValue? = nil, concurrency: Concurrency? = nil, input: JSONValue? = nil
    ) {
        self.tasks = tasks
        self.input = input
        self.output = output
        self.concurrency = concurrency
    }
}

/// One task of a plan.
package struct PlannedTask: Sendable, Equatable {
    package var id: TaskID
    package var kind: TaskKind
    package var needs: [TaskID]
    /// An expression; without one the task runs when all it needs succeeded.
    package var condition: String?
    /// A list, or a template that gives one: the task runs once for each element.
    package var forEach: JSONValue?
    /// How many instances of a `forEach` task run at once.
    package var limit: Int?
    package var retry: RetryPolicy
    /// From `task.started` on.
    package var timeout: Duration
    /// From the dispatch to `task.started`.
    package var startWithin: Duration
    package var onFailure: FailurePolicy
    /// What undoes it when the workflow ends badly after it succeeded.
    package var undo: TaskID?
    package var phase: String?
    /// In the coverage of the merged result.
    package var weight: Int
    /// The task that added it to the plan; `nil` for what the plan began with.
    package var addedBy: TaskID?

    package init(
        id: TaskID, kind: TaskKind, needs: [TaskID] = [], condition: String? = nil, forEach: JSONValue? = nil,
        limit: Int? = nil, retry: RetryPolicy = RetryPolicy(), timeout: Duration = Defaults.timeout,
        startWithin: Duration = Defaults.startWithin, onFailure: FailurePolicy = .fail, undo: TaskID? = nil,
        phase: String? = nil,
        weight: Int = 1
    ) {
        self.id = id
        self.kind = kind
        self.needs = needs
        self.condition = condition
        self.forEach = forEach
        self.limit = limit
        self.retry = retry
        self.timeout = timeout
        self.startWithin = startWithin
        self.onFailure = onFailure
        self.undo = undo
        self.phase = phase
        self.weight = weight
    }

    /// Whether its end is told from outside: by an executor, or by another workflow.
    package var isRunElsewhere: Bool {
        switch kind {
        case .skill, .workflow: true
        case .approval, .gate, .wait: false
        }
    }

    /// Whether it is a workflow of its own.
    package var isChild: Bool { if case .workflow = kind { true } else { false } }

    /// What runs it; `nil` for a kind that no executor runs.
    package var call: SkillCall? { if case .skill(let call) = kind { call } else { nil } }

    package enum Defaults {
        package static let timeout = Duration.seconds(3600)
        package static let startWithin = Duration.seconds(86_400)
        package static let lease = Duration.seconds(60)
    }
}

/// What a task that failed for good means to its workflow.
package enum FailurePolicy: Sendable, Hashable {
    /// The workflow fails in the end; what needs the task is skipped, everything else goes on.
    case fail
    /// As if it had succeeded, without an output.
    case `continue`
    /// The workflow holds until a person has seen to it.
    case pause
    /// That task runs, and when it has succeeded it is as if this one had, without an output.
    case run(TaskID)

    /// - Parameter word: as definitions have it; `nil` for any other.
    init?(word: String) {
        switch word {
        case "fail": self = .fail
        case "continue": self = .continue
        case "pause": self = .pause
        default: return nil
        }
    }
}

/// How often a task is tried, and how long it waits in between.
package struct RetryPolicy: Sendable, Equatable {
    package var attempts: Int
    package var backoff: Duration
    package var factor: Double
    package var max: Duration

    package init(
        attempts: Int = 1, backoff: Duration = .seconds(1), factor: Double = 2, max: Duration = .seconds(60)
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.factor = factor
        self.max = max
    }
}
