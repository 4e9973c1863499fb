package import JSON

/// A producer asks for a workflow: a definition by name, a plan, or a goal; exactly one of them.
package struct WorkflowRequested: RoutedBody {
    package static let type = MessageType.workflowRequested

    package var requestID: RequestID
    package var workspace: Workspace
    /// `name@version`, or `name` for the latest.
    package var definition: String?
    /// The body of a definition, sent along.
    package var plan: JSONValue?
    package var goal: String?
    package var input: JSONValue
    package var actor: Actor
    package var notify: JSONValue?
    /// Higher goes first; -100 to 100, 0 when it is left out.
    package var priority: Int?
    /// The task that asks for it; a producer may not say so.
    package var parent: ParentReference?

    package init(
        requestID: RequestID, workspace: Workspace, definition: String? = nil, plan: JSONValue? = nil,
        goal: String? = nil, input: JSONValue = [:], actor: Actor, notify: JSONValue? = nil, priority: Int? = nil,
        parent: ParentReference? = nil
    ) {
        self.requestID = requestID
        self.workspace = workspace
        self.definition = definition
        self.plan = plan
        self.goal = goal
        self.input = input
        self.actor = actor
        self.notify = notify
        self.priority = priority
        self.parent = parent
    }

    enum CodingKeys: String, CodingKey {
        case workspace, definition, plan, goal, input, actor, notify, priority, parent
        case requestID = "request_id"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        requestID = try members.decode(RequestID.self, forKey: .requestID)
        workspace = try members.decode(Workspace.self, forKey: .workspace)
        definition = try members.decodeIfPresent(String.self, forKey: .definition)
        plan = try members.decodeIfPresent(JSONValue.self, forKey: .plan)
        goal = try members.decodeIfPresent(String.self, forKey: .goal)
        input = try members.decodeIfPresent(JSONValue.self, forKey: .input) ?? [:]
        actor = try members.decode(Actor.self, forKey: .actor)
        notify = try members.decodeIfPresent(JSONValue.self, forKey: .notify)
        priority = try members.decodeIfPresent(Int.self, forKey: .priority)
        parent = try members.decodeIfPresent(ParentReference.self, forKey: .parent)
    }

    /// The workflow that it leads to.
    package var workflowIfAccepted: WorkflowID {
        parent?.child ?? WorkflowID(workspace: workspace, requestID: requestID)
    }

    package var route: Route { .workflow(Self.type) }
}

/// An answer to a request: it will end, as this workflow.
package struct WorkflowAccepted: WorkflowBody {
    package static let type = MessageType.workflowAccepted

    package var workflowID: WorkflowID
    package var requestID: RequestID

    package init(workflowID: WorkflowID, requestID: RequestID) {
        self.workflowID = workflowID
        self.requestID = requestID
    }

    enum CodingKeys: String, CodingKey {
        case workflowID = "workflow_id"
        case requestID = "request_id"
    }
}

/// An answer to a request that leads to no workflow, with every reason at once.
package struct WorkflowRejected: RoutedBody {
    package static let type = MessageType.workflowRejected

    /// None of the three is known of a request that could not be read.
    package var workflowID: WorkflowID?
    package var requestID: RequestID?
    package var workspace: Workspace?
    package var problems: [Problem]

    package init(
        workflowID: WorkflowID? = nil, requestID: RequestID? = nil, workspace: Workspace? = nil, problems: [Problem]
    ) {
        self.workflowID = workflowID
        self.requestID = requestID
        self.workspace = workspace
        self.problems = problems
    }

    enum CodingKeys: String, CodingKey {
        case workspace, problems
        case workflowID = "workflow_id"
        case requestID = "request_id"
    }

    package var workflow: WorkflowID? { workflowID }

    package var route: Route { .workflow(Self.type) }
}

