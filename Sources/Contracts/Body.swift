package import JSON

/// The data of a message, of whichever type.
package enum Body: Sendable {
    case workflowRequested(WorkflowRequested)
    case workflowAccepted(WorkflowAccepted)
    case workflowRejected(WorkflowRejected)
    case workflowCreated(WorkflowCreated)
    case workflowExpanded(WorkflowExpanded)
    case workflowReopened(WorkflowReopened)
    case workflowPaused(WorkflowPaused)
    case workflowResumed(WorkflowResumed)
    case workflowProgress(WorkflowProgress)
    case workflowGatherError(WorkflowGatherError)
    case workflowCompleted(WorkflowCompleted)
    case workflowWake(WorkflowWake)
    case taskDispatched(TaskDispatched)
    case taskStarted(TaskStarted)
    case taskHeartbeat(TaskHeartbeat)
    case taskLog(TaskLog)
    case taskCompleted(TaskCompleted)
    case taskFailed(TaskFailed)
    case taskRetrying(TaskRetrying)
    case taskWaiting(TaskWaiting)
    case taskReset(TaskReset)
    case taskSkipped(TaskSkipped)
    case taskCancelled(TaskCancelled)
    case taskCancel(TaskCancel)
    case taskGo(TaskGo)
    case taskWake(TaskWake)
    case artifactCreated(ArtifactCreated)
    case executorHeartbeat(ExecutorHeartbeat)
    case approvalRequested(ApprovalRequested)
    case approvalDecided(ApprovalDecided)
    case signalReceived(SignalReceived)
    case slotGranted(SlotGranted)
    case controlCancel(ControlCancel)
    case controlPause(ControlPause)
    case controlResume(ControlResume)
    case controlUndo(ControlUndo)
    case controlRetry(ControlRetry)
    case controlSkip(ControlSkip)

    /// - Throws: `DecodingError` for data that is not of the type.
    package init(_ type: MessageType, _ data: JSONValue) throws {
        let decoder = JSONValueDecoder()
        self =
            switch type {
            case .workflowRequested: .workflowRequested(try decoder.decode(WorkflowRequested.self, from: data))
            case .workflowAccepted: .workflowAccepted(try decoder.decode(WorkflowAccepted.self, from: data))
            case .workflowRejected: .workflowRejected(try decoder.decode(WorkflowRejected.self, from: data))
            case .workflowCreated: .workflowCreated(try decoder.decode(WorkflowCreated.self, from: data))
            case .workflowExpanded: .workflowExpanded(try decoder.decode(WorkflowExpanded.self, from: data))
            case .workflowReopened: .workflowReopened(try decoder.decode(WorkflowReopened.self, from: data))
            case .workflowPaused: .workflowPaused(try decoder.decode(WorkflowPaused.self, from: data))
            case .workflowResumed: .workflowResumed(try decoder.decode(WorkflowResumed.self, from: data))
            case .workflowProgress: .workflowProgress(try decoder.decode(WorkflowProgress.self, from: data))
            case .workflowGatherError: .workflowGatherError(try decoder.decode(WorkflowGatherError.self, from: data))
            case .workflowCompleted: .workflowCompleted(try decoder.decode(WorkflowCompleted.self, from: data))
            case .workflowWake: .workflowWake(try decoder.decode(WorkflowWake.self, from: data))
            case .taskDispatched: .taskDispatched(try decoder.decode(TaskDispatched.self, from: data))
            case .taskStarted: .taskStarted(try decoder.decode(TaskStarted.self, from: data))
            case .taskHeartbeat: .taskHeartbeat(try decoder.decode(TaskHeartbeat.self, from: data))
            case .taskLog: .taskLog(try decoder.decode(TaskLog.self, from: data))
            case .taskCompleted: .taskCompleted(try decoder.decode(TaskCompleted.self, from: data))
            case .taskFailed: .taskFailed(try decoder.decode(TaskFailed.self, from: data))
            case .taskRetrying: .taskRetrying(try decoder.decode(TaskRetrying.self, from: data))
            case .taskWaiting: .taskWaiting(try decoder.decode(TaskWaiting.self, from: data))
            case .taskReset: .taskReset(try decoder.decode(TaskReset.self, from: data))
            case .taskSkipped: .taskSkipped(try decoder.decode(TaskSkipped.self, from: data))
            case .taskCancelled: .taskCancelled(try decoder.decode(TaskCancelled.self, from: data))
            case .taskCancel: .taskCancel(try decoder.decode(TaskCancel.self, from: data))
            case .taskGo: .taskGo(try decoder.decode(TaskGo.self, from: data))
            case .taskWake: .taskWake(try decoder.decode(TaskWake.self, from: data))
            case .artifactCreated: .artifactCreated(try decoder.decode(ArtifactCreated.self, from: data))
            case .executorHeartbeat: .executorHeartbeat(try decoder.decode(ExecutorHeartbeat.self, from: data))
            case .approvalRequested: .approvalRequested(try decoder.decode(ApprovalRequested.self, from: data))
            case .approvalDecided: .approvalDecided(try decoder.decode(ApprovalDecided.self, from: data))
            case .signalReceived: .signalReceived(try decoder.decode(SignalReceived.self, from: data))
            case .slotGranted: .slotGranted(try decoder.decode(SlotGranted.self, from: data))
            case .controlCancel: .controlCancel(try decoder.decode(ControlCancel.self, from: data))
            case .controlPause: .controlPause(try decoder.decode(ControlPause.self, from: data))
            case .controlResume: .controlResume(try decoder.decode(ControlResume.self, from: data))
            case .controlUndo: .controlUndo(try decoder.decode(ControlUndo.self, from: data))
            case .controlRetry: .controlRetry(try decoder.decode(ControlRetry.self, from: data))
            case .controlSkip: .controlSkip(try decoder.decode(ControlSkip.self, from: data))
            }
    }

    package var message: any MessageBody {
        switch self {
        case .workflowRequested(let body): body
        case .workflowAccepted(let body): body
        case .workflowRejected(let body): body
        case .workflowCreated(let body): body
        case .workflowExpanded(let body): body
        case .workflowReopened(let body): body
        case .workflowPaused(let body): body
        case .workflowResumed(let body): body
        case .workflowProgress(let body): body
        case .workflowGatherError(let body): body
        case .workflowCompleted(let body): body
        case .workflowWake(let body): body
        case .taskDispatched(let body): body
        case .taskStarted(let body): body
        case .taskHeartbeat(let body): body
        case .taskLog(let body): body
        case .taskCompleted(let body): body
        case .taskFailed(let body): body
        case .taskRetrying(let body): body
        case .taskWaiting(let body): body
        case .taskReset(let body): body
        case .taskSkipped(let body): body
        case .taskCancelled(let body): body
        case .taskCancel(let body): body
        case .taskGo(let body): body
        case .taskWake(let body): body
        case .artifactCreated(let body): body
        case .executorHeartbeat(let body): body
        case .approvalRequested(let body): body
        case .approvalDecided(let body): body
        case .signalReceived(let body): body
        case .slotGranted(let body): body
        case .controlCancel(let body): body
        case .controlPause(let body): body
        case .controlResume(let body): body
        case .controlUndo(let body): body
        case .controlRetry(let body): body
        case .controlSkip(let body): body
        }
    }
}
