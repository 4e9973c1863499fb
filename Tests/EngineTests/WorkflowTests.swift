import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A workflow` {
    static let diamond = """
        tasks:
          top:   { skill: d1.a, with: { n: "${{ input.n }}" } }
          left:  { skill: d1.b, needs: top, with: { from: "${{ tasks.top.output.x }}" } }
          right: { skill: d2.a, needs: [top] }
          end:   { skill: d3.a, needs: [left, right] }
        """

    @Test func `runs its tasks as their needs end, and gives back what the last ones made`() throws {
        var bench = try Bench(Self.diamond, input: ["n": 7])
        #expect(bench.state.status == .queued)
        #expect(bench.ready == ["top"])
        bench.dispatch("top")
        #expect(bench.state.status == .running)
        #expect(bench.order("top")?.input == ["n": 7])
        bench.start("top")
        bench.complete("top", ["x": [1, 2]])
        #expect(bench.decision.ready.map(\.taskID.text) == ["left", "right"])
        bench.dispatchAll()
        #expect(bench.order("left")?.input == ["from": [1, 2]])
        bench.start("left")
        bench.start("right")
        bench.complete("right")
        #expect(bench.ready == [])
        #expect(bench.state.waiting(for: TaskID("end")!) == "needs left")
        bench.complete("left")
        #expect(bench.state.waiting(for: TaskID("end")!) == "window")
        bench.run("end", ["done": true])
        #expect(bench.state.status == .succeeded)
        #expect(bench.completion?.output == ["end": ["done": true]])
        #expect(bench.history.map(\.seq) == Array(1...bench.history.count))
        #expect(Set(bench.history.map(\.id)).count == bench.history.count)
        #expect(bench.state.out.isEmpty)
    }

    @Test func `gives every order what its executor has to know`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.stubborn, with: { x: [1.10] } } }")
        bench.dispatch("a")
        let order = try #require(bench.order("a"))
        #expect(order.attempt == 1)
        #expect(order.idempotencyKey == "\(bench.id)/a")
        #expect(order.deadline == bench.now + .seconds(30))
        #expect(order.timeout == Seconds(.seconds(20)))
        #expect(order.lease == Seconds(.seconds(10)))
        #expect(order.context.workspace.text == "w")
        #expect(order.input.text == #"{"x":[1.10]}"#)
        #expect(bench.decision.events[0].publication?.route.key == "task.dispatched.d1.d1.stubborn")
        #expect(bench.decision.orders == [DomainName("d1")!: 1])
    }

    @Test func `hands the records of artifacts on to what needs them`() throws {
        var bench = try Bench(Self.diamond, input: ["n": 1])
        bench.dispatch("top")
        let record = ArtifactRecord(name: ArtifactName("report")!, confidence: JSONNumber(0.5))
        bench.take(
            .completed(
                TaskCompleted(
                    workflowID: bench.id, taskID: TaskID("top")!, attempt: 1, executor: ExecutorID("e")!, delivery: 0,
                    output: [:], artifacts: [record])), domain: "d1")
        bench.dispatch("left")
        #expect(bench.order("left")?.artifacts?["top"]?[0]?["name"] == "report")
    }

    @Test func `answers its sender, also when it is asked again, and refuses another request under its id`() throws {
        var bench = try Bench(Self.diamond, replyTo: "reply.me")
        let answer = try #require(bench.published.first)
        #expect(answer.type == .workflowAccepted)
        #expect(answer.publication?.route == .reply(to: "reply.me"))
        #expect(answer.publication?.correlationID == "c1")
        #expect(answer.publication?.isMandatory == false)

        bench.take(.created(try Bench.created(Self.diamond, replyTo: "reply.me")), id: "m1")
        #expect(bench.decision.isKnown)
        #expect(bench.said == ["workflow.accepted"])

        bench.take(.created(try Bench.created(Self.diamond, replyTo: "reply.me", digest: "other")))
        #expect(bench.said == ["workflow.rejected"])
        bench.take(.created(try Bench.created(Self.diamond, digest: "other")))
        #expect(bench.said == [])
        #expect(bench.history.count == 1)
    }

    @Test func `takes a message once`() throws {
        var bench = try Bench(Self.diamond)
        bench.dispatch("top")
        bench.start("top")
        let body = TaskCompleted(
            workflowID: bench.id, taskID: TaskID("top")!, attempt: 1, executor: ExecutorID("e1")!, delivery: 0,
            output: [:])
        bench.take(.completed(body), id: "once", domain: "d1")
        let before = bench.state.rows
        bench.take(.completed(body), id: "once", domain: "d1")
        #expect(bench.decision.isKnown && bench.said.isEmpty)
        #expect(bench.state.rows == before)
    }

    @Test func `refuses what it cannot know, and says when it may be behind itself`() throws {
        var bench = try Bench(Self.diamond)
        bench.dispatch("top")
        bench.start("top", attempt: 2)
        #expect(bench.decision.refusal?.problem.code == "unknown_attempt")
        #expect(bench.decision.refusal?.mayBeBehind == true)
        let body = TaskStarted(
            workflowID: bench.id, taskID: TaskID("top")!, attempt: 1, executor: ExecutorID("e")!, delivery: 0)
        bench.take(.started(body), domain: "d2")
        #expect(bench.decision.refusal?.problem.code == "wrong_domain")
        bench.take(.started(body))
        #expect(bench.decision.refusal?.problem.code == "wrong_domain")
        var other = body
        other.taskID = TaskID("nobody")!
        bench.take(.started(other), domain: "d1")
        #expect(bench.decision.refusal?.problem.code == "unknown_task")
        bench.take(.unsupported(.controlPause))
        #expect(bench.decision.refusal?.problem.code == "not_supported_yet")
        #expect(bench.history.count == 2)

        var empty = WorkflowState(id: bench.id)
        let input = Input(id: MessageID("m")!, kind: .started(body), actor: "e", domain: DomainName("d1")!)
        #expect(empty.take(input, now: bench.now).refusal?.problem.code == "unknown_workflow")
    }

    @Test func `fails in the end when a task failed, after what does not need it has run`() throws {
        var bench = try Bench(Self.diamond)
        bench.run("top", ["x": 1])
        bench.dispatchAll()
        bench.fail("left")
        #expect(bench.status("left") == .failed)
        #expect(bench.status("end") == .pending)
        bench.complete("right")
        #expect(bench.status("end") == .skipped)
        #expect(bench.state.status == .failed)
        #expect(bench.completion?.error?.code == "broken")
        #expect(bench.completion?.error?.taskID?.text == "left")
        #expect(bench.completion?.output.isNull == true)
    }

    @Test func `goes on past a failure that it tolerates`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a, onFailure: continue }
              b: { skill: d1.b, needs: a, with: { got: "${{ tasks.a.output }}", why: "${{ tasks.a.error.code }}" } }
            """)
        bench.dispatch("a")
        bench.fail("a")
        bench.dispatch("b")
        #expect(bench.order("b")?.input == ["got": .null, "why": "broken"])
        bench.complete("b")
        #expect(bench.state.status == .succeeded)
    }

    @Test func `decides an if when the needs have ended`() throws {
        var bench = try Bench(
            """
            tasks:
              a:       { skill: d1.a }
              yes:     { skill: d1.a, needs: a, if: "tasks.a.output.n > 1" }
              no:      { skill: d1.a, needs: a, if: "${{ tasks.a.output.n > 5 }}" }
              after:   { skill: d1.a, needs: no }
              cleanup: { skill: d1.a, needs: after, if: always() }
              alarm:   { skill: d1.a, needs: after, if: failure() }
            """)
        bench.run("a", ["n": 2])
        #expect(bench.ready == ["yes", "cleanup"])
        #expect(bench.status("no") == .skipped)
        #expect(bench.status("after") == .skipped)
        #expect(bench.status("alarm") == .skipped)
        bench.run("yes")
        bench.run("cleanup")
        #expect(bench.state.status == .succeeded)
    }

    @Test func `runs what waits for a failure, however far upstream`() throws {
        var bench = try Bench(
            """
            tasks:
              a:     { skill: d1.a }
              b:     { skill: d1.a, needs: a }
              alarm: { skill: d1.a, needs: b, if: "failure() && tasks.b.status == 'skipped'" }
              calm:  { skill: d1.a, needs: b, if: success() }
            """)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.ready == ["alarm"])
        #expect(bench.status("calm") == .skipped)
        bench.run("alarm")
        #expect(bench.state.status == .failed)
    }

    @Test func `fails a task whose templates have no value, and says where`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a, with: { deep: [ "${{ input.n / 0 }}" ] }, retry: { attempts: 3 } }
              b: { skill: d1.a, if: "input.n.m == 1" }
            """, input: ["n": 1])
        #expect(bench.status("b") == .failed)
        #expect(bench["b"].error?.code == "expression_failed")
        #expect(bench["b"].error?.message.hasPrefix("/if, character 8") == true)
        bench.dispatch("a")
        #expect(bench.status("a") == .failed)
        #expect(bench["a"].error?.message == "/with/deep/0, character 13: division by zero")
        #expect(bench.state.status == .failed)
    }

    @Test func `has the output that its definition says`() throws {
        var bench = try Bench("output: { sum: '${{ tasks.a.output.n + 1 }}' }\ntasks: { a: { skill: d1.a } }")
        bench.run("a", ["n": 41])
        #expect(bench.completion?.output == ["sum": 42])

        bench = try Bench("output: '${{ tasks.a.output.n + 1 }}'\ntasks: { a: { skill: d1.a } }")
        bench.run("a", ["n": "x"])
        #expect(bench.state.status == .failed)
        #expect(bench.completion?.error?.code == "expression_failed")
    }

    @Test func `fails a task whose output or input is too large`() throws {
        var bench = try Bench(
            "tasks: { a: { skill: d1.a }, b: { skill: d1.a, with: { x: '${{ input.x }}' } } }",
            input: ["x": "0123456789"])
        bench.state.limits.outputBytes = 10
        bench.state.limits.inputBytes = 10
        bench.dispatch("a")
        bench.complete("a", "0123456789")
        #expect(bench["a"].error?.code == "output_too_large")
        #expect(bench.history.contains { $0.type == .taskCompleted && $0.isStale })
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.task(TaskID("a")!)?.status == .failed)
        bench.dispatch("b")
        #expect(bench["b"].error?.code == "input_too_large")
    }

    @Test func `that is cancelled ends at once, and its executors are told`() throws {
        var bench = try Bench(Self.diamond)
        bench.run("top")
        bench.dispatch("left")
        bench.start("left")
        bench.cancel("enough")
        #expect(
            bench.said == [
                "control.cancel", "task.cancelled", "task.cancel", "task.cancelled", "task.cancelled",
                "workflow.completed",
            ])
        #expect(bench.state.status == .cancelled)
        #expect(bench.completion?.error?.message == "enough")
        #expect(bench.decision.orders == [DomainName("d1")!: -1])
        #expect(bench.ready == [])

        bench.complete("left")
        #expect(bench.status("left") == .cancelled)
        #expect(bench.history.last?.isStale == true)
        bench.beat("left")
        #expect(bench.said == ["task.cancel"])
        bench.cancel()
        #expect(bench.decision.refusal?.isCourtesy == true)
    }

    @Test func `skips nothing twice when two needs end in one turn`() throws {
        var bench = try Bench(
            """
            tasks:
              a: { skill: d1.a }
              b: { skill: d1.a, needs: a }
              c: { skill: d1.a, needs: a }
              d: { skill: d1.a, needs: [b, c], if: always() }
            """)
        bench.dispatch("a")
        bench.fail("a")
        #expect(bench.decision.ready.map(\.taskID.text) == ["d"])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A task for each element` {
    static let fan = """
        tasks:
          list: { skill: d1.a }
          each: { skill: d2.a, needs: list, forEach: "${{ tasks.list.output }}", limit: 2,
                  with: { name: "${{ item.name }}", place: "${{ index }} of ${{ length(tasks.list.output) }}" },
                  retry: { attempts: 2, backoff: 1s } }
          sum:  { skill: d3.a, needs: each, with: { all: "${{ tasks.each.output }}" } }
        """

    @Test func `runs so many at once, and makes a list of what they made`() throws {
        var bench = try Bench(Self.fan)
        bench.run("list", [["name": "x"], ["name": "y"], ["name": "z"]])
        #expect(bench.history.contains { $0.type == .workflowExpanded })
        #expect(bench.ready == ["each.0", "each.1"])
        #expect(bench.state.waiting(for: TaskID("each.2")!) == "limit")
        bench.dispatchAll()
        #expect(bench.order("each.1")?.input == ["name": "y", "place": "1 of 3"])
        #expect(bench.order("each.1")?.idempotencyKey == "\(bench.id)/each.1")
        bench.complete("each.1", 1)
        #expect(bench.decision.ready.map(\.taskID.text) == ["each.2"])
        bench.run("each.2", 2)
        #expect(bench.status("each") == .running)
        bench.complete("each.0", 0)
        #expect(bench.status("each") == .succeeded)
        bench.dispatch("sum")
        #expect(bench.order("sum")?.input == ["all": [0, 1, 2]])
    }

    @Test func `fails when one of them failed for good, after all have ended`() throws {
        var bench = try Bench(Self.fan)
        bench.run("list", [["name": "x"], ["name": "y"]])
        bench.dispatchAll()
        bench.fail("each.0")
        #expect(bench.status("each.0") == .retryWait)
        bench.wait(10)
        bench.wake("each.0")
        bench.dispatch("each.0")
        bench.fail("each.0")
        #expect(bench.status("each") == .running)
        bench.complete("each.1")
        #expect(bench.status("each") == .failed)
        #expect(bench["each"].error?.message == "1 of 2 failed: each.0")
        #expect(bench.status("sum") == .skipped)
        #expect(bench.state.status == .failed)
    }

    @Test func `may have no elements`() throws {
        var bench = try Bench(Self.fan)
        bench.run("list", [])
        #expect(bench.status("each") == .succeeded)
        bench.dispatch("sum")
        #expect(bench.order("sum")?.input == ["all": []])
    }

    @Test func `fails when there is no list, or too long a one`() throws {
        var bench = try Bench(Self.fan)
        bench.run("list", "text")
        #expect(bench["each"].error?.code == "wrong_type")
        bench = try Bench(Self.fan)
        bench.state.limits.items = 2
        bench.run("list", [1, 2, 3])
        #expect(bench["each"].error?.code == "too_many_items")
        #expect(bench.state.status == .failed)
    }

    @Test func `is cancelled with all its instances`() throws {
        var bench = try Bench(Self.fan)
        bench.run("list", [[:], [:], [:]])
        bench.dispatch("each.0")
        bench.cancel()
        #expect(["each", "each.0", "each.1", "each.2", "sum"].allSatisfy { bench.status($0) == .cancelled })
    }
}
