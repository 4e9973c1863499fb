import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A paused workflow` {
    @Test func `begins nothing, takes what comes, and goes on when it is resumed`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a }
              b: { skill: d1.a, needs: a, if: tasks.a.output.ok }
              c: { skill: d1.a, needs: a, if: '!tasks.a.output.ok' }
              w: { wait: { for: 1m }, needs: a }
            """)
        bench.dispatch("a")
        bench.pause()
        #expect(bench.said == ["control.pause", "workflow.paused"] && bench.state.status == .paused)
        bench.start("a")
        bench.complete("a", ["ok": true])
        #expect(bench.status("a") == .succeeded && bench.said == ["task.completed"])
        #expect(bench.ready == [] && bench.status("c") == .pending && bench.status("w") == .pending)
        #expect(bench.state.waiting(for: TaskID("b")!) == "paused")
        try bench.checkRebuilding()
        bench.dispatch("b")
        #expect(bench.said == [])
        bench.resume()
        #expect(bench.said == ["control.resume", "workflow.resumed", "task.skipped", "task.waiting"])
        #expect(bench.ready == ["b"] && bench.decision.ready.map(\.taskID.text) == ["b"])
        #expect(bench.status("c") == .skipped && bench.status("w") == .running && bench.state.status == .running)
        try bench.checkRebuilding()
    }

    @Test func `honours its timers when it is resumed, but leases and deadlines run on`() throws {
        var bench = try Bench(
            """
            tasks:
              w: { wait: 1m }
              p: { approval: { by: x, expires: 1m } }
              r: { skill: d1.stubborn, retry: { attempts: 2, backoff: 1s } }
              l: { skill: d1.stubborn, retry: { attempts: 1 } }
            """)
        bench.dispatchAll()
        bench.start("l")
        bench.fail("r")
        bench.pause()
        bench.wait(120)
        for task in ["w", "p", "r"] {
            bench.wake(task)
            #expect(bench.said == [], "\(task)")
        }
        bench.wake("l")
        #expect(bench["l"].error?.code == "timeout" && bench.status("l") == .failed)
        try bench.checkRebuilding()
        bench.resume()
        #expect(bench.status("w") == .succeeded && bench["p"].error?.code == "approval_expired")
        #expect(bench.decision.ready.map(\.taskID.text) == ["r"])
        try bench.checkRebuilding()
    }

    @Test func `does not end before it is resumed`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.dispatch("a")
        bench.pause()
        bench.complete("a", 1)
        #expect(bench.state.status == .paused)
        bench.resume()
        #expect(bench.said == ["control.resume", "workflow.resumed", "workflow.completed"])
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `lets the instances of a list wait, too`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a, forEach: [1, 2, 3], limit: 1 } }")
        bench.dispatch("a.0")
        bench.pause()
        bench.complete("a.0")
        #expect(bench.ready == [] && bench.decision.ready == [])
        bench.resume()
        #expect(bench.decision.ready.map(\.taskID.text) == ["a.1"])
        try bench.checkRebuilding()
    }

    @Test func `is not paused twice, nor resumed without a pause`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.resume()
        #expect(
            bench.refusal
                == "not_applicable: the workflow is queued, so nobody can resume it; allowed: cancel, pause, signal; retry, skip or cancel of a task"
        )
        bench.pause()
        bench.pause()
        #expect(bench.refusal?.contains("is paused, so nobody can pause it; allowed: resume, cancel") == true)
        bench.cancel()
        #expect(bench.state.status == .cancelled)
        bench.resume()
        #expect(bench.refusal?.hasSuffix("allowed: retry, of a task or of all that failed") == true)
        try bench.checkRebuilding()
    }

    @Test func `that had not begun is queued again`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.pause()
        bench.resume()
        #expect(bench.state.status == .queued && bench.ready == ["a"])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A task that a person ends` {
    static let chain = "tasks: { a: { skill: d1.a }, b: { skill: d2.a, needs: a }, c: { skill: d3.a } }"

    @Test func `by cancelling it fails its workflow in the end`() throws {
        var bench = try Bench(Self.chain)
        bench.dispatchAll()
        bench.start("a")
        bench.cancel(task: "a")
        #expect(bench.said == ["control.cancel", "task.cancelled", "task.cancel", "task.skipped"])
        #expect(bench.status("a") == .cancelled && bench.status("b") == .skipped && bench.state.status == .running)
        bench.complete("c")
        #expect(bench.completion?.status == .failed && bench.completion?.error?.code == "cancelled")
        bench.complete("a", attempt: 1)
        #expect(bench.history.last?.isStale == true)
        try bench.checkRebuilding()
    }

    @Test func `by skipping it is gone on without`() throws {
        var bench = try Bench(Self.chain)
        bench.dispatchAll()
        bench.skip("a")
        #expect(bench.said == ["control.skip", "task.skipped", "task.cancel"])
        #expect(bench.ready == ["b"])
        bench.run("b")
        bench.start("c")
        bench.complete("c")
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `by skipping it after it failed lets go on what was skipped because of it`() throws {
        var bench = try Bench(Self.chain)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.status("b") == .skipped)
        bench.skip()
        #expect(bench.said == ["control.skip", "task.skipped", "task.reset"])
        #expect(bench.ready == ["b", "c"] && bench.status("a") == .skipped)
        try bench.checkRebuilding()
        bench.run("b")
        #expect(bench.order("b")?.attempt == 2, "the skipped one does not count as an attempt twice")
        bench.run("c")
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `may be an instance, also one whose list has failed`() throws {
        var bench = try Bench(
            "tasks: { a: { skill: d1.a, forEach: [1, 2] }, b: { skill: d1.a, needs: a }, c: { skill: d2.a } }")
        bench.dispatchAll()
        bench.complete("a.0", 1)
        bench.fail("a.1")
        #expect(bench.status("a") == .failed)
        bench.skip("a.1")
        #expect(bench.status("a") == .succeeded && bench["a"].output == [1, .null])
        #expect(bench.ready == ["b"])
        try bench.checkRebuilding()
        var other = try Bench("tasks: { a: { skill: d1.a, forEach: [1, 2], limit: 1 } }")
        other.dispatchAll()
        other.cancel(task: "a.0")
        #expect(other.decision.ready.map(\.taskID.text) == ["a.1"])
        other.run("a.1")
        #expect(other["a"].error?.code == "instances_failed")
        try other.checkRebuilding()
    }

    @Test func `does not make room for another before its time when it is an instance`() throws {
        var bench = try Bench("tasks: { a: { wait: { signal: go }, forEach: [1, 2, 3], limit: 1 } }")
        bench.skip("a.2")
        #expect(bench.said == ["control.skip", "task.skipped"])
        #expect(bench.status("a.0") == .running && bench.status("a.1") == .pending)
        bench.skip("a.1")
        #expect(bench.said == ["control.skip", "task.skipped"] && bench.status("a.1") == .skipped)
        bench.signal("go")
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `is not ended twice`() throws {
        var bench = try Bench(Self.chain)
        bench.run("a")
        bench.skip("a")
        #expect(bench.refusal == "not_applicable: the skill a is succeeded, so nobody can skip it; allowed: retry")
        bench.cancel(task: "a")
        #expect(bench.refusal == "not_applicable: the skill a is succeeded, so nobody can cancel it; allowed: retry")
        bench.skip()
        #expect(bench.refusal?.hasPrefix("not_applicable: no task has failed") == true)
        bench.retry("c")
        #expect(
            bench.refusal == "not_applicable: the skill c is pending, so nobody can retry it; allowed: cancel, skip")
        bench.retry()
        #expect(bench.refusal?.hasPrefix("not_applicable: no task has failed or was cancelled; allowed: ") == true)
    }
}
