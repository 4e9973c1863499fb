package import JSON

/// A workflow that had ended goes on: a person has tasks of it run again.
package struct WorkflowReopened: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowReopened

    package var workflowID: WorkflowID
    /// Which of its runs begins: 2 after the first end, 3 after the second …
    package var run: Int
    package var actor: Actor
    package var reason: String?
    /// In place of the one it had.
    package var input: JSONValue?

    package init(
        workflowID: WorkflowID, run: Int, actor: Actor, reason: String? = nil, input: JSONValue? = nil
    ) {
        self.workflowID = workflowID
        self.run = run
        self.actor = actor
        self.reason = reason
        self.input = input
    }

    enum CodingKeys: String, CodingKey {
        case run, actor, reason, input
        case workflowID = "workflow_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A task that has begun or ended will run again: what its attempts said so far no longer counts.
package struct TaskReset: TaskBody, RoutedBody {
    package static let type = MessageType.taskReset

    package var workflowID: WorkflowID
    package var taskID: TaskID
    /// The last that no longer counts; the next one has the next number.
    package var attempt: Int
    /// How it stands now.
    package var status: Status
    package var reason: String
    package var skillID: SkillID?
    package var runnerDomain: DomainName?

    package enum Status: String, Codable, Sendable, CaseIterable {
        /// It waits for its needs, or for its turn.
        case pending
        /// Of a `forEach` task: some of its instances run again.
        case running
    }

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, status: Status = .pending, reason: String,
        skillID: SkillID? = nil, runnerDomain: DomainName? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.status = status
        self.reason = reason
        self.skillID = skillID
        self.runnerDomain = runnerDomain
    }

    enum CodingKeys: String, CodingKey {
        case attempt, status, reason
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case skillID = "skill_id"
        case runnerDomain = "runner_domain"
    }

    package var route: Route { .task(Self.type, domain: runnerDomain, skill: skillID) }
}

/// A task that no executor runs has begun to wait: for a time, a signal, or another workflow.
package struct TaskWaiting: TaskBody, RoutedBody {
    package static let type = MessageType.taskWaiting

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    /// When it ends by itself.
    package var until: Timestamp?
    package var signal: SignalName?
    /// The workflow that it waits for.
    package var child: WorkflowID?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, until: Timestamp? = nil, signal: SignalName? = nil,
        child: WorkflowID? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.until = until
        self.signal = signal
        self.child = child
    }

    enum CodingKeys: String, CodingKey {
        case attempt, until, signal, child
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var route: Route { .task(Self.type, domain: nil, skill: nil) }
}

/// A workflow has a slot of its concurrency key, and may begin. It is in histories only, and not published.
package struct SlotGranted: WorkflowBody {
    package static let type = MessageType.slotGranted

    package var workflowID: WorkflowID
    package var key: String
    /// From 1 to the key's limit.
    package var slot: Int

    package init(workflowID: WorkflowID, key: String, slot: Int) {
        self.workflowID = workflowID
        self.key = key
        self.slot = slot
    }

    enum CodingKeys: String, CodingKey {
        case key, slot
        case workflowID = "workflow_id"
    }
}
