import Contracts
import Gathering

/// What a message means for the merge.
enum Meaning: Sendable {
    case events([GatherEvent], found: [ArtifactCreated] = [])
    /// The plan, or how its tasks ended, is to be read from the dispatcher's rows.
    case plan
    case end(WorkflowOutcome, run: Int)
    case nothing

    var isPlan: Bool { if case .plan = self { true } else { false } }
    /// The artifacts that the message tells of.
    var found: [ArtifactCreated] { if case .events(_, let found) = self { found } else { [] } }
    var isEnd: Bool { if case .end = self { true } else { false } }
}

extension InboundMessage {
    var meaning: Meaning {
        switch body {
        case .artifactCreated(let body): .events([], found: [body])
        case .taskCompleted(let body):
            .events(
                [ended(body.taskID, body.attempt, .succeeded, body.artifacts.map(\.name))],
                found: key.map { body.broughtAlong(under: $0) } ?? [])
        case .taskFailed(let body): .events([ended(body.taskID, body.attempt, .failed)])
        case .taskSkipped(let body): .events([ended(body.taskID, body.attempt, .skipped)])
        case .taskCancelled(let body): .events([ended(body.taskID, body.attempt, .cancelled)])
        case .taskRetrying(let body): .events([.revoked(body.taskID, attempt: body.attempt)])
        case .taskReset(let body): .events([.revoked(body.taskID, attempt: body.attempt)])
        case .workflowExpanded: .plan
        case .workflowCompleted(let body): .end(body.status, run: body.run ?? 1)
        case .workflowReopened(let body): .events([.workflowReopened(run: body.run)])
        default: .nothing
        }
    }

    /// A task that was never begun ended in its first attempt.
    private func ended(_ task: TaskID, _ attempt: Int, _ state: EndState, _ manifest: [ArtifactName] = [])
        -> GatherEvent
    {
        .taskEnded(TaskEnd(task: task, attempt: max(attempt, 1), state: state, manifest: manifest))
    }
}

extension TaskCompleted {
    /// The artifacts that have no message of their own.
    ///
    /// - Parameter key: says whose they are: the broker has checked that its sender may use it.
    fileprivate func broughtAlong(under key: RoutingKey) -> [ArtifactCreated] {
        guard let domain = key.domain, let skill = key.skill else { return [] }
        return artifacts.compactMap { record in
            guard let payload = record.payload, let summary = record.resultSummary, let confidence = record.confidence,
                let startedAt = record.startedAt, let finishedAt = record.finishedAt
            else { return nil }
            return ArtifactCreated(
                workflowID: workflowID, taskID: taskID, attempt: attempt, executor: executor, delivery: delivery,
                skillID: skill, runnerDomain: domain, name: record.name, seq: record.seq, kind: record.kind ?? .data,
                mediaType: record.mediaType ?? "application/json", bytes: record.bytes, sha256: record.sha256,
                resultSummary: summary, payload: payload, confidence: confidence, startedAt: startedAt,
                finishedAt: finishedAt)
        }
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
