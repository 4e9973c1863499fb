import Foundation
import Postgres
import TestSupport
import Testing

@testable import Store

/// The hot statements at a size where it matters which way the planner goes: 100,000 tasks and events, or as many as
/// `BATON_TEST_ROWS` says. (A million of each take a minute or two to make.)
@Suite(.timeLimit(.minutes(10)))
struct `A hot statement` {
    @Test func `finds its rows by index`() async throws {
        try await withDatabase { settings in
            let rows = ProcessInfo.processInfo.environment["BATON_TEST_ROWS"].flatMap { Int($0) } ?? 100_000
            try await administer(settings, Self.rows(workflows: rows / 10), timeout: .seconds(540))
            let connection = try await PostgresConnection.open(settings)
            // As a connection of the command line runs it after some times, whatever the parameters.
            try await connection.script("generic", "SET plan_cache_mode = force_generic_plan")
            for statement in Self.statements {
                let plan = try await statement.plan(on: connection)
                #expect(!plan.contains("Seq Scan"), "\(statement.name):\n\(plan)")
                if plan.contains("SubPlan") && statement == Query.commit {
                    #expect(plan.contains("hashed SubPlan"), "\(plan)")
                }
            }
            await connection.close()
        }
    }

    /// A process plans it once, maybe on its installation's first day.
    @Test func `is planned to find its rows by index while the tables are still empty`() async throws {
        try await withDatabase { settings in
            var settings = settings
            settings.plansOnce = true
            let connection = try await PostgresConnection.open(settings)
            for statement in Self.statements {
                let plan = try await statement.plan(on: connection)
                let scans = plan.split(separator: "->").filter { $0.contains(" Scan ") && $0.contains(" on ") }
                for scan in scans {
                    let isWhole = !scan.contains("Index Cond:") && !scan.contains("Recheck Cond:")
                    let isOfWork = Self.underWay.contains { scan.contains($0) }
                    let isOfTable = scan.contains("Index") || scan.contains("Seq Scan")
                    #expect(!isOfTable || !isWhole || isOfWork, "\(statement.name) reads all of a table:\n\(plan)")
                }
            }
            await connection.close()
        }
    }

    /// Indexes that hold only what is under way: to read all of one is to read little.
    private static let underWay = ["workflows_active", "workflows_queued", "progress_unconfirmed"]

    private static let statements = [
        Query.commit, Query.loadWorkflows, Query.loadTasks, Query.loadTaken, Query.eventsByCausation, Query.history,
        Query.extendLeases, Query.sweepTasks, Query.sweepWorkflows, Query.dueWorkflows, Query.nextQueued,
        Query.takeSlot, Query.workflowPlans, Query.plannedTasks, Query.endedTasks,
        Query.loadGatherings, Query.loadGatheringTasks, Query.loadArtifacts, Query.createGatherings,
        Query.ingest, Query.publish, Query.settleUnchanged, Query.confirmProgress, Query.unconfirmedProgress,
        Query.abandonedGatherings, Query.progress, Query.listArtifacts,
    ]

    /// Ten tasks and events for each workflow, and what was gathered of them.
    private static func rows(workflows: Int) -> String {
        """
        SELECT baton.ensure_events_of(ARRAY['2026-01-01', '2026-02-01']::date[]);
        INSERT INTO baton.workflows
            (id, workspace, request_id, request_digest, name, status, concurrency_key, seq, wake_at, created_at, ended_at, plan)
        SELECT 'w' || n, 'default', 'r' || n, 'd', 'n', CASE WHEN n % 20 = 0 THEN 'queued' WHEN n % 20 < 3 THEN 'running' ELSE 'succeeded' END,
            'key' || n % 100, 10, CASE WHEN n % 20 = 1 THEN now() + interval '1 h' END,
            '2026-01-05'::timestamptz + n % 2 * interval '28 days' + n * interval '1 s', CASE WHEN n % 20 >= 3 THEN now() END, '{}'
        FROM generate_series(1, \(workflows)) n;
        INSERT INTO baton.tasks (workflow_id, task_id, key, position, kind, skill, domain, status, attempt, wake_at, created_at, ended_at)
        SELECT 'w' || n, 't' || t, 't' || t, t, 'skill', 's', 'domain' || t % 5,
            CASE WHEN n % 20 < 3 THEN 'pending' ELSE 'succeeded' END, 1,
            CASE WHEN n % 20 = 1 THEN now() + interval '1 h' END, now(), CASE WHEN n % 20 >= 3 THEN now() END
        FROM generate_series(1, \(workflows)) n, generate_series(1, 10) t;
        INSERT INTO baton.events (month, workflow_id, seq, id, type, causation, recorded_at, data)
        SELECT CASE WHEN n % 2 = 0 THEN '2026-01-01' ELSE '2026-02-01' END::date, 'w' || n, s, n || '/' || s, 'task.completed', 'm' || n || '/' || s / 3, now(), '{}'
        FROM generate_series(1, \(workflows)) n, generate_series(1, 10) s;
        INSERT INTO baton.gatherings (workflow_id, definition, ingest_seq, published_seq, dirty_since, close_at, revision)
        SELECT 'w' || n, '{}', 10, CASE WHEN n % 50 = 0 THEN 9 ELSE 10 END, CASE WHEN n % 50 = 0 THEN now() END,
            CASE WHEN n % 50 = 1 THEN now() END, 3
        FROM generate_series(1, \(workflows)) n;
        INSERT INTO baton.gathering_tasks (workflow_id, task_id)
        SELECT 'w' || n, 't' || t FROM generate_series(1, \(workflows)) n, generate_series(1, 5) t;
        INSERT INTO baton.artifacts (workflow_id, task_id, name, attempt, seq, digest, domain, skill_id, retry_at)
        SELECT 'w' || n, 't' || t, 'result', 1, 1000, 'x', 'd', 's', CASE WHEN n % 100 = 0 THEN now() END
        FROM generate_series(1, \(workflows)) n, generate_series(1, 5) t;
        INSERT INTO baton.progress (workflow_id, revision, snapshot, event, id, exchange, routing_key, confirmed_at)
        SELECT 'w' || n, r, r = 1, 'x', 'x', 'x', 'x', CASE WHEN n % 100 > 0 THEN now() END
        FROM generate_series(1, \(workflows)) n, generate_series(1, 3) r;
        INSERT INTO baton.slots (key, slot, workflow_id) SELECT 'key' || n, 1, 'w' || n FROM generate_series(1, \(workflows)) n;
        ANALYZE;
        """
    }
}

extension Statement {
    /// What the server means to do for it, whatever the parameters.
    fileprivate func plan(on connection: PostgresConnection) async throws -> String {
        try await connection.script("prepare", "PREPARE tried AS \(sql)")
        let nulls = Array(repeating: "NULL", count: parameterCount).joined(separator: ", ")
        let lines = try await connection.query(Statement("explain \(name)", "EXPLAIN EXECUTE tried(\(nulls))"))
        try await connection.script("deallocate", "DEALLOCATE tried")
        return try lines.map { (row) throws -> String in try row[0] }.joined(separator: "\n")
    }

    /// How many parameters its text names.
    fileprivate var parameterCount: Int {
        var highest = 0
        // Comments name them too, before the first line of the statement.
        for part in sql.split(separator: "$").dropFirst() {
            if let number = Int(part.prefix { $0.isNumber }) { highest = max(highest, number) }
        }
        return highest
    }
}
