import Contracts
import Foundation
import Glibc
import JSON
import Postgres
import Testing

extension `The pipeline` {
    private func register(_ definition: String, named name: String) async throws {
        let pipeline = try self.pipeline
        let file = pipeline.folder + "/\(name).yaml"
        try Data("name: \(name)\nversion: 1\n\(definition)".utf8).write(to: URL(filePath: file))
        let applied = try await pipeline.shell([Pipeline.program, "definitions", "apply", file])
        #expect(applied.status == 0, "\(applied.lines)")
    }

    private func child(of workflow: String, _ task: String, attempt: Int = 1) throws -> String {
        ParentReference(
            workflowID: try #require(WorkflowID(workflow)), taskID: try #require(TaskID(task)), attempt: attempt,
            depth: 1
        ).child.text
    }

    /// The rows of a workflow are what its history makes of them, and it has left nothing behind.
    private func expectSound() async throws {
        let pipeline = try self.pipeline
        let doctor = try await pipeline.shell([Pipeline.program, "doctor"])
        #expect(doctor.status == 0, "\(doctor.lines.joined(separator: "\n"))")
    }

    // MARK: Children

    @Test func `runs children for each element of a list, and gives their outputs to their parent`() async throws {
        let pipeline = try self.pipeline
        try await register(
            "tasks: { say: { skill: data-read.echo, with: { n: '${{ input.n }}' } } }\noutput: '${{ tasks.say.output.n }}'\n",
            named: "grow-child")
        let workflow = try await pipeline.run(
            [
                "each": ["workflow": "grow-child@1", "forEach": [1, 2, 3], "with": ["n": "${{ item }}"]],
                "one": ["workflow": "grow-child", "needs": "each", "with": ["n": "${{ length(tasks.each.output) }}"]],
            ], output: ["each": "${{ tasks.each.output }}", "one": "${{ tasks.one.output }}"])
        let end = try await pipeline.end(of: workflow)
        #expect(end["output"] == ["each": [1, 2, 3], "one": 3], "\(end.text)")
        let rows = try await pipeline.rows(
            "SELECT id, parent_task, parent_attempt, status FROM baton.workflows WHERE parent_id = $1 ORDER BY parent_task",
            [.text(workflow)])
        #expect(rows.map { $0["parent_task"]?.string } == ["each.0", "each.1", "each.2", "one"])
        #expect(rows.allSatisfy { $0["status"] == "succeeded" })
        #expect(rows.first?["id"]?.string == (try child(of: workflow, "each.0")))
        _ = try await pipeline.lastRevision(of: workflow)
        try await expectSound()
    }

    @Test func `fails a task whose child cannot be planned, or fails`() async throws {
        let pipeline = try self.pipeline
        try await register(
            "input: { required: [n] }\ntasks: { talk: { skill: growth-marketing.talker, with: { say: an own code } } }\n",
            named: "grow-strict")
        let unknown = try await pipeline.run(["one": ["workflow": "nobody-wrote-it"]])
        let strict = try await pipeline.run(["one": ["workflow": "grow-strict"]])
        let failing = try await pipeline.run(["one": ["workflow": "grow-strict", "with": ["n": 1]]])
        for (workflow, code) in [(unknown, "child_refused"), (strict, "child_refused"), (failing, "out_of_ink")] {
            let end = try await pipeline.end(of: workflow)
            #expect(end["status"] == "failed" && end["error"]?["code"]?.string == code, "\(end.text)")
        }
        let refusal = try await pipeline.end(of: unknown)
        #expect(refusal["error"]?["message"]?.string?.contains("is not registered") == true)
        try await expectSound()
    }

