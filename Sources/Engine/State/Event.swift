package import Contracts

/// Something that happened to a workflow, or is said because of it.
package struct Event: Sendable {
    package var id: MessageID
    /// 1, 2, 3 … in the history of a workflow; `nil` for what is not history: leases, wake-ups, answers.
    package var seq: Int?
    package var body: Body
    /// The message that caused it; its own id for a message that was taken as it came.
    package var causation: MessageID
    /// Who or what: a person, an executor, `dispatcher`.
    package var actor: String
    package var recordedAt: Timestamp
    /// Recorded, but of a superseded attempt, or not accepted for what it says: it changes nothing.
    package var isStale: Bool
    /// Where it is to be published; `nil` for what came from the broker.
    package var publication: Publication?

    package init(
        id: MessageID, seq: Int?, body: Body, causation: MessageID, actor: String, recordedAt: Timestamp,
        isStale: Bool = false, publication: Publication? = nil
    ) {
        self.id = id
        self.seq = seq
        self.body = body
        self.causation = causation
        self.actor = actor
        self.recordedAt = recordedAt
        self.isStale = isStale
        self.publication = publication
    }

    package var isHistory: Bool { seq != nil }
    /// Whether it is the very message that was taken: its bytes are to be kept as they came.
    package var isInput: Bool { isHistory && publication == nil }
    package var type: MessageType { Swift.type(of: body.message).type }
    package var taskID: TaskID? { subject?.task }
    package var attempt: Int? { subject?.attempt }

    private var subject: (task: TaskID, attempt: Int?)? {
        switch body {
        case .taskDispatched(let body): (body.taskID, body.attempt)
        case .taskStarted(let body): (body.taskID, body.attempt)
        case .taskHeartbeat(let body): (body.taskID, body.attempt)
        case .taskCompleted(let body): (body.taskID, body.attempt)
        case .taskFailed(let body): (body.taskID, body.attempt)
        case .taskRetrying(let body): (body.taskID, body.attempt)
        case .taskSkipped(let body): (body.taskID, body.attempt)
        case .taskCancelled(let body): (body.taskID, body.attempt)
        case .taskCancel(let body): (body.taskID, body.attempt)
        case .taskGo(let body): (body.taskID, body.attempt)
        case .taskWake(let body): (body.taskID, body.attempt)
        case .taskWaiting(let body): (body.taskID, body.attempt)
        case .taskReset(let body): (body.taskID, body.attempt)
        case .approvalRequested(let body): (body.taskID, body.attempt)
        case .approvalDecided(let body): (body.taskID, body.attempt)
        case .controlCancel(let body): body.taskID.map { ($0, nil) }
        case .controlRetry(let body): body.taskID.map { ($0, nil) }
        case .controlSkip(let body): body.taskID.map { ($0, nil) }
        case .workflowExpanded(let body): (body.taskID, nil)
        default: nil
        }
    }
}

/// Where an event goes.
package struct Publication: Sendable, Hashable {
    package var route: Route
    /// Of an answer: the one that its asker gave. Otherwise it is the workflow's id.
    package var correlationID: String?
    /// Whether it is an error that no queue takes it; answers, and what is said to executors, may find nobody.
    package var isMandatory: Bool

    package init(route: Route, correlationID: String? = nil, isMandatory: Bool = true) {
        self.route = route
        self.correlationID = correlationID
        self.isMandatory = isMandatory
    }
}
