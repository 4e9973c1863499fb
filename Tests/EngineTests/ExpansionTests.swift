import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A task that adds tasks` {
    static let plan = """
        tasks:
          first: { skill: d2.a }
          plan:  { skill: d1.planner, needs: first, phase: planning }
          side:  { skill: d2.a }
          end:   { skill: d3.a, needs: plan, with: { of: "${{ tasks.plan.output }}" } }
        """

    private func planned() throws -> Bench {
        var bench = try Bench(Self.plan, input: ["n": 3])
        bench.run("first", ["x": 1])
        return bench
    }

    @Test func `has them run after it, and what waits for it waits for the last of them too`() throws {
        var bench = try planned()
        try bench.expand(
            "plan",
            """
            build: { skill: d2.b, with: { x: "${{ tasks.first.output.x }}", n: "${{ input.n }}" } }
            check: { skill: d3.b, needs: build, with: { got: "${{ tasks.build.output }}" } }
            other: { skill: d1.b }
            """)
        #expect(bench.said == ["task.completed", "workflow.expanded"])
        #expect(bench.decision.ready.map(\.taskID.text) == ["build", "other"])
        #expect(bench.state.waiting(for: TaskID("end")!) == "needs check, other")
        #expect(bench.state.plan.tasks.map(\.id.text) == ["first", "plan", "side", "end", "build", "check", "other"])
        bench.dispatch("build")
        #expect(bench.order("build")?.input == ["x": 1, "n": 3])
        bench.complete("build", "made")
        bench.run("other")
        #expect(bench.ready == ["side", "check"])
        bench.dispatch("check")
        #expect(bench.order("check")?.input == ["got": "made"])
        bench.complete("check")
        #expect(bench.ready == ["side", "end"])
        bench.run("end")
        bench.run("side")
        #expect(bench.state.status == .succeeded)
        #expect(bench.completion?.output == ["side": [:], "end": [:]])

        #expect(try bench.state.reloaded().rows == bench.state.rows)
        #expect(WorkflowState.replayed(bench.history, id: bench.id).rows == bench.state.rows)
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.rows == bench.state.rows)
    }

    @Test func `has what waits skipped when one of them fails`() throws {
        var bench = try planned()
        try bench.expand("plan", "build: { skill: d2.b }")
        bench.dispatch("build")
        bench.fail("build")
        #expect(bench.status("end") == .skipped)
        bench.run("side")
        #expect(bench.completion?.error?.taskID?.text == "build")
    }

    @Test func `may add tasks that add tasks, but not for ever`() throws {
        var bench = try planned()
        bench.state.limits.plan.expansions = 2
        try bench.expand("plan", "again: { skill: d1.planner }")
        try bench.expand("again", "third: { skill: d1.planner }")
        #expect(bench.state.waiting(for: TaskID("end")!) == "needs third")
        try bench.expand("third", "fourth: { skill: d1.planner }")
        #expect(bench["third"].error?.code == "expansion_refused")
        #expect(bench["third"].error?.message.contains("at most 2 times") == true)
    }

    @Test func `tells the rows of its workflow what the plan is now`() throws {
        var bench = try planned()
        _ = bench.state.takeChanges()
        try bench.expand("plan", "build: { skill: d2.b }")
        let changes = bench.state.takeChanges()
        #expect(changes.plan == bench.state.plan.json)
        #expect(changes.plan?["tasks"]?["build"]?["added_by"] == "plan")
        #expect(changes.plan?["tasks"]?["end"]?["needs"] == ["plan", "build"])
        bench.run("build")
        #expect(bench.state.takeChanges().plan == nil)
    }

    @Test func `adds nothing with an empty list`() throws {
        var bench = try planned()
        try bench.expand("plan", "{}")
        #expect(bench.said == ["task.completed"])
        #expect(bench.ready == ["side", "end"])
    }

    @Test func `has one copy of its message change nothing more`() throws {
        var bench = try planned()
        try bench.expand("plan", "build: { skill: d2.b }")
        let rows = bench.state.rows
        bench.complete("plan", expansion: ["tasks": ["more": ["skill": "d2.b"]]])
        #expect(bench.history.last?.isStale == true)
        #expect(bench.state.plan.tasks.count == 5)
        #expect(bench.state.rows != rows, "the stale message is history")
    }

    @Test(arguments: [
        ("end: { skill: d2.a }", "the workflow has a task end already"),
        ("x: { skill: d2.nothing }", "there is no skill d2.nothing"),
        ("x: { skill: d1.later }", "deferred"),
        ("x: { skill: d2.a, needs: y }", "there is no task y"),
        ("x: { skill: d2.a, needs: end }", "a cycle: end needs x needs end"),
        ("x: { skill: d2.a, needs: y }\ny: { skill: d2.a, needs: x }", "a cycle"),
        ("x: { skill: d2.a, with: { s: '${{ tasks.side.output }}' } }", "does not need side"),
        ("x: { skill: d2.a, with: { s: '${{ tasks.plan.output + }}' } }", "/expansion/tasks/x/with/s"),
        ("x: { skil: d2.a }", "unknown key skil"),
        ("x.1: { skill: d2.a }", "a task's key"),
        ("[]", "a plan needs tasks"),
    ])
    func `fails for good when they could be no plan`(tasks: String, reason: String) throws {
        var bench = try planned()
        try bench.expand("plan", tasks)
        #expect(bench.status("plan") == .failed)
        let error = try #require(bench["plan"].error)
        #expect(error.code == "expansion_refused" && error.permanent)
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(bench.state.plan.tasks.count == 4)
        #expect(bench.status("end") == .skipped)
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.rows == bench.state.rows)
    }

    @Test func `hears of every problem at once`() throws {
        var bench = try planned()
        try bench.expand("plan", "end: { skill: d2.nothing, needs: nobody }\ny: { skill: d1.later, if: '1 +' }")
        let error = try #require(bench["plan"].error)
        #expect(error.details?["problems"]?.array?.count == 5, "\(error.message)")
        for code in ["name_taken", "unknown_skill", "unknown_task", "deferred_skill", "invalid_expression"] {
            #expect(error.details?["problems"]?.array?.contains { $0["code"]?.string == code } == true, "\(code)")
        }
    }

    @Test func `adds only what its skill may add`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.narrow }, b: { skill: d1.narrow }, c: { skill: d1.a } }")
        try bench.expand("a", "x: { skill: d1.b }")
        #expect(bench.status("a") == .succeeded)
        try bench.expand("b", "y: { skill: d2.b }")
        #expect(bench["b"].error?.message.contains("may not add a task of d2.b") == true)
        try bench.expand("c", "z: { skill: d1.b }")
        #expect(bench["c"].error?.message.contains("has no `expands`") == true)
    }

    @Test func `adds no more than a workflow may have`() throws {
        var bench = try planned()
        bench.state.limits.plan.tasks = 5
        try bench.expand("plan", "x: { skill: d1.b }\ny: { skill: d1.b }")
        #expect(bench["plan"].error?.message.contains("6 tasks with those there are; at most 5") == true)
    }

    @Test func `adds them after all instances when it is one of several`() throws {
        var bench = try Bench(
            "tasks: { each: { skill: d1.planner, forEach: [1, 2] }, end: { skill: d1.a, needs: each } }")
        try bench.expand("each.0", "x: { skill: d2.b, with: { all: '${{ tasks.each.output }}' } }")
        #expect(bench.ready == ["each.1"])
        bench.run("each.1", 2)
        #expect(bench.ready == ["x"])
        bench.dispatch("x")
        #expect(bench.order("x")?.input == ["all": [[:], 2]])
        bench.complete("x")
        #expect(bench.ready == ["end"])
        #expect(try bench.state.reloaded().rows == bench.state.rows)
    }

    @Test func `may add the same again when it runs again, and more`() throws {
        var bench = try planned()
        let first =
            "build: { skill: d2.b }\ncheck: { skill: d3.b, needs: build, with: { got: '${{ tasks.build.output }}' } }"
        try bench.expand("plan", first)
        bench.run("build")
        bench.take(.retry(ControlRetry(workflowID: bench.id, taskID: TaskID("plan")!, actor: Actor(id: "ada"))))
        #expect(bench.status("plan") == .pending && bench.status("build") == .pending)

        let plan = bench.state.plan
        try bench.expand("plan", first)
        #expect(bench.said == ["task.completed"])
        #expect(bench.state.plan == plan)
        #expect(bench.ready == ["side", "build"])

        bench.take(.retry(ControlRetry(workflowID: bench.id, taskID: TaskID("plan")!, actor: Actor(id: "ada"))))
        try bench.expand("plan", first + "\nmore: { skill: d1.b, needs: build }")
        #expect(bench.said == ["task.completed", "workflow.expanded"])
        #expect(bench.state.plan.tasks.count == 7)
        #expect(bench.ready == ["side", "build"])
        bench.run("build", "made")
        #expect(bench.ready == ["side", "check", "more"])
        bench.run("check")
        #expect(bench.state.waiting(for: TaskID("end")!) == "needs more")
        bench.run("more")
        bench.run("end")
        bench.run("side")
        #expect(bench.state.status == .succeeded)
        #expect(try bench.state.reloaded().rows == bench.state.rows)
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.rows == bench.state.rows)
    }

    @Test(arguments: ["build: { skill: d3.b }", "build: { skill: d2.b, needs: first }", "side: { skill: d2.a }"])
    func `may not add another under the name of one that is there when it runs again`(tasks: String) throws {
        var bench = try planned()
        try bench.expand("plan", "build: { skill: d2.b }")
        bench.take(.retry(ControlRetry(workflowID: bench.id, taskID: TaskID("plan")!, actor: Actor(id: "ada"))))
        try bench.expand("plan", tasks)
        #expect(bench.status("plan") == .failed)
        #expect(bench["plan"].error?.details?["problems"]?.array?.first?["code"] == "name_taken")
        #expect(bench.state.plan.tasks.count == 5)
    }
}
