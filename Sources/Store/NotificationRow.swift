package import JSON

/// A message to people that stands for a workflow.
package struct NotificationRow: Sendable, Equatable {
    package var workflowID: String
    package var channel: String
    /// Where the message is, such as Slack's channel and timestamp; never taken back once known.
    package var address: JSONValue?
    package var revision: Int
    package var attempts: Int
    /// When to send next.
    package var dueAt: Int64?
    package var ended: Bool
    package var state: JSONValue?
    package var error: String?
    package var updatedAt: Int64

    package init(
        workflowID: String, channel: String, address: JSONValue? = nil, revision: Int = 0, attempts: Int = 0,
        dueAt: Int64? = nil, ended: Bool = false, state: JSONValue? = nil, error: String? = nil, updatedAt: Int64 = 0
    ) {
        self.workflowID = workflowID
        self.channel = channel
        self.address = address
        self.revision = revision
        self.attempts = attempts
        self.dueAt = dueAt
        self.ended = ended
        self.state = state
        self.error = error
        self.updatedAt = updatedAt
    }
}
