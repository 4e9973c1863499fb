import Postgres

/// Bugs that are planted into the live database, at the very end, and that `baton doctor` has to see.
struct RowPlant: Sendable {
    let name: String
    /// Spoils a row, and says how to mend it again.
    let spoil: String
    let mend: String

    static let all = [
        RowPlant(
            name: "doctor: a forked revision",
            spoil: """
                CREATE TABLE public.kept AS SELECT * FROM baton.progress WHERE (workflow_id, revision) IN
                    (SELECT p.workflow_id, max(p.revision) FROM baton.progress p JOIN baton.workflows w ON w.id = p.workflow_id
                     WHERE w.request_id LIKE 'chain%' GROUP BY p.workflow_id, w.created_at ORDER BY w.created_at DESC LIMIT 1);
                UPDATE baton.progress p SET event = convert_to(replace(convert_from(p.event, 'UTF8'), '"run"', '"nur"'), 'UTF8')
                    FROM public.kept k WHERE (p.workflow_id, p.revision) = (k.workflow_id, k.revision)
                """,
            mend: """
                UPDATE baton.progress p SET event = k.event FROM public.kept k
                    WHERE (p.workflow_id, p.revision) = (k.workflow_id, k.revision);
                DROP TABLE public.kept
                """),
        RowPlant(
            name: "doctor: an event that is missing from a history",
            spoil: """
                CREATE TABLE public.kept AS SELECT * FROM baton.events WHERE type = 'task.started'
                    ORDER BY recorded_at DESC LIMIT 1;
                DELETE FROM baton.events e USING public.kept k WHERE e.id = k.id AND e.workflow_id = k.workflow_id
                """, mend: "INSERT INTO baton.events SELECT * FROM public.kept; DROP TABLE public.kept"),
        RowPlant(
            name: "doctor: a row that its history does not lead to",
            spoil: """
                CREATE TABLE public.kept AS SELECT workflow_id, task_id, attempt FROM baton.tasks
                    WHERE status = 'succeeded' ORDER BY created_at DESC LIMIT 1;
                UPDATE baton.tasks t SET attempt = t.attempt + 1 FROM public.kept k
                    WHERE (t.workflow_id, t.task_id) = (k.workflow_id, k.task_id)
                """,
            mend: """
                UPDATE baton.tasks t SET attempt = k.attempt FROM public.kept k
                    WHERE (t.workflow_id, t.task_id) = (k.workflow_id, k.task_id);
                DROP TABLE public.kept
                """),
    ]

    func isSeen(in world: World) async throws -> Bool {
        try await script(spoil, world)
        let spoiled = try await world.command(["doctor", "--limit", "100"]).status
        try await script(mend, world)
        return spoiled == 1
    }

    private func script(_ sql: String, _ world: World) async throws {
        try await world.database.withConnection { try await $0.script("plant", sql) }
    }
}
