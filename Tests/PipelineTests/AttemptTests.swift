import Foundation
import Glibc
import JSON
import Postgres
import Testing

extension `The pipeline` {
    static func gated(_ gate: Gate, _ output: JSONValue, domain: String = "data-read") -> JSONObject {
        ["skill": .string("\(domain).gated"), "with": ["gate": .string(gate.path), "output": output]]
    }

    @Test func `keeps what a superseded attempt says, and believes none of it`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        var task = Self.gated(gate, ["good": true])
        task["retry"] = ["attempts": 2, "backoff": "10ms"]
        let workflow = try await pipeline.run(["try": .object(task)], output: "${{ tasks.try.output }}")
        let first = try await pipeline.recorder.first("task.started", of: workflow)
        try gate.fail()
        _ = try await pipeline.recorder.first("task.retrying", of: workflow)
        _ = try await pipeline.recorder.first("task.started", of: workflow, attempt: 2)

        let facts: [(String, JSONValue)] = [
            ("workflow_id", .string(workflow)), ("task_id", "try"), ("attempt", 1),
            ("executor", first.data["executor"] ?? ""), ("delivery", 0),
        ]
        let artifact: [(String, JSONValue)] = [
            ("skill_id", "data-read.gated"), ("runner_domain", "data-read"), ("name", "result"), ("seq", 900),
            ("kind", "data"), ("result_summary", "late"), ("payload", ["bad": true]), ("confidence", 1),
            ("started_at", "2026-01-01T00:00:00Z"), ("finished_at", "2026-01-01T00:00:01Z"),
        ]
        try await pipeline.say(
            "artifact.created", .object(JSONObject(facts + artifact)), domain: "data-read", skill: "gated")
        try await pipeline.say(
            "task.completed", .object(JSONObject(facts + [("output", ["bad": true]), ("artifacts", [])])),
            domain: "data-read", skill: "gated")
        try gate.open()

