/// The type of a message: its name in the contracts, and the first two words of its routing key.
package enum MessageType: String, Codable, Sendable, CaseIterable {
    case workflowRequested = "workflow.requested"
    case workflowAccepted = "workflow.accepted"
    case workflowRejected = "workflow.rejected"
    case workflowCreated = "workflow.created"
    case workflowExpanded = "workflow.expanded"
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
    case controlCancel = "control.cancel"
    case controlPause = "control.pause"
    case controlResume = "control.resume"
    case controlRetry = "control.retry"
    case controlSkip = "control.skip"
}

/// The data of one type of message.
package protocol MessageBody: Codable, Sendable {
    static var type: MessageType { get }
    /// The workflow it speaks of: the partition key, and the message's `correlation_id`.
    var workflow: WorkflowID? { get }
}

extension MessageBody {
    package var workflow: WorkflowID? { nil }
}

/// The data of a message that speaks of a workflow that has an id.
package protocol WorkflowBody: MessageBody {
    var workflowID: WorkflowID { get }
}

extension WorkflowBody {
    package var workflow: WorkflowID? { workflowID }
}