/// The planner has made a plan of a request; the first of one workflow id that the dispatcher takes is the workflow.
package struct WorkflowCreated: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowCreated

    package var workflowID: WorkflowID
    package var requestID: RequestID
    package var workspace: Workspace
    /// SHA-256 of the request in hexadecimal: tells a copy from another request under the same id.
    package var requestDigest: String
    package var name: String
    /// 0 for a plan that came with the request.
    package var version: Int
    /// Normalized by the engine.
    package var plan: JSONValue
    package var input: JSONValue
    package var actor: Actor
    package var priority: Int
    package var notify: JSONValue?
    package var gather: JSONValue?
    package var replyTo: String?
    package var replyCorrelationID: String?
    /// The task that asked for it.
    package var parent: ParentReference?

    package init(
        workflowID: WorkflowID, requestID: RequestID, workspace: Workspace, requestDigest: String, name: String,
        version: Int, plan: JSONValue, input: JSONValue, actor: Actor, priority: Int = 0, notify: JSONValue? = nil,
        gather: JSONValue? = nil, replyTo: String? = nil, replyCorrelationID: String? = nil,
        parent: ParentReference? = nil
    ) {
        self.workflowID = workflowID
        self.requestID = requestID
        self.workspace = workspace
        self.requestDigest = requestDigest
        self.name = name
        self.version = version
        self.plan = plan
        self.input = input
        self.actor = actor
        self.priority = priority
        self.notify = notify
        self.gather = gather
        self.replyTo = replyTo
        self.replyCorrelationID = replyCorrelationID
        self.parent = parent
    }

    enum CodingKeys: String, CodingKey {
        case workspace, name, version, plan, input, actor, priority, notify, gather, parent
        case workflowID = "workflow_id"
        case requestID = "request_id"
        case requestDigest = "request_digest"
        case replyTo = "reply_to"
        case replyCorrelationID = "reply_correlation_id"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        workflowID = try members.decode(WorkflowID.self, forKey: .workflowID)
        requestID = try members.decode(RequestID.self, forKey: .requestID)
        workspace = try members.decode(Workspace.self, forKey: .workspace)
        requestDigest = try members.decode(String.self, forKey: .requestDigest)
        name = try members.decode(String.self, forKey: .name)
        version = try members.decode(Int.self, forKey: .version)
        plan = try members.decode(JSONValue.self, forKey: .plan)
        input = try members.decode(JSONValue.self, forKey: .input)
        actor = try members.decode(Actor.self, forKey: .actor)
        priority = try members.decodeIfPresent(Int.self, forKey: .priority) ?? 0
        notify = try members.decodeIfPresent(JSONValue.self, forKey: .notify)
        gather = try members.decodeIfPresent(JSONValue.self, forKey: .gather)
        replyTo = try members.decodeIfPresent(String.self, forKey: .replyTo)
        replyCorrelationID = try members.decodeIfPresent(String.self, forKey: .replyCorrelationID)
        parent = try members.decodeIfPresent(ParentReference.self, forKey: .parent)
    }

    package var route: Route { .workflow(Self.type) }
}

/// A task has added tasks to its workflow.
package struct WorkflowExpanded: TaskBody, RoutedBody {
    package static let type = MessageType.workflowExpanded

    package var workflowID: WorkflowID
    /// The task whose completion brought them.
    package var taskID: TaskID
    /// The added part of the plan, normalized; of a `forEach` task its instances.
    package var tasks: JSONValue
    /// The tasks that wait for the added ones, too; `nil` for the instances of a `forEach` task.
    package var joins: [TaskID]?

    package init(workflowID: WorkflowID, taskID: TaskID, tasks: JSONValue, joins: [TaskID]? = nil) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.tasks = tasks
        self.joins = joins
    }

    enum CodingKeys: String, CodingKey {
        case tasks, joins
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A workflow holds: what runs ends, nothing new starts.
package struct WorkflowPaused: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowPaused

    package var workflowID: WorkflowID
    package var actor: Actor
    package var reason: String?
    /// The task whose failure paused it.
    package var taskID: TaskID?

    package init(workflowID: WorkflowID, actor: Actor, reason: String? = nil, taskID: TaskID? = nil) {
        self.workflowID = workflowID
        self.actor = actor
        self.reason = reason
        self.taskID = taskID
    }

    enum CodingKeys: String, CodingKey {
        case actor, reason
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var route: Route { .workflow(Self.type) }
}

/// A paused workflow goes on.
package struct WorkflowResumed: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowResumed

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

/// How a workflow ends.
package enum WorkflowOutcome: String, Codable, Sendable, CaseIterable {
    case succeeded, failed, cancelled
}

/// The end of a workflow.
package struct WorkflowCompleted: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowCompleted

    package var workflowID: WorkflowID
    package var status: WorkflowOutcome
    package var output: JSONValue
    package var error: WorkflowError?
    /// Which of its runs has ended: more than 1 after a person had it go on; 1 when it is left out.
    package var run: Int?

    package init(
        workflowID: WorkflowID, status: WorkflowOutcome, output: JSONValue = .null, error: WorkflowError? = nil,
        run: Int? = nil
    ) {
        self.workflowID = workflowID
        self.status = status
        self.output = output
        self.error = error
        self.run = run
    }

    enum CodingKeys: String, CodingKey {
        case status, output, error, run
        case workflowID = "workflow_id"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        workflowID = try members.decode(WorkflowID.self, forKey: .workflowID)
        status = try members.decode(WorkflowOutcome.self, forKey: .status)
        output = try members.decodeIfPresent(JSONValue.self, forKey: .output) ?? .null
        error = try members.decodeIfPresent(WorkflowError.self, forKey: .error)
        run = try members.decodeIfPresent(Int.self, forKey: .run)
    }

    package var route: Route { .workflow(Self.type) }
}
