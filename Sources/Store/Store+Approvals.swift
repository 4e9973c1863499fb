package import JSON
import Postgres

/// A decision that is waited for.
package struct OpenApproval: Sendable {
    package var workflowID: String
    package var taskID: String
    package var attempt: Int
    /// What is to be decided, and by whom: the `approval.requested` as it was published.
    package var asked: JSONValue
    /// Milliseconds since 1970, as every time of the rows.
    package var askedAt: Int64
    package var expiresAt: Int64?
}

extension Store {
    /// What waits for a decision, the oldest first.
    ///
    /// - Parameter workflowID: `nil`: of all workflows.
    package func openApprovals(of workflowID: String? = nil, limit: Int = 1000) async throws -> [OpenApproval] {
        try await database.query(Self.openApprovals, [.text(workflowID), .int(limit)]).map { row in
            OpenApproval(
                workflowID: try row["workflow_id"], taskID: try row["task_id"], attempt: try row["attempt"],
                asked: try row.wholeJSON("asked"), askedAt: try row["asked_at"], expiresAt: try row["expires_at"])
        }
    }

    private static let openApprovals = Statement("open_approvals", PackageResources.open_approvals_sql)
}
