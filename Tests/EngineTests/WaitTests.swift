import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A wait` {
    @Test func `lasts as long as it says`() throws {
        var bench = try Bench("tasks: { w: { wait: 10m }, a: { skill: d1.a, needs: w } }")
        #expect(bench.said == ["workflow.created", "task.waiting"])
        #expect(bench.status("w") == .running && bench["w"].wakeAt == bench.now + .seconds(600))
        #expect(bench.state.status == .running)
        bench.wait(599)
        bench.wake("w")
        #expect(bench.said == [] && bench.ready == [])
        bench.wait(1)
        bench.wake("w")
        #expect(bench.said == ["task.completed"] && bench.ready == ["a"])
        try bench.checkRebuilding()
    }

    @Test func `takes its time from a template`() throws {
        var bench = try Bench("tasks: { w: { wait: '${{ input.pause }}' } }", input: ["pause": "90s"])
        #expect(bench["w"].wakeAt == bench.now + .seconds(90))
        bench = try Bench("tasks: { w: { wait: '${{ input.pause }}' } }", input: ["pause": "soon"])
        #expect(bench["w"].error?.code == "expression_failed")
        #expect(bench["w"].error?.message.contains("is no span of time") == true)
    }

    @Test func `lasts until a moment, and no time at all when that has passed`() throws {
        let text = "tasks: { w: { wait: { until: '${{ input.opens }}' } } }"
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        var bench = try Bench(text, input: ["opens": .string("\(now + .seconds(60))")])
        #expect(bench["w"].wakeAt == now + .seconds(60))
        bench = try Bench(text, input: ["opens": .string("\(now + .seconds(-60))")])
        #expect(bench.status("w") == .succeeded && bench.state.status == .succeeded)
        try bench.checkRebuilding()
        bench = try Bench(text, input: ["opens": "2525-01-01T00:00:00Z"])
        #expect(bench["w"].error?.code == "wait_too_long")
        bench = try Bench(text, input: ["opens": 5])
        #expect(bench["w"].error?.message.contains("is no moment") == true)
    }

    static let signal = "tasks: { w: { wait: { signal: go, expires: 1h } }, a: { skill: d1.a, needs: w } }"

    @Test func `ends with a signal, whose payload is its output`() throws {
        var bench = try Bench(Self.signal)
        bench.signal("go", ["by": "traffic"])
        #expect(bench.said == ["signal.received", "task.completed"])
        #expect(bench["w"].output == ["by": "traffic"] && bench.ready == ["a"])
        try bench.checkRebuilding()
        bench.signal("go")
        #expect(bench.refusal == "not_applicable: what waited for go is succeeded; allowed: retry of it")
        bench.signal("stop")
        #expect(bench.refusal == "not_applicable: nothing waits for a signal stop; signals: go")
    }

    @Test func `fails when no signal comes in time`() throws {
        var bench = try Bench(Self.signal)
        bench.wait(3600)
        bench.wake("w")
        #expect(bench["w"].error?.code == "signal_expired" && bench.state.status == .failed)
        bench.signal("go")
        #expect(bench.refusal?.hasPrefix("not_applicable: the workflow is failed") == true)
        try bench.checkRebuilding()
    }

    @Test func `finds the signal that came before it, once`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a }
              w: { wait: { signal: go }, needs: a }
              v: { wait: { signal: go }, needs: w }
            """)
        bench.signal("go", 1)
        #expect(bench.said == ["signal.received"])
        try bench.checkRebuilding()
        bench.run("a")
        #expect(bench["w"].output == 1 && bench.status("v") == .running)
        bench.signal("go", 2)
        #expect(bench["v"].output == 2 && bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `that has waited longest has the signal`() throws {
        var bench = try Bench(
            "tasks: { a: { skill: d1.a }, v: { wait: { signal: go }, needs: a }, w: { wait: { signal: go } } }")
        bench.wait(1)
        bench.run("a")
        bench.signal("go", 1)
        #expect(bench["w"].output == 1 && bench.status("v") == .running)
    }

    @Test func `takes a copy of a signal for what it is`() throws {
        var bench = try Bench("tasks: { v: { wait: { signal: go } }, w: { wait: { signal: go } } }")
        let body = SignalReceived(workflowID: bench.id, name: SignalName("go")!, payload: 1, actor: Actor(id: "ada"))
        bench.take(.signal(body), id: "s1")
        bench.take(.signal(body), id: "s1")
        #expect(bench.decision.isKnown && bench.status("w") == .running)
    }

    @Test func `keeps no more signals than a row can hold`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a }, w: { wait: { signal: go }, needs: a } }")
        bench.state.limits.outputBytes = 100
        bench.signal("go", .string(String(repeating: "x", count: 60)))
        #expect(bench.refusal == nil)
        bench.signal("go", .string(String(repeating: "x", count: 60)))
        #expect(bench.refusal?.hasPrefix("limit_passed: ") == true)
    }
}
