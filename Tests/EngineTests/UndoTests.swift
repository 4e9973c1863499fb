import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `What can be undone` {
    static let plan = """
        tasks:
          reserve: { skill: d1.a, reversible: true, undo: release }
          charge:  { skill: d2.a, needs: reserve, undo: refund, with: { of: "${{ tasks.reserve.output }}" } }
          ship:    { skill: d3.a, needs: charge }
          release: { skill: d1.b, with: { what: "${{ tasks.reserve.output }}" } }
          refund:  { skill: d2.b, with: { what: "${{ tasks.charge.output }}" }, retry: { attempts: 2, backoff: 1s } }
        """

    private func charged() throws -> Bench {
        var bench = try Bench(Self.plan)
        bench.run("reserve", "seat 7")
        bench.run("charge", "5 EUR")
        return bench
    }

    private func check(_ bench: Bench) throws {
        #expect(try bench.state.reloaded().rows == bench.state.rows)
        #expect(WorkflowState.replayed(bench.history, id: bench.id).rows == bench.state.rows)
    }

    @Test func `is not when all goes well`() throws {
        var bench = try charged()
        #expect(bench.ready == ["ship"])
        bench.run("ship", "sent")
        #expect(bench.said == ["task.completed", "task.skipped", "task.skipped", "workflow.completed"])
        #expect(bench.completion?.output == ["ship": "sent"])
        try check(bench)
    }

    @Test func `is, the last first, before its workflow fails`() throws {
        var bench = try charged()
        bench.dispatch("ship")
        bench.fail("ship")
        #expect(bench.state.status == .running)
        #expect(bench.decision.ready.map(\.taskID.text) == ["refund"])
        #expect(bench.ready == ["refund"])
        try check(bench)
        bench.dispatch("refund")
        #expect(bench.order("refund")?.input == ["what": "5 EUR"])
        #expect(bench.ready == [])
        bench.start("refund")
        bench.fail("refund")
        bench.wait(10)
        bench.wake("refund")
        #expect(bench.decision.ready.map(\.taskID.text) == ["refund"])
        bench.run("refund")
        #expect(bench.ready == ["release"])
        bench.dispatch("release")
        #expect(bench.order("release")?.input == ["what": "seat 7"])
        bench.complete("release")
        #expect(bench.state.status == .failed)
        #expect(bench.completion?.error?.message == "ship: it broke")
        try check(bench)
    }

    @Test func `is also when a failure leaves half of it done`() throws {
        var bench = try Bench(Self.plan)
        bench.run("reserve")
        bench.dispatch("charge")
        bench.fail("charge")
        #expect(bench.status("ship") == .skipped)
        #expect(bench.ready == ["release"])
        bench.run("release")
        #expect(bench.status("refund") == .skipped)
        #expect(bench.state.status == .failed)
    }

    @Test func `is reported in the error when it could not be undone, and the rest is undone`() throws {
        var bench = try charged()
        bench.dispatch("ship")
        bench.fail("ship")
        bench.dispatch("refund")
        bench.fail("refund", TaskError(code: "bank_closed", message: "come back on Monday", permanent: true))
        #expect(bench.ready == ["release"])
        bench.run("release")
        #expect(
            bench.completion?.error?.message
                == "ship: it broke; not undone: charge (refund bank_closed: come back on Monday)")
        #expect(bench.completion?.error?.taskID?.text == "ship")
    }

    @Test func `is before its workflow ends as cancelled`() throws {
        var bench = try charged()
        bench.dispatch("ship")
        bench.start("ship")
        bench.cancel("enough")
        #expect(bench.status("ship") == .cancelled)
        #expect(bench.state.status == .running)
        #expect(bench.ready == ["refund"])
        try check(bench)
        bench.run("refund")
        bench.run("release")
        #expect(bench.state.status == .cancelled)
        #expect(bench.completion?.error?.message == "enough")
        try check(bench)
    }

    @Test func `is not any more when its workflow is cancelled once more`() throws {
        var bench = try charged()
        bench.cancel("enough")
        bench.dispatch("refund")
        bench.start("refund")
        bench.cancel("now")
        #expect(bench.status("refund") == .cancelled)
        #expect(bench.status("release") == .skipped)
        #expect(bench.state.status == .cancelled)
        #expect(
            bench.completion?.error?.message
                == "now; not undone: reserve (release skipped), charge (refund cancelled)")
        try check(bench)
    }

    @Test func `of two that ended together is the one that needed the other first`() throws {
        var bench = try charged()
        #expect(bench["reserve"].finishedAt == bench["charge"].finishedAt)
        bench.cancel()
        #expect(bench.ready == ["refund"])
    }

    @Test func `is on a person's word, also of a workflow that has succeeded`() throws {
        var bench = try charged()
        bench.run("ship", "sent")
        #expect(bench.state.status == .succeeded)
        bench.undo("it was the wrong seat")
        #expect(bench.said == ["control.undo", "workflow.reopened", "task.reset", "task.reset"])
        #expect(bench.ready == ["refund"])
        try check(bench)
        bench.run("refund")
        bench.run("release")
        #expect(bench.state.status == .cancelled)
        #expect(bench.state.error == WorkflowError(code: "undone", message: "it was the wrong seat"))
        try check(bench)
        bench.undo()
        #expect(bench.decision.refusal?.problem.code == "nothing_to_undo")
    }

    @Test func `is on a person's word while it runs`() throws {
        var bench = try charged()
        bench.dispatch("ship")
        bench.undo()
        #expect(bench.status("ship") == .cancelled)
        #expect(bench.ready == ["refund"])
        bench.undo()
        #expect(bench.decision.refusal?.problem.code == "not_applicable")
        bench.take(.skip(ControlSkip(workflowID: bench.id, taskID: TaskID("ship")!, actor: Actor(id: "ada"))))
        #expect(bench.decision.refusal?.problem.message.contains("undoes what it has done") == true)
        bench.run("refund")
        bench.run("release")
        #expect(bench.state.error == WorkflowError(code: "undone", message: "undone by ada"))
        try check(bench)
    }

    @Test func `and was, is done again when its workflow is retried`() throws {
        var bench = try charged()
        bench.dispatch("ship")
        bench.fail("ship")
        bench.run("refund")
        bench.run("release")
        #expect(bench.state.status == .failed)
        bench.take(.retry(ControlRetry(workflowID: bench.id, actor: Actor(id: "ada"))))
        #expect(bench.ready == ["reserve"])
        bench.run("reserve", "seat 8")
        bench.run("charge")
        bench.run("ship", "sent")
        #expect(bench.state.status == .succeeded)
        #expect(bench.status("refund") == .skipped)
        try check(bench)
    }

    @Test func `names one plain task of its own`() {
        func refused(_ text: String) -> [String] { problems("tasks: { \(text) }") }
        #expect(refused("a: { skill: d1.a, reversible: true }") == ["/tasks/a/undo missing"])
        #expect(refused("a: { skill: d1.a, undo: b }") == ["/tasks/a/undo unknown_task"])
        #expect(refused("a: { skill: d1.a, undo: a }") == ["/tasks/a/undo unknown_task"])
        #expect(
            refused("a: { skill: d1.a, undo: b }, b: { skill: d1.a, if: always() }") == ["/tasks/a/undo invalid_value"])
        #expect(
            refused("a: { skill: d1.a, undo: b }, b: { skill: d1.a }, c: { skill: d1.a, needs: b }")
                == ["/tasks/c/needs invalid_value"])
        #expect(
            refused("a: { skill: d1.a, undo: c }, b: { skill: d1.a, undo: c }, c: { skill: d1.a }")
                == ["/tasks/b/undo invalid_value"])
        #expect(
            refused("a: { skill: d1.a, undo: b, forEach: [1] }, b: { skill: d1.a }") == ["/tasks/a/undo invalid_value"])
    }
}

extension Bench {
    fileprivate mutating func undo(_ reason: String? = nil) {
        take(.undo(ControlUndo(workflowID: id, actor: Actor(id: "ada"), reason: reason)))
    }
}
