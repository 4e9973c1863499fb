import Postgres

/// What the command line and the API show.
extension Store {
    /// Workflows, the newest first.
    ///
    /// - Parameter before: only those begun before this time: the last one's of the page before.
    package func workflows(
        workspace: String? = nil, statuses: [String]? = nil, before: Int64? = nil, limit: Int = 100
    ) async throws -> [WorkflowSummary] {
        let parameters: [PostgresValue] = [
            .text(workspace), statuses.map { .texts($0) } ?? .null, .timestamp(before), .int(limit),
        ]
        return try await database.query(Query.listWorkflows, parameters).map(WorkflowSummary.init)
    }

    /// One workflow with its tasks.
    package func workflow(_ id: String) async throws -> StoredWorkflow? { try await load([id]).workflows[id] }

    /// The artifacts of a workflow, every version, in order of arrival.
    package func artifacts(of workflowID: String) async throws -> [ArtifactRow] {
        try await database.query(Query.listArtifacts, [.text(workflowID)]).map(ArtifactRow.init)
    }

    /// The revisions of a workflow after the one that the reader has; without one, the last snapshot and what follows it.
    package func progress(of workflowID: String, after revision: Int? = nil) async throws -> [ProgressRow] {
        try await database.query(Query.progress, [.text(workflowID), .int(revision)]).map(ProgressRow.init)
    }

    /// What the tasks of a workflow, or one of them, said, in order of arrival.
    package func logs(
        of workflowID: String, task: String? = nil, after time: Int64 = 0, limit: Int = 10_000
    ) async throws -> [LogRow] {
        let parameters: [PostgresValue] = [.text(workflowID), .text(task), .timestamp(time), .int(limit)]
        return try await database.query(Query.logs, parameters).map { row in
            LogRow(
                workflowID: workflowID, taskID: try row["task_id"], attempt: try row["attempt"], id: try row["id"],
                recordedAt: try row["recorded_at"], lines: try row.wholeJSON("lines"))
        }
    }

    /// Keeps batches of log lines; one that is there already is left alone.
    package func write(_ logs: [LogRow]) async throws {
        guard !logs.isEmpty else { return }
        try await ensureTaskLogs(of: Set(logs.map { Self.day(of: $0.recordedAt) }))
        try await database.execute(
            Query.insertLogs,
            [
                logs.texts { Self.day(of: $0.recordedAt) }, logs.texts(\.workflowID), logs.texts(\.taskID),
                logs.ints(\.attempt), logs.texts(\.id), logs.times(\.recordedAt), logs.jsons(\.lines),
            ])
    }
}

extension WorkflowSummary {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row["id"], workspace: try row["workspace"], requestID: try row["request_id"], name: try row["name"],
            version: try row["version"], status: try row["status"], statusReason: try row["status_reason"],
            priority: try row["priority"], parentID: try row["parent_id"], createdAt: try row["created_at"],
            endedAt: try row["ended_at"], tasks: try row["tasks"], tasksEnded: try row["tasks_ended"])
    }
}
