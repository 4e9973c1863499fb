package import JSON

/// What a person may decide.
package enum ApprovalDecision: String, Codable, Sendable, CaseIterable {
    case `continue`, retry, abort
}

/// A task waits for a person.
package struct ApprovalRequested: TaskBody, RoutedBody {
    package static let type = MessageType.approvalRequested

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    /// What is to be approved.
    package var of: JSONValue?
    /// Roles that may decide.
    package var by: [String]
    /// How many people have to say `continue`; one when it is left out.
    package var quorum: Int?
    /// For people.
    package var title: String?
    package var expiresAt: Timestamp?
    package var skillID: SkillID?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, of: JSONValue? = nil, by: [String], quorum: Int? = nil,
        title: String? = nil, expiresAt: Timestamp? = nil, skillID: SkillID? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.of = of
        self.by = by
        self.quorum = quorum
        self.title = title
        self.expiresAt = expiresAt
        self.skillID = skillID
    }

    enum CodingKeys: String, CodingKey {
        case attempt, of, by, quorum, title
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case expiresAt = "expires_at"
        case skillID = "skill_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A person has decided.
package struct ApprovalDecided: TaskBody, RoutedBody {
    package static let type = MessageType.approvalDecided

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int?
    package var decision: ApprovalDecision
    /// Merged into the input of what follows.
    package var modifications: JSONValue?
    package var actor: Actor
    package var comment: String?

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int? = nil, decision: ApprovalDecision,
        modifications: JSONValue? = nil, actor: Actor, comment: String? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.decision = decision
        self.modifications = modifications
        self.actor = actor
        self.comment = comment
    }

    enum CodingKeys: String, CodingKey {
        case attempt, decision, modifications, actor, comment
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// What a workflow waits for by name has happened.
package struct SignalReceived: WorkflowBody, RoutedBody {
    package static let type = MessageType.signalReceived

    package var workflowID: WorkflowID
    package var name: SignalName
    package var payload: JSONValue?
    package var actor: Actor

    package init(workflowID: WorkflowID, name: SignalName, payload: JSONValue? = nil, actor: Actor) {
        self.workflowID = workflowID
        self.name = name
        self.payload = payload
        self.actor = actor
    }

    enum CodingKeys: String, CodingKey {
        case name, payload, actor
        case workflowID = "workflow_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A person ends a workflow, or one task of it.
package struct ControlCancel: WorkflowBody, RoutedBody {
    package static let type = MessageType.controlCancel

    package var workflowID: WorkflowID
    /// All of the workflow when `nil`.
    package var taskID: TaskID?
    package var actor: Actor
    package var reason: String?
    /// Of a dispatcher that cancels what its workflow's task has started: it may come before the child itself.
    package var child: ChildReference?

    package init(
        workflowID: WorkflowID, taskID: TaskID? = nil, actor: Actor, reason: String? = nil,
        child: ChildReference? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.actor = actor
        self.reason = reason
        self.child = child
    }

    enum CodingKeys: String, CodingKey {
        case actor, reason, child
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var subject: String? { taskID.map { "\(workflowID)/\($0)" } ?? workflowID.text }
    package var route: Route { .workflow(Self.type) }
}

/// A person holds a workflow.
package struct ControlPause: WorkflowBody, RoutedBody {
    package static let type = MessageType.controlPause

    package var workflowID: WorkflowID
    package var actor: Actor
    package var reason: String?

    package init(workflowID: WorkflowID, actor: Actor, reason: String? = nil) {
        self.workflowID = workflowID
        self.actor = actor
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case actor, reason
        case workflowID = "workflow_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A person lets a paused workflow go on.
package struct ControlResume: WorkflowBody, RoutedBody {
    package static let type = MessageType.controlResume

    package var workflowID: WorkflowID
    package var actor: Actor
    package var reason: String?

    package init(workflowID: WorkflowID, actor: Actor, reason: String? = nil) {
        self.workflowID = workflowID
        self.actor = actor
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case actor, reason
        case workflowID = "workflow_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A person has what can be undone of a workflow undone: it ends as cancelled, also when it had ended already.
package struct ControlUndo: WorkflowBody, RoutedBody {
    package static let type = MessageType.controlUndo

    package var workflowID: WorkflowID
    package var actor: Actor
    package var reason: String?

    package init(workflowID: WorkflowID, actor: Actor, reason: String? = nil) {
        self.workflowID = workflowID
        self.actor = actor
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case actor, reason
        case workflowID = "workflow_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A person has a task that has ended run again, or all that failed.
package struct ControlRetry: WorkflowBody, RoutedBody {
    package static let type = MessageType.controlRetry

    package var workflowID: WorkflowID
    /// All that failed or were cancelled when `nil`.
    package var taskID: TaskID?
    /// In place of the workflow's input; only for a workflow that has ended.
    package var input: JSONValue?
    package var actor: Actor
    package var reason: String?

    package init(
        workflowID: WorkflowID, taskID: TaskID? = nil, input: JSONValue? = nil, actor: Actor, reason: String? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.input = input
        self.actor = actor
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case input, actor, reason
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var subject: String? { taskID.map { "\(workflowID)/\($0)" } ?? workflowID.text }
    package var route: Route { .workflow(Self.type) }
}

/// A person has a task skipped, or all that failed: what needs it goes on without it.
package struct ControlSkip: WorkflowBody, RoutedBody {
    package static let type = MessageType.controlSkip

    package var workflowID: WorkflowID
    /// All that failed when `nil`.
    package var taskID: TaskID?
    package var actor: Actor
    package var reason: String?

    package init(workflowID: WorkflowID, taskID: TaskID? = nil, actor: Actor, reason: String? = nil) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.actor = actor
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case actor, reason
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var subject: String? { taskID.map { "\(workflowID)/\($0)" } ?? workflowID.text }
    package var route: Route { .workflow(Self.type) }
}
