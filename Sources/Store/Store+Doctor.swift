import Postgres

/// What `baton doctor` looks at beside the workflows themselves.
extension Store {
    package struct Counts: Sendable, Equatable {
        package var workflows: Int
        package var tasks: Int
        /// Tasks that are to be woken.
        package var wakeups: Int
        package var leases: Int
    }

    package func counts() async throws -> Counts {
        let row = try await database.query(Self.tableCounts)[0]
        return Counts(
            workflows: try row["workflows"], tasks: try row["tasks"], wakeups: try row["wakeups"],
            leases: try row["leases"])
    }

    /// Wake-ups of tasks and workflows that have ended, and leases of tasks that do not run, in words.
    package func strayWakeups(limit: Int = 100) async throws -> [String] {
        try await database.query(Self.strayWakeups, [.int(limit)]).map { row in
            let workflow: String = try row["workflow_id"]
            let task: String? = try row["task_id"]
            let status: String = try row["status"]
            let wakes: Bool = try row["wakes"]
            let subject = task.map { "\(workflow)/\($0)" } ?? workflow
            return "\(subject) is \(status) and \(wakes ? "is to be woken" : "has a lease")"
        }
    }

    private static let tableCounts = Statement("table_counts", PackageResources.table_counts_sql)
    private static let strayWakeups = Statement("stray_wakeups", PackageResources.stray_wakeups_sql)
}
