/// A fact of a workflow's history.
package struct EventRow: Sendable, Equatable {
    package var workflowID: String
    /// 1, 2, 3 … in a workflow.
    package var seq: Int
    package var id: String
    package var type: String
    package var taskID: String?
    package var attempt: Int?
    /// The id of the message that caused it.
    package var causation: String?
    package var actor: String?
    package var recordedAt: Int64
    /// Recorded, but it changed nothing.
    package var isStale: Bool
    /// Where it was published, to publish it again; `nil` when it never was.
    package var exchange: String?
    package var routingKey: String?
    /// Of an answer; otherwise it is the workflow's id.
    package var correlationID: String?
    package var isMandatory: Bool
    /// The message's body, exactly as published.
    package var body: [UInt8]

    package init(
        workflowID: String, seq: Int, id: String, type: String, taskID: String? = nil, attempt: Int? = nil,
        causation: String? = nil, actor: String? = nil, recordedAt: Int64, isStale: Bool = false,
        exchange: String? = nil,
        routingKey: String? = nil, correlationID: String? = nil, isMandatory: Bool = true, body: [UInt8]
    ) {
        self.workflowID = workflowID
        self.seq = seq
        self.id = id
        self.type = type
        self.taskID = taskID
        self.attempt = attempt
        self.causation = causation
        self.actor = actor
        self.recordedAt = recordedAt
        self.isStale = isStale
        self.exchange = exchange
        self.routingKey = routingKey
        self.correlationID = correlationID
        self.isMandatory = isMandatory
        self.body = body
    }
}
