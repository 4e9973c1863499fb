/// To executors: stop this attempt, or do not begin it.
package struct TaskCancel: TaskBody {
    package static let type = MessageType.taskCancel

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    /// The replica that is meant; all when it is left out.
    package var executor: ExecutorID?
    package var reason: String?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID? = nil, reason: String? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, reason
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }
}

/// To an executor: its run holds the attempt and may begin.
package struct TaskGo: TaskBody {
    package static let type = MessageType.taskGo

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    package var executor: ExecutorID?

    package init(workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID? = nil) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }
}

/// An executor lives, and can run so much at once.
package struct ExecutorHeartbeat: RoutedBody {
    package static let type = MessageType.executorHeartbeat

    package var executor: ExecutorID
    package var runnerDomain: DomainName
    /// How many tasks it runs at once.
    package var concurrency: Int
    package var running: Int
    package var at: Timestamp
    /// Until its next one.
    package var interval: Seconds
    /// What it can run.
    package var skills: [SkillID]
    /// It takes no more orders.
    package var isDraining: Bool

    package init(
        executor: ExecutorID, runnerDomain: DomainName, concurrency: Int, running: Int, at: Timestamp,
        interval: Seconds, skills: [SkillID] = [], isDraining: Bool = false
    ) {
        self.executor = executor
        self.runnerDomain = runnerDomain
        self.concurrency = concurrency
        self.running = running
        self.at = at
        self.interval = interval
        self.skills = skills
        self.isDraining = isDraining
    }

    enum CodingKeys: String, CodingKey {
        case executor, concurrency, running, at, skills
        case interval = "interval_seconds"
        case runnerDomain = "runner_domain"
        case isDraining = "draining"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        executor = try members.decode(ExecutorID.self, forKey: .executor)
        runnerDomain = try members.decode(DomainName.self, forKey: .runnerDomain)
        concurrency = try members.decode(Int.self, forKey: .concurrency)
        running = try members.decode(Int.self, forKey: .running)
        at = try members.decode(Timestamp.self, forKey: .at)
        interval = try members.decode(Seconds.self, forKey: .interval)
        skills = try members.decodeIfPresent([SkillID].self, forKey: .skills) ?? []
        isDraining = try members.decodeIfPresent(Bool.self, forKey: .isDraining) ?? false
    }

    package var route: Route { .domain(Self.type, runnerDomain) }
}