        #expect(try await pipeline.end(of: workflow)["output"] == ["good": true])
        _ = try await pipeline.lastRevision(of: workflow)
        let kept = try await pipeline.rows(
            "SELECT attempt, name FROM baton.artifacts WHERE workflow_id = $1 ORDER BY attempt", [.text(workflow)])
        #expect(kept.map { $0["attempt"] } == [1, 2])
        let ends = try await pipeline.rows(
            "SELECT attempt FROM baton.events WHERE workflow_id = $1 AND type = 'task.completed' ORDER BY seq",
            [.text(workflow)])
        #expect(ends.map { $0["attempt"] } == [1, 2])
        let revisions = await pipeline.recorder.all("workflow.progress", of: workflow)
        #expect(!revisions.contains { $0.data.text.contains("\"bad\"") }, "\(revisions.map(\.data.text))")
        #expect(try await pipeline.task("try", of: workflow)["attempt"] == 2)
        let dead = await pipeline.recorder.seen.filter {
            $0.exchange == "dead-letter" && $0.data["workflow_id"]?.string == workflow
        }
        #expect(dead.isEmpty)
    }

    @Test func `tries again what failed for a reason that passes`() async throws {
        let pipeline = try self.pipeline
        let books = try await PostgresConnection.open(
            try PostgresSettings(url: pipeline.state.postgresURL(database: "books")))
        try await books.script("lock", "BEGIN; LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
        let workflow = try await pipeline.run(
            [
                "sum": [
                    "skill": "data-read.ledger", "with": ["limit": 10],
                    "retry": ["attempts": 3, "backoff": "100ms"],
                ]
            ], output: "${{ tasks.sum.output.rows }}")
        let retrying = try await pipeline.recorder.first("task.retrying", of: workflow)
        #expect(retrying.data["error"]?["code"] == "statement_timeout", "\(retrying.data.text)")
        try await books.script("unlock", "COMMIT")
        await books.close()

        #expect(try await pipeline.end(of: workflow)["output"] == [["total": 55, "entries": 10]])
        #expect(try await pipeline.task("sum", of: workflow)["attempt"]?.int ?? 0 >= 2)
    }

    @Test func `ends the whole process group of a command at its timeout`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        var task = Self.gated(gate, [:], domain: "growth-marketing")
        task["timeout"] = "1s"
        let workflow = try await pipeline.run(["slow": .object(task)])
        let processes = try await pipeline.processes(of: "slow", workflow)
        #expect(processes.count == 2)
        let failed = try await pipeline.recorder.first("task.failed", of: workflow)
        #expect(failed.data["error"]?["code"] == "timeout")
        for process in processes { #expect(await process?.ends() ?? true) }
        #expect(try await pipeline.end(of: workflow)["status"] == "failed")
        _ = try await pipeline.lastRevision(of: workflow)
    }

    @Test func `ends what runs when its workflow is cancelled`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run([
            "slow": .object(Self.gated(gate, [:], domain: "growth-marketing")),
            "after": ["skill": "data-read.echo", "needs": "slow"],
        ])
        let processes = try await pipeline.processes(of: "slow", workflow)
        let cancel = Pipeline.message(
            "control.cancel",
            ["workflow_id": .string(workflow), "actor": ["id": "ada", "roles": []], "reason": "rain"])
        #expect(try await pipeline.publish([cancel], as: "operator") == [.confirmed])

        #expect(try await pipeline.end(of: workflow)["status"] == "cancelled")
        for process in processes { #expect(await process?.ends() ?? true) }
        _ = try await pipeline.lastRevision(of: workflow)
        for task in ["slow", "after"] {
            #expect(try await pipeline.task(task, of: workflow)["status"] == "cancelled")
        }
    }

    @Test(arguments: [
        ("a large output", "output_too_large"), ("a long line", "line_too_long"),
        ("many artifacts", "too_many_artifacts"), ("no JSON", "no_result"), ("nothing", "no_result"),
        ("an own code", "out_of_ink"), ("its death", "signal"),
    ])
    func `says by a code of its own why a command's word does not count`(asked: String, code: String) async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run([
            "talk": ["skill": "growth-marketing.talker", "with": ["say": .string(asked)]]
        ])
        let failed = try await pipeline.recorder.first("task.failed", of: workflow)
        #expect(failed.data["error"]?["code"]?.string == code, "\(failed.data.text)")
        let completed = try await pipeline.end(of: workflow)
        #expect(completed["status"] == "failed")
        _ = try await pipeline.lastRevision(of: workflow)
    }

    @Test func `runs the same attempt again when its executor is killed, and leaves no command behind`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run(
            ["slow": .object(Self.gated(gate, ["n": 7], domain: "growth-marketing"))],
            output: "${{ tasks.slow.output.n }}")
        let processes = try await pipeline.processes(of: "slow", workflow)
        try pipeline.process("growth-marketing").send(SIGKILL)
        for process in processes { #expect(await process?.ends() ?? true) }

        let again = try await pipeline.recorder.first("task.started", of: workflow) {
            $0.data["delivery"]?.int ?? 0 > 0
        }
        #expect(again.data["attempt"] == 1 && again.data["delivery"] == 1)
        _ = try await pipeline.processes(of: "slow", workflow, delivery: 1)
        try gate.open()
        #expect(try await pipeline.end(of: workflow)["output"] == 7)
        _ = try await pipeline.lastRevision(of: workflow)
        #expect(try await pipeline.task("slow", of: workflow)["attempt"] == 1)
    }

    @Test func `hands a long task over at once when its executor was killed`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        var task = Self.gated(gate, ["n": 8])
        task["skill"] = "growth-marketing.lengthy"
        let workflow = try await pipeline.run(["long": .object(task)], output: "${{ tasks.long.output.n }}")
        let processes = try await pipeline.processes(of: "long", workflow)
        try pipeline.process("growth-marketing").send(SIGKILL)
        for process in processes { #expect(await process?.ends() ?? true) }

        let again = try await pipeline.recorder.first("task.started", of: workflow) {
            $0.data["delivery"]?.int ?? 0 > 0
        }
        #expect(again.data["attempt"] == 1, "it may run for hours, but has not: its order was not acked yet")
        _ = try await pipeline.processes(of: "long", workflow, delivery: 1)
        try gate.open()
        #expect(try await pipeline.end(of: workflow)["output"] == 8)
        _ = try await pipeline.lastRevision(of: workflow)
    }

    @Test func `begins a task anew when its executor was frozen beyond its lease, and stops the first run`()
        async throws
    {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        var task = Self.gated(gate, ["n": 9])
        task["skill"] = "growth-marketing.lengthy"
        let workflow = try await pipeline.run(["long": .object(task)], output: "${{ tasks.long.output.n }}")
        let zombie = try await pipeline.processes(of: "long", workflow)
        let executor = try pipeline.process("growth-marketing")
        executor.send(SIGSTOP)
        let retrying = try await pipeline.recorder.first("task.retrying", of: workflow)
        #expect(retrying.data["error"]?["code"] == "lease_expired")
        _ = try await pipeline.recorder.first("task.dispatched", of: workflow, attempt: 2)
        executor.send(SIGCONT)
        for process in zombie { #expect(await process?.ends(within: .seconds(40)) ?? true, "it was told to stop") }
        _ = try await pipeline.processes(of: "long", workflow, attempt: 2)
        try gate.open()
        #expect(try await pipeline.end(of: workflow)["output"] == 9)
        let ends = try await pipeline.rows(
            "SELECT attempt, stale FROM baton.events WHERE workflow_id = $1 AND type = 'task.completed' ORDER BY seq",
            [.text(workflow)])
        #expect(ends == [["attempt": 2, "stale": false]])
        _ = try await pipeline.lastRevision(of: workflow)
    }
}
