package import JSON

/// A batch of log lines of a task.
package struct LogRow: Sendable, Equatable {
    package var workflowID: String
    package var taskID: String
    package var attempt: Int
    /// The message's id.
    package var id: String
    package var recordedAt: Int64
    package var lines: JSONValue

    package init(
        workflowID: String, taskID: String, attempt: Int, id: String, recordedAt: Int64, lines: JSONValue
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.id = id
        self.recordedAt = recordedAt
        self.lines = lines
    }
}
