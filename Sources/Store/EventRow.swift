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
    /// Where it was published, to publish it again; `nil` when it never was.
    package var exchange: String?
    package var routingKey: String?
    /// The message's body, exactly as published.
    package var body: [UInt8]

    package init(
        workflowID: String, seq: Int, id: String, type: String, taskID: String? = nil, attempt: Int? = nil,
        causation: String? = nil, actor: String? = nil, recordedAt: Int64, exchange: String? = nil,
        routingKey: String? = nil, body: [UInt8]
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
        self.exchange = exchange
        self.routingKey = routingKey
        self.body = body
    }
}
