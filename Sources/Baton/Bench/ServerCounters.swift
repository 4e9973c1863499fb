import Foundation
import JSON
import Postgres
import Topology

/// What the database counts of itself.
struct DatabaseCounters: Sendable {
    var transactions = 0
    /// Inserted, updated or deleted.
    var rows = 0
    var walBytes = 0

    static func read(_ settings: PostgresSettings) async throws -> DatabaseCounters {
        let connection = try await PostgresConnection.open(settings)
        // What the backends have counted reaches the view within a second.
        let query = """
            SELECT xact_commit + xact_rollback AS transactions, tup_inserted + tup_updated + tup_deleted AS written,
                pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8 AS wal
            FROM pg_stat_database WHERE datname = current_database()
            """
        do {
            let rows = try await connection.query(Statement("bench_counters", query), [])
            await connection.close()
            guard let row = rows.first else { return DatabaseCounters() }
            return DatabaseCounters(
                transactions: try row["transactions"], rows: try row["written"], walBytes: try row["wal"])
        } catch {
            await connection.close()
            throw error
        }
    }

    static func - (after: DatabaseCounters, before: DatabaseCounters) -> DatabaseCounters {
        DatabaseCounters(
            transactions: after.transactions - before.transactions, rows: after.rows - before.rows,
            walBytes: after.walBytes - before.walBytes)
    }
}

/// What the broker counts of itself; it looks every five seconds.
struct BrokerCounters: Sendable {
    static let interval = Duration.seconds(6)

    /// Messages that came into queues, those of queues that are gone included.
    var queued = 0
    /// Messages as they were published: one may go into several queues.
    var published = 0
    var acknowledged = 0
    /// To and from the broker, by all connections that are open.
    var bytes = 0

    static func read(_ api: ManagementAPI) async throws -> BrokerCounters {
        let stats = try await api.get("overview")?["message_stats"]
        var counters = BrokerCounters()
        counters.published = stats?["publish"]?.int ?? 0
        counters.acknowledged = stats?["ack"]?.int ?? 0
        counters.queued =
            try await api.get("queues")?.array?.reduce(0) { sum, queue in
                sum + (queue["message_stats"]?["publish"]?.int ?? 0)
            } ?? 0
        counters.bytes =
            try await api.get("connections")?.array?.reduce(0) { sum, connection in
                sum + (connection["recv_oct"]?.int ?? 0) + (connection["send_oct"]?.int ?? 0)
            } ?? 0
        return counters
    }

    static func - (after: BrokerCounters, before: BrokerCounters) -> BrokerCounters {
        BrokerCounters(
            queued: after.queued - before.queued, published: after.published - before.published,
            acknowledged: after.acknowledged - before.acknowledged, bytes: after.bytes - before.bytes)
    }
}