    @Test func `cancels the children of a workflow that is cancelled`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        try await register(
            "tasks: { slow: { skill: growth-marketing.gated, with: { gate: '${{ input.gate }}', output: 1 } } }\n",
            named: "grow-slow")
        let workflow = try await pipeline.run([
            "one": ["workflow": "grow-slow", "with": ["gate": .string(gate.path)]]
        ])
        let child = try child(of: workflow, "one")
        let processes = try await pipeline.processes(of: "slow", child)
        let cancel = Pipeline.message(
            "control.cancel", ["workflow_id": .string(workflow), "actor": ["id": "ada", "roles": []]])
        #expect(try await pipeline.publish([cancel], as: "operator") == [.confirmed])
        #expect(try await pipeline.end(of: workflow)["status"] == "cancelled")
        #expect(try await pipeline.end(of: child)["status"] == "cancelled")
        for process in processes { #expect(await process?.ends() ?? true) }
        _ = try await pipeline.lastRevision(of: child)
        try await expectSound()
    }

    @Test func `does not believe a producer that a workflow's task asks for a child`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run(["slow": .object(Self.gated(gate, 1))])
        let id = "forged-\(UUID().uuidString)"
        try await pipeline.request(
            [
                "plan": ["tasks": ["a": ["skill": "data-read.echo"]]],
                "parent": ["workflow_id": .string(workflow), "task_id": "slow", "attempt": 1, "depth": 1],
            ], id: id, correlation: id)
        let answer = try await pipeline.recorder.first {
            $0.type == "workflow.rejected" && $0.properties.correlationID == id
        }
        #expect(answer.data["problems"]?[0]?["code"] == "not_allowed")
        #expect(
            try await pipeline.rows("SELECT id FROM baton.workflows WHERE parent_id = $1", [.text(workflow)]).isEmpty)
        try gate.open()
        #expect(try await pipeline.end(of: workflow)["status"] == "succeeded")
    }

    @Test func `ends every parent with its children, whichever process is killed in the middle`() async throws {
        let pipeline = try self.pipeline
        try await register(
            "tasks: { say: { skill: data-read.echo, with: { n: '${{ input.n }}' } } }\noutput: '${{ tasks.say.output.n }}'\n",
            named: "grow-crash")
        let plan: JSONValue = [
            "plan": [
                "skill": "data-read.planner",
                "with": ["tasks": ["added": ["skill": "data-read.echo", "with": ["a": 1]]]],
            ],
            "each": [
                "workflow": "grow-crash", "needs": "plan", "forEach": [1, 2], "with": ["n": "${{ item }}"],
            ],
        ]
        var workflows: [String] = []
        for victim in ["dispatcher", "planner", "data-read", "dispatcher", "gatherer"] {
            var new: [String] = []
            for _ in 0..<8 { new.append(try await pipeline.run(plan, output: "${{ tasks.each.output }}")) }
            workflows += new
            _ = try await pipeline.recorder.first("task.waiting", of: new[1])
            try pipeline.process(victim).send(SIGKILL)
        }
        for workflow in workflows {
            let end = try await pipeline.end(of: workflow)
            let isRight = end["status"] == "succeeded" && end["output"] == [1, 2]
            let story = isRight ? "" : try await histories(of: workflow)
            #expect(isRight, "\(end.text)\n\(story)")
            _ = try await pipeline.lastRevision(of: workflow)
        }
        let children = try await pipeline.rows(
            """
            SELECT parent_id FROM baton.workflows WHERE parent_id = ANY($1) AND status = 'succeeded'
            GROUP BY parent_id HAVING count(*) = 2
            """, [.texts(workflows)])
        #expect(children.count == workflows.count)
        try await expectSound()
    }

    /// What happened to a workflow and its children, for whoever has to find out why.
    private func histories(of workflow: String) async throws -> String {
        try await pipeline.rows(
            """
            SELECT json_build_array(e.workflow_id, e.seq, e.type, e.task_id, e.attempt, e.causation, e.stale, e.data)
            FROM baton.events e JOIN baton.workflows w ON w.id = e.workflow_id
            WHERE w.id = $1 OR w.parent_id = $1 ORDER BY e.recorded_at, e.workflow_id, e.seq
            """, [.text(workflow)]
        ).map { $0[0]?.text ?? "" }.joined(separator: "\n")
    }

    // MARK: Expansion

    @Test func `runs the tasks that a task adds, before what waits for it`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run(
            [
                "plan": [
                    "skill": "data-read.planner",
                    "with": [
                        "tasks": [
                            "a": ["skill": "data-read.echo", "with": ["n": 1]],
                            "b": ["skill": "data-read.echo", "needs": "a"],
                        ]
                    ],
                ],
                "end": ["skill": "data-read.echo", "needs": "plan"],
            ])
        #expect(try await pipeline.end(of: workflow)["status"] == "succeeded")
        let begun = try await pipeline.rows(
            "SELECT task_id FROM baton.events WHERE workflow_id = $1 AND type = 'task.dispatched' ORDER BY seq",
            [.text(workflow)])
        #expect(begun.map { $0["task_id"]?.string } == ["plan", "a", "b", "end"])
        let revision = try await pipeline.lastRevision(of: workflow)
        #expect(revision["coverage"] == 1 && revision["tasks"]?["expected"] == 4, "\(revision.text)")
        let plan = try await pipeline.rows("SELECT plan FROM baton.workflows WHERE id = $1", [.text(workflow)])
        #expect(plan.first?["plan"]?["tasks"]?["b"]?["added_by"] == "plan")
        #expect(plan.first?["plan"]?["tasks"]?["end"]?["needs"] == ["plan", "b"])
        try await expectSound()
    }

    @Test func `refuses tasks that a task may not add`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run([
            "plan": [
                "skill": "data-read.planner",
                "with": ["tasks": ["a": ["skill": "data-read.ledger"], "b": ["skill": "nobody.knows"]]],
            ]
        ])
        let end = try await pipeline.end(of: workflow)
        #expect(end["error"]?["code"] == "expansion_refused")
        let message = end["error"]?["message"]?.string ?? ""
        #expect(message.contains("may not add a task of data-read.ledger"), "\(message)")
        #expect(message.contains("there is no skill nobody.knows"), "\(message)")
        try await expectSound()
    }

    @Test func `makes a plan of a goal by its planner skill`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.request([
            "goal": "know whether all is well",
            "input": ["tasks": ["look": ["skill": "data-read.echo", "with": ["why": "${{ input.goal }}"]]]],
        ])
        let end = try await pipeline.end(of: workflow)
        #expect(end["output"] == ["look": ["why": "know whether all is well"]], "\(end.text)")
        let asked = try await pipeline.shell([
            Pipeline.program, "submit", "--goal", "know it again", "--watch", "--output", "json", "--input",
            #"{"tasks": {"look": {"skill": "data-read.echo"}}}"#,
        ])
        #expect(asked.status == 0, "\(asked.lines)")
        let planner = try await pipeline.task("plan", of: workflow)
        #expect(planner["output"]?["skills"]?.array?.contains(["id": "data-read.echo", "domain": "data-read"]) == true)
    }

    // MARK: Undo

    @Test func `undoes what succeeded before it fails`() async throws {
        let pipeline = try self.pipeline
        func undo(_ task: String) -> JSONValue {
            ["skill": "data-read.echo", "with": ["of": .string("${{ tasks.\(task).output.id }}")]]
        }
        let workflow = try await pipeline.run([
            "first": ["skill": "data-read.echo", "with": ["id": 1], "reversible": true, "undo": "un-first"],
            "second": [
                "skill": "data-read.echo", "with": ["id": 2], "needs": "first", "reversible": true, "undo": "un-second",
            ],
            "third": ["skill": "growth-marketing.talker", "with": ["say": "an own code"], "needs": "second"],
            "un-first": undo("first"), "un-second": undo("second"),
        ])
        let end = try await pipeline.end(of: workflow)
        #expect(end["status"] == "failed" && end["error"]?["code"] == "out_of_ink", "\(end.text)")
        let begun = try await pipeline.rows(
            "SELECT task_id FROM baton.events WHERE workflow_id = $1 AND type = 'task.dispatched' ORDER BY seq",
            [.text(workflow)])
        #expect(begun.map { $0["task_id"]?.string } == ["first", "second", "third", "un-second", "un-first"])
        #expect(try await pipeline.task("un-second", of: workflow)["output"] == ["of": 2])
        _ = try await pipeline.lastRevision(of: workflow)
        try await expectSound()
    }

    @Test func `undoes what a cancelled workflow's child has done before what it has done itself`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        try await register(
            """
            tasks:
              book: { skill: data-read.echo, reversible: true, undo: give-back }
              wait: { skill: growth-marketing.gated, needs: book, with: { gate: '${{ input.gate }}', output: 1 } }
              give-back: { skill: data-read.echo }
            """, named: "grow-booking")
        let workflow = try await pipeline.run([
            "first": ["skill": "data-read.echo", "reversible": true, "undo": "un-first"],
            "child": ["workflow": "grow-booking", "needs": "first", "with": ["gate": .string(gate.path)]],
            "un-first": ["skill": "data-read.echo"],
        ])
        let child = try child(of: workflow, "child")
        _ = try await pipeline.processes(of: "wait", child)
        let cancelled = try await pipeline.shell([Pipeline.program, "cancel", workflow, "--reason", "enough"])
        #expect(cancelled.status == 0, "\(cancelled.lines)")
        #expect(try await pipeline.end(of: child)["status"] == "cancelled")
        #expect(try await pipeline.end(of: workflow)["error"]?["message"] == "enough")
        let ends = try await pipeline.rows(
            """
            SELECT workflow_id, task_id FROM baton.events
            WHERE workflow_id IN ($1, $2) AND type = 'task.completed' AND task_id IN ('give-back', 'un-first')
            ORDER BY recorded_at
            """, [.text(workflow), .text(child)])
        #expect(ends.map { $0["task_id"]?.string } == ["give-back", "un-first"])
        #expect(try await pipeline.task("child", of: workflow)["status"] == "cancelled")
        _ = try await pipeline.lastRevision(of: workflow)
        try await expectSound()
    }

    @Test func `undoes a workflow that has succeeded when a person asks for it`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run([
            "first": ["skill": "data-read.echo", "with": ["id": 1], "reversible": true, "undo": "un-first"],
            "un-first": ["skill": "data-read.echo", "with": ["of": "${{ tasks.first.output.id }}"]],
        ])
        #expect(try await pipeline.end(of: workflow)["status"] == "succeeded")
        _ = try await pipeline.lastRevision(of: workflow)
        let asked = try await pipeline.shell([
            Pipeline.program, "workflows", "undo", workflow, "--reason", "wrong seat",
        ])
        #expect(asked.status == 0, "\(asked.lines)")
        let end = try await pipeline.recorder.first("workflow.completed", of: workflow) {
            $0.data["status"] == "cancelled"
        }
        #expect(end.data["error"]?["code"] == "undone" && end.data["error"]?["message"] == "wrong seat")
        #expect(try await pipeline.task("un-first", of: workflow)["output"] == ["of": 1])
        try await expectSound()
    }

    @Test func `goes on undoing after its dispatcher was killed`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run([
            "first": ["skill": "data-read.echo", "reversible": true, "undo": "un-first"],
            "second": ["skill": "growth-marketing.talker", "with": ["say": "an own code"], "needs": "first"],
            "un-first": .object(Self.gated(gate, 1)),
        ])
        _ = try await pipeline.processes(of: "un-first", workflow)
        let dispatcher = try pipeline.process("dispatcher")
        dispatcher.send(SIGKILL)
        #expect(await dispatcher.ends())
        try gate.open()
        #expect(try await pipeline.end(of: workflow)["status"] == "failed")
        #expect(try await pipeline.task("un-first", of: workflow)["status"] == "succeeded")
        _ = try await pipeline.lastRevision(of: workflow)
        try await expectSound()
    }
}
