import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A retry by a person` {
    static let text = """
        input: { type: object, properties: { n: { type: integer } } }
        tasks:
          a: { skill: d1.a }
          b: { skill: d1.stubborn, needs: a, retry: { attempts: 2, backoff: 0s }, with: { n: "${{ input.n }}" } }
          c: { skill: d2.a, needs: b }
          d: { skill: d3.a, needs: a }
        """

    private func failed() throws -> Bench {
        var bench = try Bench(Self.text, input: ["n": 1])
        bench.run("a", 1)
        bench.run("d", 1)
        for _ in 1...2 {
            bench.dispatch("b")
            bench.fail("b")
            bench.wait(60)
        }
        #expect(bench.state.status == .failed && bench.status("c") == .skipped)
        return bench
    }

    @Test func `of a failed workflow goes on from where it failed`() throws {
        var bench = try failed()
        bench.retry()
        #expect(bench.said == ["control.retry", "workflow.reopened", "task.reset", "task.reset"])
        #expect(bench.state.status == .running && bench.state.output == nil && bench.state.error == nil)
        #expect(bench.ready == ["b"] && bench.status("a") == .succeeded && bench.status("d") == .succeeded)
        try bench.checkRebuilding()
        bench.dispatch("b")
        #expect(bench.order("b")?.attempt == 3)
        bench.fail("b")
        #expect(bench.said == ["task.failed", "task.retrying"], "its retries begin anew")
        bench.wait(60)
        bench.run("b")
        bench.run("c")
        #expect(bench.state.status == .succeeded)
        let ends = bench.history.filter { $0.type == .workflowCompleted }
        #expect(ends.count == 2)
        guard case .workflowCompleted(let first) = ends[0].body, case .workflowCompleted(let second) = ends[1].body
        else { return }
        #expect(first.run == nil && second.run == 2 && ends[0].id != ends[1].id)
        try bench.checkRebuilding()
    }

    @Test func `may give it another input, which has to be a valid one`() throws {
        var bench = try failed()
        bench.retry(input: ["n": "many"])
        #expect(bench.refusal?.hasPrefix("invalid_input: ") == true)
        #expect(bench.decision.refusal?.problem.path == "/input/n")
        bench.retry(input: ["n": 2])
        bench.dispatch("b")
        #expect(bench.order("b")?.input == ["n": 2])
        bench.retry("a", input: ["n": 3])
        #expect(bench.refusal?.contains("its input can change only when it has ended") == true)
        try bench.checkRebuilding()
    }

    @Test func `of one task has everything that depends on it run again`() throws {
        var bench = try failed()
        bench.retry("a")
        #expect(Set(bench.ready) == ["a"] && bench.status("d") == .pending && bench.status("c") == .pending)
        #expect(bench["d"].output == nil)
        try bench.checkRebuilding()
        bench.run("a", 2)
        #expect(bench.ready == ["b", "d"])
        #expect(bench["a"].attempt == 2 && bench["a"].output == 2)
    }

    @Test func `stops what runs on the strength of it`() throws {
        var bench = try Bench(Self.text, input: ["n": 1])
        bench.run("a", 1)
        bench.dispatchAll()
        bench.start("b")
        bench.retry("a")
        #expect(
            bench.said == ["control.retry", "task.reset", "task.reset", "task.cancel", "task.reset", "task.cancel"])
        #expect(bench.decision.orders == [DomainName("d1")!: -1, DomainName("d3")!: -1])
        bench.complete("b", "old", attempt: 1)
        #expect(bench.history.last?.isStale == true && bench.status("b") == .pending)
        bench.run("a", 2)
        bench.dispatch("b")
        #expect(bench.order("b")?.attempt == 2)
        try bench.checkRebuilding()
    }

    @Test func `of a cancelled workflow runs what had not ended`() throws {
        var bench = try Bench(Self.text, input: ["n": 1])
        bench.run("a", 1)
        bench.cancel()
        bench.retry()
        #expect(bench.ready == ["b", "d"] && bench.status("a") == .succeeded && bench.status("c") == .pending)
        bench.run("b")
        bench.run("c")
        bench.run("d")
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `of a list runs those instances again that failed`() throws {
        var bench = try Bench(
            "tasks: { a: { skill: d1.a, forEach: [1, 2, 3], limit: 1 }, b: { skill: d1.a, needs: a } }")
        for instance in ["a.0", "a.1", "a.2"] {
            bench.dispatch(instance)
            if instance == "a.1" { bench.complete(instance, 1) } else { bench.fail(instance) }
        }
        #expect(bench.state.status == .failed)
        bench.retry()
        #expect(
            bench.said == [
                "control.retry", "workflow.reopened", "task.reset", "task.reset", "task.reset", "task.reset",
            ])
        #expect(bench.ready == ["a.0"], "one at a time")
        try bench.checkRebuilding()
        bench.run("a.0", 2)
        #expect(bench.decision.ready.map(\.taskID.text) == ["a.2"])
        bench.run("a.2", 3)
        #expect(bench["a"].output == [2, 1, 3] && bench["a"].attempt == 2)
        bench.run("b")
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `makes a list anew when what it is made of changes`() throws {
        var bench = try Bench(
            "tasks: { l: { skill: d1.a }, a: { skill: d1.a, forEach: '${{ tasks.l.output }}', needs: l }, b: { skill: d1.a, needs: a } }"
        )
        bench.run("l", [1, 2, 3])
        for instance in ["a.0", "a.1"] { bench.run(instance) }
        bench.dispatch("a.2")
        bench.retry("l")
        #expect(bench.said.last == "task.cancel" && bench.status("a") == .pending && bench.ready == ["l"])
        try bench.checkRebuilding()
        bench.run("l", [5, 6])
        #expect(bench.ready == ["a.0", "a.1"])
        try bench.checkRebuilding()
        bench.run("a.0", 5)
        #expect(bench["a.0"].attempt == 2)
        bench.run("a.1", 6)
        bench.run("b")
        #expect(bench["a"].output == [5, 6] && bench.state.status == .succeeded)
        #expect(bench.status("a.2") == .skipped, "there is no room for it any more")
        try bench.checkRebuilding()
        bench.retry("l")
        bench.run("l", [1, 2, 3, 4])
        #expect(bench.ready == ["a.0", "a.1", "a.2", "a.3"])
        #expect(bench["a.2"].attempt > 1 && bench["a.3"].attempt == 0)
        try bench.checkRebuilding()
    }

    @Test func `asks for an approval, waits and checks again, too`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a }
              g: { gate: { expression: tasks.a.output.ok }, needs: a }
              p: { approval: { by: deployer }, needs: g }
              w: { wait: { signal: go }, needs: p }
            """)
        bench.run("a", ["ok": false])
        #expect(bench.state.status == .failed)
        for _ in 1...2 {
            bench.retry("a")
            bench.run("a", ["ok": true])
            bench.decide("p", .continue)
            bench.signal("go")
            #expect(bench.state.status == .succeeded)
        }
        #expect(bench.history.filter { $0.type == .workflowCompleted }.count == 3)
        try bench.checkRebuilding()
    }

    @Test func `taken twice is taken once`() throws {
        var bench = try failed()
        let body = ControlRetry(workflowID: bench.id, actor: Actor(id: "ada"))
        bench.take(.retry(body), id: "again")
        let count = bench.history.count
        bench.take(.retry(body), id: "again")
        #expect(bench.decision.isKnown && bench.history.count == count)
        bench.run("b")
        bench.run("c")
        bench.take(.retry(body), id: "again")
        #expect(bench.decision.isKnown && bench.state.status == .succeeded)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A workflow with a concurrency key` {
    static let text = """
        concurrency: { key: "repository ${{ input.repository }}", limit: 2 }
        tasks: { a: { skill: d1.a }, g: { gate: { expression: "true" } } }
        """

    @Test func `waits for a slot, and begins when it has one`() throws {
        var bench = try Bench(Self.text, input: ["repository": 7])
        #expect(bench.decision.slot == SlotRequest(key: "w/repository 7", limit: 2))
        #expect(bench.said == ["workflow.created"] && bench.ready == [] && bench.status("g") == .pending)
        #expect(bench.state.waiting(for: TaskID("a")!) == "slot")
        try bench.checkRebuilding()
        bench.take(.workflowWake)
        #expect(bench.decision.slot != nil, "it asks again")
        bench.grantSlot(2)
        #expect(bench.said == ["slot.granted", "task.completed"])
        #expect(bench.ready == ["a"] && bench.decision.ready.map(\.taskID.text) == ["a"])
        #expect(bench.state.extra.slot == 2)
        try bench.checkRebuilding()
        bench.grantSlot(1)
        #expect(bench.said == [])
        bench.run("a")
        #expect(bench.state.status == .succeeded && bench.state.extra.slot == nil)
        try bench.checkRebuilding()
    }

    @Test func `asks again after a pause and after its end`() throws {
        var bench = try Bench(Self.text, input: ["repository": 7])
        bench.pause()
        bench.take(.workflowWake)
        #expect(bench.decision.slot == nil)
        bench.resume()
        #expect(bench.decision.slot != nil && bench.state.status == .queued)
        bench.grantSlot(1)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.state.status == .failed)
        bench.retry(input: ["repository": 8])
        #expect(bench.decision.slot == SlotRequest(key: "w/repository 8", limit: 2))
        #expect(bench.state.status == .queued && bench.ready == [])
        try bench.checkRebuilding()
        bench.grantSlot(1)
        #expect(bench.ready == ["a"])
        try bench.checkRebuilding()
    }

    @Test func `whose key has no value fails at once`() throws {
        let bench = try Bench(Self.text.replacing("repository ${{ input.repository }}", with: "${{ input.no }}"))
        #expect(bench.state.status == .failed && bench.completion?.error?.code == "expression_failed")
        try bench.checkRebuilding()
    }
}
