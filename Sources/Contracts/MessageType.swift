/// The type of a message: its name in the contracts, and the first two words of its routing key.
package enum MessageType: String, Codable, Sendable, CaseIterable {
    case workflowRequested = "workflow.requested"
    case workflowAccepted = "workflow.accepted"
    case workflowRejected = "workflow.rejected"
    case workflowCreated = "workflow.created"
    case workflowExpanded = "workflow.expanded"
    case workflowReopened = "workflow.reopened"
    case workflowPaused = "workflow.paused"
    case workflowResumed = "workflow.resumed"
    case workflowProgress = "workflow.progress"
    case workflowGatherError = "workflow.gather_error"
    case workflowCompleted = "workflow.completed"
    case workflowWake = "workflow.wake"
    case taskDispatched = "task.dispatched"
    case taskStarted = "task.started"
    case taskHeartbeat = "task.heartbeat"
    case taskLog = "task.log"
    case taskCompleted = "task.completed"
    case taskFailed = "task.failed"
    case taskRetrying = "task.retrying"
    case taskWaiting = "task.waiting"
    case taskReset = "task.reset"
    case taskSkipped = "task.skipped"
    case taskCancelled = "task.cancelled"
    case taskCancel = "task.cancel"
    case taskGo = "task.go"
    case taskWake = "task.wake"
    case artifactCreated = "artifact.created"
    case executorHeartbeat = "executor.heartbeat"
    case approvalRequested = "approval.requested"
    case approvalDecided = "approval.decided"
    case signalReceived = "signal.received"
    case slotGranted = "slot.granted"
    case controlCancel = "control.cancel"
    case controlPause = "control.pause"
    case controlResume = "control.resume"
    case controlUndo = "control.undo"
    case controlRetry = "control.retry"
    case controlSkip = "control.skip"
}

/// The data of one type of message.
package protocol MessageBody: Codable, Equatable, Sendable {
    static var type: MessageType { get }
    /// The workflow it speaks of: the partition key, and the message's `correlation_id`.
    var workflow: WorkflowID? { get }
    /// `<workflow_id>/<task_id>`, as far as there are such.
    var subject: String? { get }
}

extension MessageBody {
    package var workflow: WorkflowID? { nil }
    package var subject: String? { workflow?.text }
}

/// The data of a message that speaks of a workflow.
package protocol WorkflowBody: MessageBody {
    var workflowID: WorkflowID { get }
}

extension WorkflowBody {
    package var workflow: WorkflowID? { workflowID }
}

/// The data of a message that speaks of a task.
package protocol TaskBody: WorkflowBody {
    var taskID: TaskID { get }
}

extension TaskBody {
    package var subject: String? { "\(workflowID)/\(taskID)" }
}
