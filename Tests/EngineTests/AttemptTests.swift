import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `An attempt` {
    static let one = "tasks: { a: { skill: d1.stubborn, retry: { attempts: 3, backoff: 10s, factor: 3, max: 20s } } }"

    private func running(_ text: String = one) throws -> Bench {
        var bench = try Bench(text)
        bench.dispatch("a")
        bench.start("a")
        return bench
    }

    @Test func `that failed is followed by another, until there are no more`() throws {
        var bench = try running()
        for attempt in 1...3 {
            #expect(bench["a"].attempt == attempt)
            bench.fail("a")
            guard attempt < 3 else { break }
            #expect(bench.said == ["task.failed", "task.retrying"])
            #expect(bench.status("a") == .retryWait)
            #expect(bench.ready == [])
            let due = try #require(bench["a"].retryAt)
            #expect(due - bench.now <= .seconds(attempt == 1 ? 10 : 20))
            #expect(bench["a"].wakeAt == due)
            bench.now = due
            bench.wake("a")
            #expect(bench.decision.ready.map(\.taskID.text) == ["a"])
            #expect(bench.ready == ["a"])
            bench.dispatch("a")
            #expect(bench.order("a")?.attempt == attempt + 1)
        }
        #expect(bench.status("a") == .failed)
        #expect(bench.state.status == .failed)
        #expect(bench.history.map(\.type).filter { $0 == .taskRetrying }.count == 2)
    }

    @Test func `waits as long as its executor asks, and no longer than it must`() throws {
        var bench = try running()
        bench.fail("a", TaskError(code: "busy", message: "later", retryAfter: Seconds(.seconds(100))))
        #expect(bench["a"].retryAt == bench.now + .seconds(100))
        bench = try running()
        bench.fail("a", TaskError(code: "busy", message: "later", retryAfter: Seconds(.seconds(9_000_000_000))))
        #expect(bench["a"].retryAt == bench.now + .seconds(7 * 86_400), "every workflow ends")
        var other = try running()
        other.fail("a", TaskError(code: "busy", message: "later"))
        var again = try running()
        again.fail("a", TaskError(code: "busy", message: "later"))
        #expect(other["a"].retryAt == again["a"].retryAt, "the jitter of an attempt is always the same")
    }

    @Test func `that is hopeless is the last`() throws {
        var bench = try running()
        bench.fail("a", TaskError(code: "bad", message: "bad input", permanent: true))
        #expect(bench.status("a") == .failed)
    }

    @Test func `of the past changes nothing, and its run is told to stop`() throws {
        var bench = try running()
        bench.fail("a")
        bench.now = try #require(bench["a"].retryAt)
        bench.dispatch("a")
        for say in [
            { (bench: inout Bench) in bench.complete("a", attempt: 1) }, { $0.fail("a", attempt: 1) },
            { $0.start("a", attempt: 1) },
        ] {
            let before = bench["a"].status
            say(&bench)
            #expect(bench.history.last?.isStale == true)
            #expect(bench.status("a") == before && bench["a"].attempt == 2)
        }
        #expect(bench.said == ["task.started", "task.cancel"])
        bench.beat("a", attempt: 1)
        #expect(bench.said == ["task.cancel"])
        guard case .taskCancel(let cancel) = bench.decision.events[0].body else { return }
        #expect(cancel.executor?.text == "e1" && cancel.attempt == 1)
    }

    @Test func `belongs to the run that was handed out last`() throws {
        var bench = try running()
        bench.start("a", executor: "e2", delivery: 1)
        #expect(bench["a"].executor?.text == "e2")
        #expect(bench.history.last?.isStale == false)
        bench.complete("a", "old", executor: "e1", delivery: 0)
        #expect(bench.status("a") == .running)
        bench.beat("a", executor: "e1", delivery: 0)
        #expect(bench.said == ["task.cancel"])
        bench.complete("a", "new", executor: "e2", delivery: 1)
        #expect(bench["a"].output == "new")
    }

    @Test func `belongs to the earlier of two runs that were handed out alike`() throws {
        var bench = try running()
        bench.start("a", executor: "e2")
        #expect(bench.said == ["task.started", "task.cancel"])
        bench.complete("a", "second", executor: "e2")
        #expect(bench.status("a") == .running)
        bench.complete("a", "first", executor: "e1")
        #expect(bench["a"].output == "first")
    }

    @Test func `may be heard of in any order`() throws {
        var bench = try Bench(Self.one)
        bench.dispatch("a")
        bench.complete("a", 1)
        #expect(bench.status("a") == .succeeded)
        bench.start("a", attempt: 1)
        #expect(bench.said == ["task.started"], "its own run, which has ended, is told nothing")
        #expect(bench.history.last?.isStale == true)
        bench.beat("a", attempt: 1)
        #expect(bench.said == [])
        bench.start("a", attempt: 1, executor: "e9", delivery: 1)
        #expect(bench.said == ["task.started", "task.cancel"], "a run that begins for nothing is stopped")
    }

    @Test func `ends when nobody has begun it in time`() throws {
        var bench = try Bench(Self.one)
        bench.dispatch("a")
        #expect(bench["a"].wakeAt == bench.now + .seconds(30))
        bench.wait(29)
        bench.wake("a")
        #expect(bench.said == [])
        bench.wait(1)
        bench.wake("a")
        #expect(bench["a"].error?.code == "not_started")
        #expect(bench.said == ["task.failed", "task.retrying"])
        #expect(bench.decision.orders == [DomainName("d1")!: -1])
    }

    @Test func `ends when it runs too long, though its executor lives`() throws {
        var bench = try running()
        bench.wait(9)
        bench.beat("a")
        bench.wait(9)
        bench.beat("a")
        bench.wait(2)
        bench.wake("a")
        #expect(bench["a"].error?.code == "timeout")
        #expect(bench.said == ["task.failed", "task.retrying", "task.cancel"])
    }

    @Test func `is lost when its executor falls silent, and gets one more try for that`() throws {
        var bench = try running("tasks: { a: { skill: d1.stubborn, retry: { attempts: 1 } } }")
        for isLast in [false, true] {
            bench.wait(8)
            bench.beat("a")
            #expect(bench.decision.events.allSatisfy { !$0.isHistory })
            bench.wait(2)
            bench.wake("a")  // the wake-up of the first lease: too early by now
            #expect(bench.status("a") == .running)
            #expect(bench["a"].wakeAt == bench.now + .seconds(8))
            bench.wait(8)
            bench.wake("a")
            #expect(bench["a"].error?.code == "lease_expired")
            #expect(bench.status("a") == (isLast ? .failed : .retryWait))
            guard !isLast else { break }
            bench.wait(60)
            bench.dispatch("a")
            bench.start("a")
        }
        #expect(bench.state.status == .failed)
    }

    @Test func `that killed its executors ends poisoned, and the task is tried once more`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        for isLast in [false, true] {
            bench.dispatch("a")
            let order = try #require(bench.order("a"))
            bench.take(.poisoned(order))
            #expect(bench["a"].error?.code == "poisoned")
            #expect(bench.status("a") == (isLast ? .failed : .retryWait))
            bench.wait(60)
            bench.take(.poisoned(order))
            #expect(bench.said == [])
        }
    }

    @Test func `whose domain has no queue ends`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.dispatch("a")
        let order = try #require(bench.order("a"))
        let notice = Input.noRoute(order, id: bench.published[0].id)
        bench.take(notice.kind, id: notice.id.text)
        #expect(bench["a"].error?.code == "no_route")
        #expect(bench.state.status == .failed)
    }

    @Test func `that its executor hands back is lost, not failed: it gets one more than the plan says`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.dispatch("a")
        bench.start("a")
        bench.fail("a", TaskError(code: "handed_back", message: "told to stop"))
        #expect(bench.status("a") == .retryWait)
        bench.wait(60)
        bench.dispatch("a")
        bench.start("a")
        bench.fail("a", TaskError(code: "handed_back", message: "told to stop"))
        #expect(bench.status("a") == .failed)
    }

    @Test func `of great risk begins only when it is told to`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.risky } }")
        bench.dispatch("a")
        #expect(bench.order("a")?.awaitGo == true)
        bench.start("a")
        #expect(bench.said == ["task.started", "task.go"])
        let started = TaskStarted(
            workflowID: bench.id, taskID: TaskID("a")!, attempt: 1, executor: ExecutorID("e1")!, delivery: 0)
        bench.take(.started(started), id: bench.history.last?.id.text, domain: "d1")
        #expect(bench.decision.isKnown && bench.said == ["task.go"], "the answer is given again")
        bench.start("a", executor: "e2")
        #expect(bench.said == ["task.started", "task.cancel"])
    }

    @Test func `of great risk is told to stop when a copy of its order waits for a go after its end`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.risky }, b: { skill: d1.risky } }")
        bench.dispatch("a")
        bench.start("a")
        bench.complete("a")
        #expect(bench.status("a") == .succeeded)
        bench.start("a")
        #expect(bench.said == ["task.started", "task.cancel"])
    }
}
