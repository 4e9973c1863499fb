import Contracts
import Gathering

/// What a message means for the merge.
enum Meaning: Sendable {
    case artifact(ArtifactCreated)
    case events([GatherEvent])
    /// The plan, or how its tasks ended, is to be read from the dispatcher's rows.
    case plan
    case end(WorkflowOutcome, run: Int)
    case nothing

    var isPlan: Bool { if case .plan = self { true } else { false } }
    var isEnd: Bool { if case .end = self { true } else { false } }
}

extension Body {
    var meaning: Meaning {
        switch self {
        case .artifactCreated(let body): .artifact(body)
        case .taskCompleted(let body):
            ended(body.taskID, body.attempt, .succeeded, body.artifacts.map(\.name))
        case .taskFailed(let body): ended(body.taskID, body.attempt, .failed)
        case .taskSkipped(let body): ended(body.taskID, body.attempt, .skipped)
        case .taskCancelled(let body): ended(body.taskID, body.attempt, .cancelled)
        case .taskRetrying(let body): .events([.revoked(body.taskID, attempt: body.attempt)])
        case .taskReset(let body): .events([.revoked(body.taskID, attempt: body.attempt)])
        case .workflowCreated, .workflowExpanded: .plan
        case .workflowCompleted(let body): .end(body.status, run: body.run ?? 1)
        case .workflowReopened(let body): .events([.workflowReopened(run: body.run)])
        default: .nothing
        }
    }

    /// A task that was never begun ended in its first attempt.
    private func ended(_ task: TaskID, _ attempt: Int, _ state: EndState, _ manifest: [ArtifactName] = []) -> Meaning {
        .events([.taskEnded(TaskEnd(task: task, attempt: max(attempt, 1), state: state, manifest: manifest))])
    }
}

extension GatherEvent {
    var task: TaskID? {
        switch self {
        case .artifact(let artifact): artifact.task
        case .revoked(let task, _): task
        case .taskEnded(let end): end.task
        case .planned, .workflowEnded, .workflowReopened: nil
        }
    }
}
