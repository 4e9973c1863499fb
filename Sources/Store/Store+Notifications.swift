package import JSON
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

    /// Asks for messages to be sent, or sent anew: one for each workflow and channel.
    package func requestNotifications(_ wanted: [(workflowID: String, channel: String)]) async throws {
        guard !wanted.isEmpty else { return }
        try await database.execute(
            Query.requestNotifications, [wanted.texts(\.workflowID), wanted.texts(\.channel)])
    }

    /// The names of workflows, and whom they tell.
    package func notify(of workflowIDs: [String]) async throws -> [String: (name: String, notify: JSONValue?)] {
        guard !workflowIDs.isEmpty else { return [:] }
        var found: [String: (name: String, notify: JSONValue?)] = [:]
        for row in try await database.query(Query.notifyOf, [.texts(workflowIDs)]) {
            found[try row["id"]] = (try row["name"], try row.json("notify"))
        }
        return found
    }

    /// Takes messages that are due to be sent: nobody else is given them for half a minute, unless something new comes.
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
