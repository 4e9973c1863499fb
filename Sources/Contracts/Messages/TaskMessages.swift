package import JSON

/// Whose behalf a task runs on.
package struct TaskContext: Codable, Equatable, Sendable {
    package var workspace: Workspace
    package var actor: Actor

    package init(workspace: Workspace, actor: Actor) {
        self.workspace = workspace
        self.actor = actor
    }
}

/// A task is ready and is ordered of its domain: an event, and the executor's work order.
package struct TaskDispatched: TaskBody, RoutedBody {
    package static let type = MessageType.taskDispatched

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    package var skillID: SkillID
    package var runnerDomain: DomainName
    package var input: JSONValue
    /// The same on every attempt; to be passed on to the outside world.
    package var idempotencyKey: String
    /// An order is not begun after it.
    package var deadline: Timestamp
    /// How long it may run, from `task.started`.
    package var timeout: Seconds
    /// How long without a heartbeat until it counts as lost.
    package var lease: Seconds
    package var context: TaskContext
    /// References to the artifacts of the tasks it needs: `{task: [record]}`.
    package var artifacts: JSONValue?
    /// Begin only when `task.started` has been answered with `task.go`.
    package var awaitGo: Bool?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, skillID: SkillID, runnerDomain: DomainName,
        input: JSONValue, idempotencyKey: String, deadline: Timestamp, timeout: Seconds, lease: Seconds,
        context: TaskContext, artifacts: JSONValue? = nil, awaitGo: Bool? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.skillID = skillID
        self.runnerDomain = runnerDomain
        self.input = input
        self.idempotencyKey = idempotencyKey
        self.deadline = deadline
        self.timeout = timeout
        self.lease = lease
        self.context = context
        self.artifacts = artifacts
        self.awaitGo = awaitGo
    }

    enum CodingKeys: String, CodingKey {
        case attempt, input, deadline, context, artifacts
        case timeout = "timeout_seconds"
        case lease = "lease_seconds"
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case skillID = "skill_id"
        case runnerDomain = "runner_domain"
        case idempotencyKey = "idempotency_key"
        case awaitGo = "await_go"
    }

    package var route: Route { .task(Self.type, domain: runnerDomain, skill: skillID) }
}

/// An executor has begun.
package struct TaskStarted: TaskBody {
    package static let type = MessageType.taskStarted

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    package var executor: ExecutorID
    /// The order's `x-delivery-count` (`x-acquired-count` where the broker sends it): 0 for the first.
    package var delivery: Int

    package init(workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID, delivery: Int) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, delivery
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }
}

/// An executor is still at it.
package struct TaskHeartbeat: TaskBody {
    package static let type = MessageType.taskHeartbeat

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    package var executor: ExecutorID
    /// The order's `x-delivery-count` (`x-acquired-count` where the broker sends it): 0 for the first.
    package var delivery: Int
    /// 0 to 1.
    package var progress: Double?
    package var message: String?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID, delivery: Int,
        progress: Double? = nil, message: String? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
        self.progress = progress
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, delivery, progress, message
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }
}

/// How much a log line matters.
package enum LogLevel: String, Codable, Sendable, CaseIterable {
    case debug, info, warning, error
}

/// One line that a task wrote.
package struct LogLine: Codable, Equatable, Sendable {
    package var at: Timestamp
    package var level: LogLevel
    package var text: String

    package init(at: Timestamp, level: LogLevel, text: String) {
        self.at = at
        self.level = level
        self.text = text
    }
}

/// What a task wrote, some lines at a time.
package struct TaskLog: TaskBody {
    package static let type = MessageType.taskLog

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    package var executor: ExecutorID
    /// The order's `x-delivery-count` (`x-acquired-count` where the broker sends it): 0 for the first.
    package var delivery: Int
    package var lines: [LogLine]

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID, delivery: Int, lines: [LogLine]
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
        self.lines = lines
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, delivery, lines
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }
}

