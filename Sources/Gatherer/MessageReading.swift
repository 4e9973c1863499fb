import Contracts
import Gathering
import JSON

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
    /// - Throws: when it brings artifacts along and came under no key that says whose they are.
    func meaning() throws(ContractViolation) -> Meaning {
        switch body {
        case .artifactCreated(let body): return .events([], found: [body])
        case .taskCompleted(let body):
            return .events(
                [ended(body.taskID, body.attempt, .succeeded, body.artifacts.map(\.name))],
                found: try body.broughtAlong(under: key))
        case .taskFailed(let body): return .events([ended(body.taskID, body.attempt, .failed)])
        case .taskSkipped(let body): return .events([ended(body.taskID, body.attempt, .skipped)])
        case .taskCancelled(let body): return .events([ended(body.taskID, body.attempt, .cancelled)])
        case .taskRetrying(let body): return .events([.revoked(body.taskID, attempt: body.attempt)])
        case .taskReset(let body): return .events([.revoked(body.taskID, attempt: body.attempt)])
        case .workflowExpanded: return .plan
        case .workflowCompleted(let body): return .end(body.status, run: body.run ?? 1)
        case .workflowReopened(let body): return .events([.workflowReopened(run: body.run)])
        default: return .nothing
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
    fileprivate func broughtAlong(under key: RoutingKey?) throws(ContractViolation) -> [ArtifactCreated] {
        let records = artifacts.filter { $0.payload != nil }
        guard !records.isEmpty else { return [] }
        guard let domain = key?.domain, let skill = key?.skill else {
            throw ContractViolation(
                .envelope, at: JSONPointer(["artifacts"]), "its key does not say whose artifacts it brings along")
        }
        return records.compactMap { record in
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
