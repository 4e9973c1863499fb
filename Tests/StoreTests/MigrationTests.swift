import Postgres
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The schema` {
    @Test func `is made once, however many ask for it at the same time`() async throws {
        try await withEmptyDatabase { settings in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await Migrator(settings).migrate() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied == ["definitions", "workflows", "gatherings", "processes", "task_logs", "api", "people"])
            let again = try await Migrator(settings).migrate()
            #expect(again.isEmpty)
        }
    }

    @Test(arguments: 0..<Migrator.latest)
    func `has a way back from every step, and forth again`(step: Int) async throws {
        try await withEmptyDatabase { settings in
            let migrator = Migrator(settings)
            try await migrator.migrate()
            let before = try await picture(settings)
            try await migrator.migrateDown(to: step)
            if step == 0 {
                let left = try await picture(settings)
                #expect(left.isEmpty)
            }
            try await migrator.migrate()
            let after = try await picture(settings)
            #expect(after == before)
            let reached = try await migrator.step()
            #expect(reached == Migrator.latest)
        }
    }

    @Test func `is also taken back when it holds rows and partitions`() async throws {
        try await withStore { store in
            _ = try await store.commit(
                Changes(workflows: [workflow("w")], tasks: [task("w", "t")], events: [event("w", 1)]))
            try await Migrator(store.database.settings).migrateDown(to: 0)
            let left = try await picture(store.database.settings)
            #expect(left.isEmpty)
        }
    }

    @Test func `of a later version, or one that was changed, is left alone`() async throws {
        try await withDatabase { settings in
            try await administer(settings, "INSERT INTO baton.migrations VALUES (99, 'future', '')")
            await #expect(throws: Migrator.Problem.newer(step: 99)) { try await Migrator(settings).migrate() }
            try await administer(
                settings,
                "DELETE FROM baton.migrations WHERE step = 99; UPDATE baton.migrations SET digest = '' WHERE step = 2")
            await #expect(throws: Migrator.Problem.changed(step: 2)) { try await Migrator(settings).migrate() }
        }
    }

    static let broken: [(String, String)] = [
        ("workflows_ended_at_iff_terminal", "UPDATE baton.workflows SET status = 'failed'"),
        ("workflows_status_is_known", "UPDATE baton.workflows SET status = 'lost'"),
        (
            "tasks_never_wake_when_terminal",
            "UPDATE baton.tasks SET status = 'failed', ended_at = now(), wake_at = now()"
        ),
        ("tasks_lease_only_while_running", "UPDATE baton.tasks SET lease_until = now()"),
        ("tasks_ended_at_iff_terminal", "UPDATE baton.tasks SET ended_at = now()"),
        ("tasks_skill_has_a_domain", "UPDATE baton.tasks SET domain = NULL"),
        ("gatherings_publish_only_what_came", "UPDATE baton.gatherings SET published_seq = 1"),
        ("gatherings_dirty_since_iff_dirty", "UPDATE baton.gatherings SET ingest_seq = 1"),
    ]

    @Test(arguments: broken)
    func `holds its own promises`(constraint: String, change: String) async throws {
        try await withStore { store in
            _ = try await store.commit(Changes(workflows: [workflow("w")], tasks: [task("w", "t")]))
            try await store.ingest([], beginning: [Beginning(definition: gathering("w"), tasks: [])])
            let error = await #expect(throws: PostgresError.self) {
                try await store.database.execute(Statement("break", change))
            }
            #expect(error?.constraint == constraint)
        }
    }
}

/// Every table, column, constraint, index and function of the schema, as text.
private func picture(_ settings: PostgresSettings) async throws -> [String] {
    let connection = try await PostgresConnection.open(settings)
    let rows = try await connection.query(
        Statement(
            "picture",
            """
            SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) AS line
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'baton' AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = to_regnamespace('baton')
            UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'baton'
            UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p WHERE pronamespace = to_regnamespace('baton')
            UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = 'baton'
            ORDER BY 1
            """))
    await connection.close()
    return try rows.map { try $0["line"] }
}
