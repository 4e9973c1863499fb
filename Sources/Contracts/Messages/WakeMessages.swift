/// Something of a task is due: a retry, a deadline, a lease, a timeout.
package struct TaskWake: TaskBody, RoutedBody {
    package static let type = MessageType.taskWake

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int

    package init(workflowID: WorkflowID, taskID: TaskID, attempt: Int) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
    }

    enum CodingKeys: String, CodingKey {
        case attempt
        case workflowID = "workflow_id"
        case taskID = "task_id"
    }

    package var route: Route { .wake(Self.type) }
}

/// Something of a workflow is due, or a slot it waits for is free.
package struct WorkflowWake: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowWake

    package var workflowID: WorkflowID

    package init(workflowID: WorkflowID) {
        self.workflowID = workflowID
    }

    enum CodingKeys: String, CodingKey {
        case workflowID = "workflow_id"
    }

    package var route: Route { .wake(Self.type) }
}
