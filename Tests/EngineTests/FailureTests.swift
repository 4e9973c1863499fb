import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A task whose failure another one handles` {
    static let plan = """
        tasks:
          pay:    { skill: d1.a, onFailure: { run: refund } }
          refund: { skill: d2.a, with: { why: "${{ tasks.pay.error.code }}" } }
          report: { skill: d3.a, needs: pay, with: { paid: "${{ tasks.pay.output }}" } }
        """

    @Test func `succeeds, and the other is skipped`() throws {
        var bench = try Bench(Self.plan)
        #expect(bench.ready == ["pay"])
        bench.run("pay", 5)
        #expect(bench.status("refund") == .skipped)
        #expect(bench.ready == ["report"])
        bench.dispatch("report")
        #expect(bench.order("report")?.input == ["paid": 5])
        bench.complete("report", "done")
        #expect(bench.completion?.output == ["report": "done"])
    }

    @Test func `has what needs it wait for the other, and then counts as if it had succeeded`() throws {
        var bench = try Bench(Self.plan)
        bench.dispatch("pay")
        bench.fail("pay")
        #expect(bench.ready == ["refund"])
        bench.dispatch("refund")
        #expect(bench.order("refund")?.input == ["why": "broken"])
        bench.complete("refund")
        #expect(bench.ready == ["report"])
        bench.dispatch("report")
        #expect(bench.order("report")?.input == ["paid": .null])
        bench.complete("report")
        #expect(bench.state.status == .succeeded)
    }

    @Test func `is a failure when the other fails, too`() throws {
        var bench = try Bench(Self.plan)
        bench.dispatch("pay")
        bench.fail("pay")
        bench.dispatch("refund")
        bench.fail("refund")
        #expect(bench.status("report") == .skipped)
        #expect(bench.completion?.error?.taskID?.text == "pay")
    }

    @Test func `may be one of many with the same handler, also in a row`() throws {
        var bench = try Bench(
            """
            tasks:
              a:     { skill: d1.a, onFailure: { run: clean } }
              b:     { skill: d1.a, needs: a, onFailure: { run: clean } }
              c:     { skill: d1.a, needs: b }
              clean: { skill: d2.a }
            """)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.status("b") == .skipped)
        #expect(bench.status("c") == .pending, "it waits for the handler, too")
        bench.run("clean")
        #expect(bench.status("c") == .skipped)
        #expect(bench.state.status == .succeeded)
    }

    @Test func `names a task that there is and that does not come before it`() {
        #expect(
            problems("tasks: { a: { skill: d1.a, onFailure: { run: b } } }") == ["/tasks/a/onFailure/run unknown_task"])
        #expect(
            problems("tasks: { a: { skill: d1.a, onFailure: { run: a } } }")
                == ["/tasks/a/onFailure/run invalid_value"])
        #expect(
            problems("tasks: { a: { skill: d1.a, needs: b, onFailure: { run: b } }, b: { skill: d1.a } }")
                == ["/tasks/a/needs cycle"])
        #expect(problems("tasks: { a: { skill: d1.a, onFailure: perhaps } }") == ["/tasks/a/onFailure invalid_value"])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A task whose failure pauses its workflow` {
    @Test func `holds what needs it, and the end, until a person has seen to it`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a, onFailure: pause }
              b: { skill: d1.a, needs: a, if: always() }
            """)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.said == ["task.failed", "workflow.paused"])
        #expect(bench.state.status == .paused)
        #expect(bench.ready == [])
        #expect(bench.status("b") == .pending)
        #expect(try bench.state.reloaded().rows == bench.state.rows)
        bench.cancel()
        #expect(bench.state.status == .cancelled)
    }

    static let plan = "tasks: { a: { skill: d1.a, onFailure: pause }, b: { skill: d1.a, needs: a } }"

    private func paused() throws -> Bench {
        var bench = try Bench(Self.plan)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.state.status == .paused)
        return bench
    }

    @Test func `fails when it is resumed as it is`() throws {
        var bench = try paused()
        bench.take(.resume(ControlResume(workflowID: bench.id, actor: Actor(id: "ada"))))
        #expect(bench.status("b") == .skipped)
        #expect(bench.state.status == .failed)
        #expect(WorkflowState.replayed(bench.history, id: bench.id).rows == bench.state.rows)
    }

    @Test func `goes on when the task is run again, or skipped, before it is resumed`() throws {
        var bench = try paused()
        bench.take(.retry(ControlRetry(workflowID: bench.id, taskID: TaskID("a")!, actor: Actor(id: "ada"))))
        bench.take(.resume(ControlResume(workflowID: bench.id, actor: Actor(id: "ada"))))
        bench.run("a")
        bench.run("b")
        #expect(bench.state.status == .succeeded)

        bench = try paused()
        bench.take(.skip(ControlSkip(workflowID: bench.id, taskID: TaskID("a")!, actor: Actor(id: "ada"))))
        bench.take(.resume(ControlResume(workflowID: bench.id, actor: Actor(id: "ada"))))
        bench.run("b")
        #expect(bench.state.status == .succeeded)
        #expect(try bench.state.reloaded().rows == bench.state.rows)
    }
}
