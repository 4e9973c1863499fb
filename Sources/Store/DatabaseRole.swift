/// Whom a process is to the database: a role for each, with the grants that it needs and no more.
package enum DatabaseRole: String, Sendable, CaseIterable {
    case planner, dispatcher, gatherer, notifier, api, cli

    /// What it may do with which tables.
    var grants: [(privileges: String, tables: [String])] {
        switch self {
        case .planner:
            [("SELECT", ["definitions", "skills", "policies", "executors", "workflows"])]
        case .dispatcher:
            [
                ("SELECT, INSERT, UPDATE", ["workflows", "tasks", "approvals"]),
                ("SELECT, INSERT", ["events"]),
                ("INSERT", ["audit"]),
                ("SELECT, INSERT, DELETE", ["slots"]),
                ("SELECT, INSERT, UPDATE, DELETE", ["replicas", "executors"]),
                ("SELECT", ["skills", "policies"]),
            ]
        case .gatherer:
            [
                ("SELECT, INSERT, UPDATE", ["gatherings", "gathering_tasks", "artifacts", "progress"]),
                ("SELECT, INSERT, UPDATE, DELETE", ["replicas"]),
                ("SELECT", ["workflows", "tasks"]),
            ]
        case .notifier:
            [
                ("SELECT, INSERT, UPDATE", ["notifications"]),
                (
                    "SELECT",
                    ["workflows", "tasks", "approvals", "gatherings", "gathering_tasks", "artifacts", "progress"]
                ),
            ]
        case .api:
            [
                ("SELECT, INSERT", ["definitions", "skills", "audit"]),
                ("SELECT, INSERT", ["task_logs"]),
                ("SELECT, INSERT, UPDATE, DELETE", ["policies", "api_keys", "webhooks"]),
                ("SELECT", Self.history),
            ]
        case .cli:
            [
                ("SELECT, INSERT", ["definitions", "skills"]),
                ("SELECT", ["task_logs", "policies", "audit", "migrations"]),
                ("SELECT", Self.history),
            ]
        }
    }

    private static let history = [
        "workflows", "tasks", "events", "slots", "approvals", "gatherings", "gathering_tasks", "artifacts", "progress",
        "replicas", "executors", "notifications",
    ]

    /// The functions that make partitions for it.
    var functions: [String] {
        switch self {
        case .dispatcher: ["ensure_events_of(date[])"]
        case .api: ["ensure_task_logs_of(date[])"]
        default: []
        }
    }
}
