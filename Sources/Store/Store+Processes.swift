package import JSON
import Postgres

/// The kinds of process that share partitions.
package enum ReplicaKind: String, Sendable { case dispatcher, gatherer }

extension Store {
    /// Says that a replica is alive, and learns which others are.
    ///
    /// - Parameters:
    ///   - isNew: its process has just begun.
    ///   - patience: one that has not been seen for so long is gone.
    /// - Returns: the live ones, this one included, each with a text that is another once its process has begun anew.
    package func announce(
        _ id: String, _ kind: ReplicaKind, version: String? = nil, isNew: Bool = false,
        patience: Duration = .seconds(15)
    ) async throws -> [String: String] {
        let results = try await database.pipeline([
            (Query.announceReplica, [.text(id), .text(kind.rawValue), .text(version), .bool(isNew)]),
            (Query.liveReplicas, [.text(kind.rawValue), .interval(patience)]),
        ])
        return try Dictionary(results[1].rows.map { (try $0["id"], try $0["started_at"]) }) { $1 }
    }

    package func liveReplicas(_ kind: ReplicaKind, patience: Duration = .seconds(15)) async throws -> [String] {
        try await database.query(Query.liveReplicas, [.text(kind.rawValue), .interval(patience)]).map { try $0["id"] }
    }

    /// Takes a replica off the list, on its way out.
    package func withdraw(_ id: String) async throws { try await database.execute(Query.removeReplica, [.text(id)]) }

    /// Takes heartbeats of executors in; of two of one executor the last counts.
    package func record(_ executors: [ExecutorRow]) async throws {
        guard !executors.isEmpty else { return }
        let latest = Dictionary(executors.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
        let rows = latest.values.sorted { $0.id < $1.id }
        try await database.execute(
            Query.upsertExecutors,
            [
                rows.texts(\.id), rows.texts(\.domain), rows.jsons { .array($0.skills.map { .string($0) }) },
                rows.ints(\.concurrency), rows.ints(\.running), rows.texts(\.version), rows.jsons(\.extra),
            ])
    }

    /// The executors that have been heard of lately.
    package func liveExecutors(patience: Duration = .seconds(45)) async throws -> [ExecutorRow] {
        try await database.query(Query.liveExecutors, [.interval(patience)]).map { row in
            ExecutorRow(
                id: try row["id"], domain: try row["domain"], skills: try row["skills"],
                concurrency: try row["concurrency"], running: try row["running"], version: try row["version"],
                startedAt: try row["started_at"], seenAt: try row["seen_at"], extra: try row.json("extra"))
        }
    }

    /// Forgets executors that have been silent for long.
    package func forgetExecutors(silentFor span: Duration) async throws {
        try await database.execute(Query.forgetExecutors, [.interval(span)])
    }

    /// Writes down who did what.
    package func audit(
        workspace: String?, actor: String, action: String, subject: String?, details: JSONValue?
    ) async throws {
        try await database.execute(
            Query.insertAudit,
            [.text(workspace), .text(actor), .text(action), .text(subject), .json(details?.serialized())])
    }
}
