import Postgres

extension Store {
    /// The messages that stand for these workflows.
    package func notifications(_ workflowIDs: [String]) async throws -> [NotificationRow] {
        guard !workflowIDs.isEmpty else { return [] }
        return try await database.query(Query.loadNotifications, [.texts(workflowIDs)]).map(NotificationRow.init)
    }

    /// Keeps messages; a revision never goes back, and an address once known stays.
    package func save(_ notifications: [NotificationRow]) async throws {
        guard !notifications.isEmpty else { return }
        try await database.execute(
            Query.saveNotifications,
            [
                notifications.texts(\.workflowID), notifications.texts(\.channel), notifications.jsons(\.address),
                notifications.ints(\.revision), notifications.ints(\.attempts), notifications.times(\.dueAt),
                notifications.bools(\.ended), notifications.jsons(\.state), notifications.texts(\.error),
            ])
    }

    /// Messages that are due to be sent, the longest due first.
    package func dueNotifications(limit: Int = 100) async throws -> [NotificationRow] {
        try await database.query(Query.dueNotifications, [.int(limit)]).map(NotificationRow.init)
    }
}

extension NotificationRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], channel: try row["channel"], address: try row.json("address"),
            revision: try row["revision"], attempts: try row["attempts"], dueAt: try row["due_at"],
            ended: try row["ended"], state: try row.json("state"), error: try row["error"],
            updatedAt: try row["updated_at"])
    }
}
