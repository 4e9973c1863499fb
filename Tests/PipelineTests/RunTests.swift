import Contracts
import Foundation
import Gathering
import JSON
import LocalServers
import Testing

extension `The pipeline` {
    @Test func `runs what a shell script asks for, and merges what is found while it still looks`() async throws {
        let pipeline = try self.pipeline
        let rooms = ["north", "south", "east", "west", "attic"]
        let gates = try rooms.map { _ in try Gate(pipeline) }
        let definition = """
            name: inventory
            version: 1
            input: { type: object, required: [gates] }
            tasks:
            \(rooms.enumerated().map { index, room in """
                  \(room):
                    skill: \(index % 2 == 0 ? "data-read" : "growth-marketing").gated
                    with:
                      gate: "${{ input.gates.\(room) }}"
                      output: { rooms: { \(room): { chairs: \(index) } }, lamps: \(100 + index / 3) }
                """ }.joined(separator: "\n"))
              total:
                skill: data-read.echo
                needs: [\(rooms.joined(separator: ", "))]
                with: { attic: "${{ tasks.attic.output.rooms.attic.chairs }}" }
            output: { attic: "${{ tasks.total.output.attic }}" }
            """
        let file = pipeline.folder + "/inventory.yaml"
        try Data(definition.utf8).write(to: URL(filePath: file))
        let applied = try await pipeline.shell([Pipeline.program, "definitions", "apply", file])
        #expect(applied.status == 0, "\(applied.lines)")

        let input: JSONValue = [
            "gates": .object(JSONObject(zip(rooms, gates.map { .string($0.path) })))
        ]
        let id = "inventory-\(UUID().uuidString)"
        let asked = try await pipeline.shell(
            ["sh", Pipeline.root + "/examples/producer-shell/request.sh", id, "inventory@1", input.text],
            environment: [
                "BATON_AMQP_URL": pipeline.state.amqpURL(user: "producer", virtualHost: Pipeline.virtualHost)
            ])
        let workflow = Pipeline.workflow(of: id)
        #expect(asked.lines.contains { $0.contains(workflow) }, "\(asked)")

        for (index, room) in rooms.enumerated() {
            _ = try await pipeline.recorder.first("task.started", of: workflow, task: room)
            try gates[index].open()
            _ = try await pipeline.recorder.first("workflow.progress", of: workflow) {
                $0.data["tasks"]?["settled"]?.int ?? 0 > index
            }
        }
        let completed = try await pipeline.end(of: workflow)
        #expect(completed["status"] == "succeeded")
        #expect(completed["output"] == ["attic": 4])
        _ = try await pipeline.lastRevision(of: workflow)

        // The merge so far is told while tasks run, each revision once and higher than the last.
        let order = await pipeline.recorder.seen.filter { $0.data["workflow_id"]?.string == workflow }
        let revisions = try order.filter { $0.type == "workflow.progress" }.map {
            try JSONValueDecoder().decode(WorkflowProgress.self, from: $0.data)
        }
        #expect(revisions.map(\.revision) == Array(1...revisions.count))
        let lastEnd = try #require(order.lastIndex { $0.type == "task.completed" })
        #expect(order[..<lastEnd].count { $0.type == "workflow.progress" } >= 4)
        var follower = ProgressFollower()
        for revision in revisions { #expect(follower.take(revision) == .advanced) }
        #expect(follower.latest?.pane == .onTime && follower.latest?.status == .succeeded)
        #expect(follower.view == (try Self.merge(order.map { ($0.key, $0.data) }, tasks: rooms + ["total"])))
        #expect(follower.view["result"]?["rooms"]?["west"]?["chairs"] == 3)
        #expect(follower.view["result"]?["attic"] == 4)
        #expect(follower.view["conflicts"]?.object?.names == ["/lamps"])
    }

    /// All that was found, merged at once.
    static func merge(_ messages: [(String, JSONValue)], tasks: [String]) throws -> JSONValue {
        let decoder = JSONValueDecoder()
        var gathering = Gathering(GatherDefinition())
        for (key, data) in messages.shuffled() {
            guard let key = RoutingKey(key) else { continue }
            switch key.type {
            case .artifactCreated:
                let message = try decoder.decode(ArtifactCreated.self, from: data)
                let domain = try #require(key.domain)
                gathering.apply(
                    .artifact(
                        try Self.artifact(
                            ArtifactRecord(
                                name: message.name, seq: message.seq, confidence: message.confidence,
                                finishedAt: message.finishedAt, payload: message.payload),
                            of: message.taskID, attempt: message.attempt, domain)))
            case .taskCompleted:
                let message = try decoder.decode(TaskCompleted.self, from: data)
                for record in message.artifacts where record.payload != nil {
                    let domain = try #require(key.domain)
                    gathering.apply(
                        .artifact(try Self.artifact(record, of: message.taskID, attempt: message.attempt, domain)))
                }
                gathering.apply(
                    .taskEnded(
                        TaskEnd(
                            task: message.taskID, attempt: message.attempt, state: .succeeded,
                            manifest: message.artifacts.map(\.name))))
            default: break
            }
        }
        gathering.apply(
            .planned(tasks.enumerated().map { PlannedTask(id: TaskID(unchecked: $1), index: $0) }))
        gathering.apply(.workflowEnded(.succeeded, tasks: []))
        gathering.render()
        return gathering.view
    }

    private static func artifact(
        _ record: ArtifactRecord, of task: TaskID, attempt: Int, _ domain: DomainName
    ) throws -> Artifact {
        let (payload, finishedAt) = (try #require(record.payload), try #require(record.finishedAt))
        let confidence = JSONValue.number(try #require(record.confidence))
        return Artifact(
            task: task, name: record.name, attempt: attempt, seq: record.seq ?? 0, domain: domain,
            confidence: confidence, finishedAt: finishedAt,
            digest: Artifact.digest(
                domain: domain, confidence: confidence, finishedAt: .string(finishedAt.description), payload: payload),
            bytes: payload.serialized().count, payload: .json(payload))
    }

    @Test func `runs a request that comes twice once, and refuses another under its id`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let id = "twice-\(UUID().uuidString)"
        let plan: JSONValue = [
            "tasks": ["wait": ["skill": "data-read.gated", "with": ["gate": .string(gate.path), "output": ["n": 1]]]],
            "output": "${{ tasks.wait.output.n }}",
        ]
        let workflow = try await pipeline.request(["plan": plan], id: id, correlation: "\(id)-first")
        _ = try await pipeline.recorder.first("task.started", of: workflow)
        try await pipeline.request(["plan": plan], id: id, correlation: "\(id)-second")
        try await pipeline.request(
            ["plan": ["tasks": ["other": ["skill": "data-read.echo"]]]], id: id, correlation: "\(id)-other")

        for correlation in ["\(id)-first", "\(id)-second"] {
            let accepted = try await pipeline.recorder.answer("workflow.accepted", correlation: correlation)
            #expect(accepted["workflow_id"]?.string == workflow)
        }
        let rejected = try await pipeline.recorder.answer("workflow.rejected", correlation: "\(id)-other")
        #expect(rejected["problems"]?[0]?["code"] == "request_id_reused")
        #expect(rejected["problems"]?[0]?["path"] == "/request_id")

        try gate.open()
        #expect(try await pipeline.end(of: workflow)["output"] == 1)
        _ = try await pipeline.lastRevision(of: workflow)
        #expect(await pipeline.recorder.all("task.dispatched", of: workflow).count == 1)
        #expect(await pipeline.recorder.all("workflow.completed", of: workflow).count == 1)
    }

    @Test func `refuses a plan with all its problems at once, each with its place`() async throws {
        let pipeline = try self.pipeline
        let id = "bad-\(UUID().uuidString)"
        let workflow = try await pipeline.request(
            [
                "plan": [
                    "tasks": [
                        "lost": ["skill": "data-read.no-such-skill"],
                        "hen": ["skill": "data-read.echo", "needs": ["egg"]],
                        "egg": ["skill": "data-read.echo", "needs": ["hen"]],
                        "early": ["skill": "data-read.echo", "with": ["n": "${{ tasks.late.output.n }}"]],
                        "late": ["skill": "data-read.echo"],
                    ]
                ]
            ], id: id, correlation: id)
        let rejected = try await pipeline.recorder.answer("workflow.rejected", correlation: id)
        let problems = (rejected["problems"]?.array ?? []).map {
            "\($0["path"]?.string ?? "") \($0["code"]?.string ?? "")"
        }
        #expect(
            Set(problems) == [
                "/plan/tasks/lost/skill unknown_skill", "/plan/tasks/hen/needs cycle",
                "/plan/tasks/early/with/n not_upstream",
            ], "\(rejected.text)")
        #expect(rejected["request_id"]?.string == id && rejected["workflow_id"]?.string == workflow)
        let event = try await pipeline.recorder.first {
            $0.exchange == "workflow" && $0.data["request_id"]?.string == id && $0.type == "workflow.rejected"
        }
        #expect(event.data["problems"] == rejected["problems"])
        #expect(try await pipeline.rows("SELECT 1 FROM baton.workflows WHERE id = $1", [.text(workflow)]).isEmpty)
    }
}