/// A task has done its work; published once its artifacts are confirmed.
package struct TaskCompleted: TaskBody {
    package static let type = MessageType.taskCompleted

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    /// Nobody when the dispatcher speaks for a child workflow.
    package var executor: ExecutorID?
    /// The order's `x-delivery-count` (`x-acquired-count` where the broker sends it): 0 for the first.
    package var delivery: Int?
    /// Of a run that has no `task.started`, for it took no time.
    package var startedAt: Timestamp?
    package var output: JSONValue
    package var artifacts: [ArtifactRecord]
    /// Tasks to be added to the workflow.
    package var expansion: JSONValue?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID? = nil, delivery: Int? = nil,
        startedAt: Timestamp? = nil, output: JSONValue, artifacts: [ArtifactRecord] = [], expansion: JSONValue? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
        self.startedAt = startedAt
        self.output = output
        self.artifacts = artifacts
        self.expansion = expansion
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, delivery, output, artifacts, expansion
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case startedAt = "started_at"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        workflowID = try members.decode(WorkflowID.self, forKey: .workflowID)
        taskID = try members.decode(TaskID.self, forKey: .taskID)
        attempt = try members.decode(Int.self, forKey: .attempt)
        executor = try members.decodeIfPresent(ExecutorID.self, forKey: .executor)
        delivery = try members.decodeIfPresent(Int.self, forKey: .delivery)
        startedAt = try members.decodeIfPresent(Timestamp.self, forKey: .startedAt)
        output = try members.decode(JSONValue.self, forKey: .output)
        artifacts = try members.decodeIfPresent([ArtifactRecord].self, forKey: .artifacts) ?? []
        expansion = try members.decodeIfPresent(JSONValue.self, forKey: .expansion)
    }
}

/// An attempt of a task has failed.
package struct TaskFailed: TaskBody {
    package static let type = MessageType.taskFailed

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    /// Nobody when the dispatcher speaks for a child workflow.
    package var executor: ExecutorID?
    /// The order's `x-delivery-count` (`x-acquired-count` where the broker sends it): 0 for the first.
    package var delivery: Int?
    package var error: TaskError

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID? = nil, delivery: Int? = nil,
        error: TaskError
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
        self.error = error
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, delivery, error
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }
}

/// An attempt has ended badly, and there will be another.
package struct TaskRetrying: TaskBody, RoutedBody {
    package static let type = MessageType.taskRetrying

    package var workflowID: WorkflowID
    package var taskID: TaskID
    /// The one that ended.
    package var attempt: Int
    /// When the next attempt is dispatched, at the earliest.
    package var dueAt: Timestamp
    package var error: TaskError
    package var skillID: SkillID?
    package var runnerDomain: DomainName?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, dueAt: Timestamp, error: TaskError,
        skillID: SkillID? = nil, runnerDomain: DomainName? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.dueAt = dueAt
        self.error = error
        self.skillID = skillID
        self.runnerDomain = runnerDomain
    }

    enum CodingKeys: String, CodingKey {
        case attempt, error
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case dueAt = "due_at"
        case skillID = "skill_id"
        case runnerDomain = "runner_domain"
    }

    package var route: Route { .task(Self.type, domain: runnerDomain, skill: skillID) }
}

/// A task will not run.
package struct TaskSkipped: TaskBody, RoutedBody {
    package static let type = MessageType.taskSkipped

    package var workflowID: WorkflowID
    package var taskID: TaskID
    /// 0 when none was begun.
    package var attempt: Int
    package var reason: String
    /// The person who had it skipped: what needs it goes on without it.
    package var by: String?
    package var skillID: SkillID?
    package var runnerDomain: DomainName?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, reason: String, by: String? = nil,
        skillID: SkillID? = nil, runnerDomain: DomainName? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.reason = reason
        self.by = by
        self.skillID = skillID
        self.runnerDomain = runnerDomain
    }

    enum CodingKeys: String, CodingKey {
        case attempt, reason, by
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case skillID = "skill_id"
        case runnerDomain = "runner_domain"
    }

    package var route: Route { .task(Self.type, domain: runnerDomain, skill: skillID) }
}

/// A task was cancelled.
package struct TaskCancelled: TaskBody, RoutedBody {
    package static let type = MessageType.taskCancelled

    package var workflowID: WorkflowID
    package var taskID: TaskID
    /// 0 when none was begun.
    package var attempt: Int
    package var reason: String
    package var skillID: SkillID?
    package var runnerDomain: DomainName?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, reason: String, skillID: SkillID? = nil,
        runnerDomain: DomainName? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.reason = reason
        self.skillID = skillID
        self.runnerDomain = runnerDomain
    }

    enum CodingKeys: String, CodingKey {
        case attempt, reason
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case skillID = "skill_id"
        case runnerDomain = "runner_domain"
    }

    package var route: Route { .task(Self.type, domain: runnerDomain, skill: skillID) }
}
