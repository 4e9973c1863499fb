package import JSON
import Postgres

/// What was asked of people in an attempt of a task, and what they decided. Times are milliseconds since the epoch.
package struct ApprovalRow: Sendable, Equatable {
    package var workflowID: String
    package var taskID: String
    package var attempt: Int
    /// `{of, title, by, quorum}`.
    package var asked: JSONValue
    package var askedAt: Int64
    package var expiresAt: Int64?
    /// `continue`, `retry` or `abort`; with it, who decided when.
    package var decision: String?
    package var decidedBy: String?
    package var decidedAt: Int64?
    package var comment: String?
    package var modifications: JSONValue?
    /// Since when nobody is asked any more.
    package var closedAt: Int64?

    package init(
        workflowID: String, taskID: String, attempt: Int, asked: JSONValue, askedAt: Int64, expiresAt: Int64? = nil,
        decision: String? = nil, decidedBy: String? = nil, decidedAt: Int64? = nil, comment: String? = nil,
        modifications: JSONValue? = nil, closedAt: Int64? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.asked = asked
        self.askedAt = askedAt
        self.expiresAt = expiresAt
        self.decision = decision
        self.decidedBy = decidedBy
        self.decidedAt = decidedAt
        self.comment = comment
        self.modifications = modifications
        self.closedAt = closedAt
    }
}

/// Who did what to a workflow.
package struct AuditRow: Sendable, Equatable {
    package var workflowID: String
    package var actor: String
    /// The type of the message, such as `control.cancel`.
    package var action: String
    /// The workflow, and the task of it: `wf-7/merge`.
    package var subject: String
    package var details: JSONValue?

    package init(
        workflowID: String, actor: String, action: String, subject: String, details: JSONValue?
    ) {
        self.workflowID = workflowID
        self.actor = actor
        self.action = action
        self.subject = subject
        self.details = details
    }
}

// The arrays of commit.sql, in its order.

extension [ApprovalRow] {
    var parameters: [PostgresValue] {
        [
            texts(\.workflowID), texts(\.taskID), ints(\.attempt), jsons(\.asked), times(\.askedAt), times(\.expiresAt),
            texts(\.decision), texts(\.decidedBy), times(\.decidedAt), texts(\.comment), jsons(\.modifications),
            times(\.closedAt),
        ]
    }
}

extension [AuditRow] {
    var parameters: [PostgresValue] {
        [
            texts(\.workflowID), texts(\.actor), texts(\.action), texts(\.subject), jsons(\.details),
        ]
    }
}
