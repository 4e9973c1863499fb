import AMQP
import Foundation
import JSON
import Postgres
import Testing

/// What people say to workflows, as messages of the operator.
extension `The pipeline` {
    private static func say(_ type: String, _ members: [(String, JSONValue)], roles: JSONValue = ["boss"]) -> Message {
        let actor: JSONValue = ["id": "ada@example.org", "roles": roles]
        let data = JSONValue.object(JSONObject(members + [("actor", actor)]))
        return Pipeline.message(type, data, replyTo: Recorder.replies)
    }

    private func audited(_ workflow: String) async throws -> [String] {
        try await pipeline.rows(
            "SELECT action, actor, subject FROM baton.audit WHERE subject LIKE $1 || '%' ORDER BY id", [.text(workflow)]
        ).map { "\($0["action"]?.string ?? "") \($0["subject"]?.string?.dropFirst(workflow.count) ?? "")" }
    }

    @Test func `asks people, and goes on with what they have changed`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run(
            [
                "look": ["skill": "data-read.echo", "with": ["found": 3]],
                "approve": [
                    "approval": ["of": "${{ tasks.look.output }}", "by": ["boss"], "expires": "1h"], "needs": ["look"],
                ],
                "act": ["skill": "data-read.echo", "needs": ["approve"], "with": ["count": 1, "kind": "x"]],
            ], output: "${{ tasks.act.output }}")
        let asked = try await pipeline.recorder.first("approval.requested", of: workflow)
        #expect(asked.data["of"] == ["found": 3] && asked.data["by"] == ["boss"])
        let decision: [(String, JSONValue)] = [
            ("workflow_id", .string(workflow)), ("task_id", "approve"), ("decision", "continue"),
            ("modifications", ["count": 2, "kind": .null]),
        ]
        try await pipeline.publish([Self.say("approval.decided", decision, roles: ["intern"])], as: "operator")
        let refused = try await pipeline.recorder.answer("workflow.rejected", correlation: workflow)
        #expect(refused["problems"]?[0]?["code"] == "role_not_allowed", "\(refused.text)")
        try await pipeline.publish([Self.say("approval.decided", decision)], as: "operator")
        #expect(try await pipeline.end(of: workflow)["output"] == ["count": 2])
        let rows = try await pipeline.rows(
            "SELECT attempt, decision, decided_by, closed_at IS NULL AS open FROM baton.approvals WHERE workflow_id = $1",
            [.text(workflow)])
        #expect(
            rows == [["attempt": 1, "decision": "continue", "decided_by": "ada@example.org", "open": false]])
        #expect(try await audited(workflow) == ["approval.decided /approve"])
        let dead = await pipeline.recorder.seen.filter {
            $0.exchange == "dead-letter" && $0.data["workflow_id"]?.string == workflow
        }
        #expect(dead.isEmpty, "a refusal is no dead letter")
    }

    @Test func `holds still while it is paused, and takes a signal meanwhile`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run(
            [
                "a": .object(Self.gated(gate, ["x": 1])),
                "b": ["skill": "data-read.echo", "needs": ["a"], "with": ["x": "${{ tasks.a.output.x }}"]],
                "w": ["wait": ["signal": "go", "expires": "1h"]],
            ], output: ["b": "${{ tasks.b.output }}", "w": "${{ tasks.w.output }}"])
        _ = try await pipeline.recorder.first("task.started", of: workflow, task: "a")
        let me: (String, JSONValue) = ("workflow_id", .string(workflow))
        try await pipeline.publish([Self.say("control.pause", [me])], as: "operator")
        _ = try await pipeline.recorder.first("workflow.paused", of: workflow)
        try gate.open()
        _ = try await pipeline.recorder.first("task.completed", of: workflow, task: "a")
        try await pipeline.publish(
            [Self.say("signal.received", [me, ("name", "go"), ("payload", ["by": "traffic"])])], as: "operator")
        // What the dispatcher says of the signal comes after what it would have said of the completion.
        _ = try await pipeline.recorder.first("task.completed", of: workflow, task: "w")
        #expect(await pipeline.recorder.all("task.dispatched", of: workflow, task: "b").isEmpty)
        try await pipeline.publish([Self.say("control.resume", [me])], as: "operator")
        #expect(try await pipeline.end(of: workflow)["output"] == ["b": ["x": 1], "w": ["by": "traffic"]])
        #expect(try await audited(workflow) == ["control.pause ", "signal.received ", "control.resume "])
    }

    @Test func `goes on from where it failed when a person has it run again`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run(
            [
                "a": ["skill": "data-read.echo", "with": ["x": 1]],
                "b": .object(
                    Self.gated(gate, ["y": 2]).merging(["needs": ["a"]])),
                "c": ["skill": "data-read.echo", "needs": ["b"], "with": ["z": 3]],
            ], output: ["c": "${{ tasks.c.output }}"])
        _ = try await pipeline.recorder.first("task.started", of: workflow, task: "b")
        try gate.fail()
        #expect(try await pipeline.end(of: workflow)["status"] == "failed")
        _ = try await pipeline.lastRevision(of: workflow)
        try await pipeline.publish([Self.say("control.retry", [("workflow_id", .string(workflow))])], as: "operator")
        let reopened = try await pipeline.recorder.first("workflow.reopened", of: workflow)
        #expect(reopened.data["run"] == 2)
        _ = try await pipeline.recorder.first("task.started", of: workflow, task: "b", attempt: 2)
        try gate.open()
        let second = try await pipeline.recorder.first("workflow.completed", of: workflow) { $0.data["run"] == 2 }
        #expect(second.data["status"] == "succeeded" && second.data["output"] == ["c": ["z": 3]])
        // The merge goes on, too: late, but with the new end and what was found.
        let last = try await pipeline.recorder.first("workflow.progress", of: workflow) {
            $0.data["pane"] == "late" && $0.data["status"] == "succeeded"
        }
        #expect(last.data["tasks"]?["failed"] == 0, "\(last.data.text)")
        #expect(await pipeline.recorder.all("task.dispatched", of: workflow, task: "a").count == 1)
        #expect(try await pipeline.task("c", of: workflow)["attempt"] == 2)
        let doctor = try await pipeline.shell([Pipeline.program, "doctor"])
        #expect(doctor.status == 0, "\(doctor.lines)")
    }

    @Test func `runs no more workflows of one key at once than it may`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let key = UUID().uuidString
        func ask(_ task: JSONObject) async throws -> String {
            try await pipeline.request([
                "plan": ["concurrency": ["key": .string(key), "limit": 1], "tasks": ["a": .object(task)]]
            ])
        }
        let first = try await ask(Self.gated(gate, ["x": 1]))
        _ = try await pipeline.recorder.first("task.started", of: first)
        let second = try await ask(["skill": "data-read.echo", "with": ["x": 2]])
        _ = try await pipeline.recorder.first("workflow.created", of: second)
        let third = try await ask(["skill": "data-read.echo", "with": ["x": 3]])
        // A workflow without a key, asked for later, is through before them.
        let free = try await pipeline.run(["a": ["skill": "data-read.echo", "with": ["x": 4]]])
        try await pipeline.end(of: free)
        #expect(await pipeline.recorder.all("task.dispatched", of: second).isEmpty)
        try gate.open()
        for workflow in [first, second, third] {
            #expect(try await pipeline.end(of: workflow)["status"] == "succeeded")
        }
        let slots = try await pipeline.rows("SELECT key FROM baton.slots WHERE key LIKE '%' || $1", [.text(key)])
        #expect(slots.isEmpty)
    }
}

extension JSONObject {
    fileprivate func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        for (name, value) in other.members { result[name] = value }
        return result
    }
}
