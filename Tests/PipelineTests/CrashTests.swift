import Foundation
import Glibc
import JSON
import Postgres
import Testing

extension `The pipeline` {
    /// Two tasks, the second on what the first gave.
    private static func small(_ number: Int) -> JSONValue {
        [
            "tasks": [
                "one": ["skill": "data-read.echo", "with": ["n": .number(JSONNumber(number))]],
                "two": [
                    "skill": "data-read.echo",
                    "with": ["n": "${{ tasks.one.output.n }}", "name": "w${{ tasks.one.output.n }}"],
                    "needs": "one",
                ],
            ], "output": "${{ tasks.two.output }}",
        ]
    }

    /// Asks for workflows, all in one go.
    ///
    /// - Returns: their ids, in the order of their numbers.
    private func ask(for numbers: Range<Int>, _ name: String) async throws -> [String] {
        let ids = numbers.map { "\(name)-\($0)" }
        let messages = zip(numbers, ids).map { number, id in
            Pipeline.message(
                "workflow.requested", Pipeline.request(["plan": Self.small(number)], id: id), id: "request-\(id)")
        }
        #expect(try await pipeline.publish(messages, as: "producer").allSatisfy { $0 == .confirmed })
        return ids.map(Pipeline.workflow)
    }

    @Test func `ends every workflow once, whichever process is killed in the middle`() async throws {
        let pipeline = try self.pipeline
        let victims = ["planner", "dispatcher", "gatherer", "notifier", "api", "data-read"]
        let (name, slice) = ("crash-\(UUID().uuidString.prefix(8))", 34)
        var workflows: [String] = []
        for (index, victim) in victims.enumerated() {
            let new = try await ask(for: index * slice..<(index + 1) * slice, name)
            workflows += new
            _ = try await pipeline.recorder.first("task.started", of: new[3])
            try pipeline.process(victim).send(SIGKILL)
        }
        for workflow in workflows {
            let completed = try await pipeline.end(of: workflow)
            #expect(completed["status"] == "succeeded", "\(completed.text)")
            _ = try await pipeline.lastRevision(of: workflow)
        }
        try await expectSound(workflows)
    }

    @Test func `loses nothing when an executor is told to stop under load`() async throws {
        let pipeline = try self.pipeline
        let workflows = try await ask(for: 0..<40, "drain-\(UUID().uuidString.prefix(8))")
        _ = try await pipeline.recorder.first("task.started", of: workflows[5])
        let executor = try pipeline.process("data-read")
        executor.send(SIGTERM)
        #expect(await executor.ends(within: .seconds(30)))
        for workflow in workflows {
            #expect(try await pipeline.end(of: workflow)["status"] == "succeeded")
            _ = try await pipeline.lastRevision(of: workflow)
        }
        try await expectSound(workflows)
        let failures = await pipeline.recorder.seen.filter {
            $0.type == "task.failed" && workflows.contains($0.data["workflow_id"]?.string ?? "")
        }
        #expect(failures.isEmpty)
    }

    /// The invariants, as far as the tables show them.
    private func expectSound(_ workflows: [String]) async throws {
        let (pipeline, ids) = (try self.pipeline, PostgresValue.texts(workflows))
        func expectNone(_ sql: String, _ comment: Comment) async throws {
            let found = try await pipeline.rows(sql, [ids])
            #expect(found.isEmpty, comment)
            #expect(found.isEmpty, "\(found.prefix(5).map(\.text))")
        }
        try await expectNone(
            "SELECT id, status FROM baton.workflows WHERE id = ANY($1) AND status <> 'succeeded'", "all succeed")
        let count = try await pipeline.rows("SELECT count(*) AS n FROM baton.workflows WHERE id = ANY($1)", [ids])
        #expect(count[0]["n"]?.int == workflows.count)
        try await expectNone(
            """
            SELECT workflow_id FROM baton.events WHERE workflow_id = ANY($1) GROUP BY workflow_id
            HAVING max(seq) <> count(*) OR min(seq) <> 1
                OR count(*) FILTER (WHERE type = 'workflow.completed') <> 1
                OR count(DISTINCT id) <> count(*)
            """, "histories have no gaps, and one end")
        try await expectNone(
            """
            SELECT w.id FROM baton.workflows w JOIN baton.events e ON e.workflow_id = w.id
            WHERE w.id = ANY($1) GROUP BY w.id, w.seq HAVING max(e.seq) <> w.seq
            """, "the row knows how long the history is")
        try await expectNone(
            """
            SELECT workflow_id, task_id, status, attempt FROM baton.tasks WHERE workflow_id = ANY($1)
                AND (status <> 'succeeded' OR wake_at IS NOT NULL OR lease_until IS NOT NULL)
            """, "tasks that ended wait for nothing")
        try await expectNone(
            """
            SELECT w.id, w.output, w.request_id FROM baton.workflows w WHERE w.id = ANY($1)
                AND (w.output ->> 'n' IS DISTINCT FROM substring(w.request_id FROM '[0-9]+$')
                    OR w.output ->> 'name' IS DISTINCT FROM 'w' || substring(w.request_id FROM '[0-9]+$'))
            """, "outputs are right")
        try await expectNone(
            """
            SELECT g.workflow_id FROM baton.gatherings g WHERE g.workflow_id = ANY($1)
                AND (g.closed_revision IS NULL OR g.ingest_seq <> g.published_seq OR g.close_at IS NOT NULL)
            """, "merges are closed and all is published")
        try await expectNone(
            """
            SELECT workflow_id FROM baton.progress WHERE workflow_id = ANY($1) GROUP BY workflow_id
            HAVING max(revision) <> count(*)
                OR count(*) FILTER (WHERE routing_key LIKE 'workflow.progress.on_time.%') <> 1
            """, "revisions have no gaps, and one is on time")
        // That the broker has one is written down with the next, or a while later.
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !pipeline.rows(
            "SELECT 1 FROM baton.progress WHERE workflow_id = ANY($1) AND confirmed_at IS NULL", [ids]
        ).isEmpty {
            try #require(ContinuousClock.now < deadline, "all revisions are confirmed")
            try await Task.sleep(for: .milliseconds(100))
        }
        for workflow in workflows {
            let ends = await pipeline.recorder.all("workflow.completed", of: workflow)
            #expect(Set(ends.map(\.id)).count == 1)
        }
        let doctor = try await pipeline.shell([Pipeline.program, "doctor"])
        #expect(doctor.status == 0, "\(doctor.lines.joined(separator: "\n"))")
    }
}
