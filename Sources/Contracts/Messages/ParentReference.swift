import JSON

/// The task that a workflow runs for. Only dispatchers say so, and only the planner passes it on.
package struct ParentReference: Codable, Hashable, Sendable {
    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    /// How many workflows are above: 1 for the child of one that nobody's task asked for.
    package var depth: Int

    package init(workflowID: WorkflowID, taskID: TaskID, attempt: Int, depth: Int) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.depth = depth
    }

    enum CodingKeys: String, CodingKey {
        case attempt, depth
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    /// The child's id: one for each attempt of the task.
    package var child: WorkflowID { WorkflowID(unchecked: "wf-" + digest) }
    /// Under which the child is asked for.
    package var request: RequestID { RequestID(unchecked: "child-" + digest) }

    /// Three separators, where a request's has one: no request of a producer has the id of a child.
    private var digest: String {
        SHA256.digest("child\0\(workflowID.text)\0\(taskID.text)\0\(attempt)").prefix(16).hex
    }
}

/// What is to be known of a child that is cancelled before it is there.
package struct ChildReference: Codable, Hashable, Sendable {
    package var workspace: Workspace
    package var definition: String
    package var parent: ParentReference
    /// What it is undoing is to end, too.
    package var insists: Bool?

    package init(workspace: Workspace, definition: String, parent: ParentReference, insists: Bool? = nil) {
        self.workspace = workspace
        self.definition = definition
        self.parent = parent
        self.insists = insists
    }
}
