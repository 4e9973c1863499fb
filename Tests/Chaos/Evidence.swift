import JSON
import Postgres
import Topology

/// Everything that is left of a run: what was asked for, what the tables hold, what the skills wrote, what the broker was told.
struct Evidence: Sendable {
    struct Workflow: Sendable {
        var status: String
        /// What it gave back, where that is a number.
        var output: Int?
        /// The length of its history, as its row has it.
        var seq: Int
        var rows = 0
        var distinctIDs = 0
        var firstSeq = 0
        var lastSeq = 0
        var ends = 0
    }

    struct Task: Sendable {
        var key: String
        var status: String
        var attempt: Int
        /// Of its output: which run of the skill it came from.
        var run: String?
        var waits: Bool
    }

    struct Run: Sendable {
        var key: String
        var attempt: Int
        var run: String
        var outcome: String
    }

    struct Merge: Sendable {
        var isClosed: Bool
        var revisions = 0
        var lastRevision = 0
        var unconfirmed = 0
    }

    var ledger: [Ledger.Entry] = []
    var workflows: [String: Workflow] = [:]
    /// Workflows that these have started, and how they stand.
    var children: [String: String] = [:]
    /// Those of the children too, as are the runs and the effects.
    var tasks: [Task] = []
    var runs: [Run] = []
    /// Key and run, a row each.
    var effects: [(key: String, run: String)] = []
    var merges: [String: Merge] = [:]
    var told: [String: Witness.Told] = [:]
    /// What was given up on, by message id, and the workflow that an order among it was of.
    var dead: [(id: String, workflow: String?, reason: String)] = []
    /// The messages that nobody could take, by id.
    var garbage: Set<String> = []
    /// Work that still lies in queues, by queue; `nil` where that is not to be judged.
    var left: [String: Int]?
}

extension Evidence {
    /// Tasks whose work was done more than once.
    var doubledRuns: Int {
        Dictionary(grouping: runs.filter { $0.outcome == "done" }, by: \.key).values.filter { $0.count > 1 }.count
    }

    /// - Parameter entries: the part of the ledger to be looked at; everything else is of these workflows.
    static func gather(
        _ world: World, _ entries: [Ledger.Entry], _ witness: Witness, garbage: Set<String>
    ) async throws -> Evidence {
        let own = PostgresValue.texts(entries.map(\.workflow))
        var evidence = Evidence(ledger: entries, told: await witness.told, garbage: garbage)
        let workflows = try await world.rows(
            """
            SELECT w.id, w.status, w.output #>> '{}' AS output, w.seq, count(e.*) AS rows, count(DISTINCT e.id) AS ids,
                min(e.seq) AS first, max(e.seq) AS last, count(*) FILTER (WHERE e.type = 'workflow.completed') AS ends
            FROM baton.workflows w LEFT JOIN baton.events e ON e.workflow_id = w.id WHERE w.id = ANY($1)
            GROUP BY w.id, w.status, w.output #>> '{}', w.seq
            """, [own])
        for row in try await world.rows("SELECT id, status FROM baton.workflows WHERE parent_id = ANY($1)", [own]) {
            evidence.children[row["id"]?.string ?? ""] = row["status"]?.string ?? ""
        }
        let ids = PostgresValue.texts(entries.map(\.workflow) + evidence.children.keys)
        for row in workflows {
            evidence.workflows[row["id"]?.string ?? ""] = Workflow(
                status: row["status"]?.string ?? "", output: row["output"]?.string.flatMap { Int($0) },
                seq: row["seq"]?.int ?? 0, rows: row["rows"]?.int ?? 0, distinctIDs: row["ids"]?.int ?? 0,
                firstSeq: row["first"]?.int ?? 0, lastSeq: row["last"]?.int ?? 0, ends: row["ends"]?.int ?? 0)
        }
        evidence.tasks = try await world.rows(
            """
            SELECT workflow_id || '/' || task_id AS key, status, attempt,
                CASE WHEN json_typeof(output) = 'object' THEN output ->> 'run' END AS run,
                wake_at IS NOT NULL OR lease_until IS NOT NULL AS waits
            FROM baton.tasks WHERE workflow_id = ANY($1)
            """, [ids]
        ).map { row in
            Task(
                key: row["key"]?.string ?? "", status: row["status"]?.string ?? "", attempt: row["attempt"]?.int ?? 0,
                run: row["run"]?.string, waits: row["waits"]?.bool ?? false)
        }
        try await evidence.readBooks(world, ids)
        try await evidence.readMerges(world, own)
        let letters = try await DeadLetters(try world.broker("deploy")).list()
        evidence.dead = letters.letters.map { letter in
            let data = letter.isOrder ? try? JSONReader.parse(letter.delivery.body) : nil
            return (letter.delivery.properties.messageID ?? "", data?["workflow_id"]?.string, letter.reason)
        }
        return evidence
    }

    private mutating func readBooks(_ world: World, _ ids: PostgresValue) async throws {
        let ours = "split_part(key, '/', 1) = ANY($1)"
        runs = try await World.rows(
            world.books, "SELECT key, attempt, run, outcome FROM runs WHERE \(ours)", [ids]
        ).map { row in
            Run(
                key: row["key"]?.string ?? "", attempt: row["attempt"]?.int ?? 0, run: row["run"]?.string ?? "",
                outcome: row["outcome"]?.string ?? "")
        }
        effects = try await World.rows(world.books, "SELECT key, run FROM effects WHERE \(ours)", [ids]).map { row in
            (row["key"]?.string ?? "", row["run"]?.string ?? "")
        }
    }

    private mutating func readMerges(_ world: World, _ ids: PostgresValue) async throws {
        let rows = try await world.rows(
            """
            SELECT g.workflow_id AS id,
                g.closed_revision IS NOT NULL AND g.ingest_seq = g.published_seq AND g.close_at IS NULL AS closed,
                count(p.*) AS revisions, coalesce(max(p.revision), 0) AS last,
                count(*) FILTER (WHERE p.revision IS NOT NULL AND p.confirmed_at IS NULL) AS unconfirmed
            FROM baton.gatherings g LEFT JOIN baton.progress p USING (workflow_id) WHERE g.workflow_id = ANY($1)
            GROUP BY g.workflow_id
            """, [ids])
        for row in rows {
            merges[row["id"]?.string ?? ""] = Merge(
                isClosed: row["closed"]?.bool ?? false, revisions: row["revisions"]?.int ?? 0,
                lastRevision: row["last"]?.int ?? 0, unconfirmed: row["unconfirmed"]?.int ?? 0)
        }
    }
}
