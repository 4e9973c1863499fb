import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A task that is a workflow` {
    static let plan = """
        tasks:
          first: { skill: d1.a }
          child: { workflow: check@2, needs: first, with: { x: "${{ tasks.first.output }}" }, retry: { attempts: 2, backoff: 1s } }
          last:  { skill: d1.a, needs: child, with: { got: "${{ tasks.child.output }}" } }
        """

    private func asked() throws -> Bench {
        var bench = try Bench(Self.plan, priority: 7)
        bench.run("first", 5)
        return bench
    }

    private func check(_ bench: Bench) throws {
        #expect(try bench.state.reloaded().rows == bench.state.rows)
        #expect(WorkflowState.replayed(bench.history, id: bench.id).rows == bench.state.rows)
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.rows == bench.state.rows)
    }

    @Test func `asks for it at once, and waits for its end`() throws {
        var bench = try asked()
        #expect(bench.said == ["task.completed", "task.waiting", "workflow.requested"])
        let request = try #require(bench.request)
        #expect(request.definition == "check@2")
        #expect(request.input == ["x": 5])
        #expect(request.priority == 7)
        #expect(request.actor.id == "ada")
        #expect(
            request.parent == ParentReference(workflowID: bench.id, taskID: TaskID("child")!, attempt: 1, depth: 1))
        #expect(bench.status("child") == .running)
        #expect(bench.ready == [])
        #expect(bench.state.out.isEmpty, "it needs no room in a window")
        try check(bench)
        bench.childEnds("child", .completed("found"))
        #expect(bench.status("child") == .succeeded)
        #expect(bench.ready == ["last"])
        bench.dispatch("last")
        #expect(bench.order("last")?.input == ["got": "found"])
        bench.complete("last")
        #expect(bench.state.status == .succeeded)
        try check(bench)
    }

    @Test func `starts another one for its next attempt, and the first says nothing any more`() throws {
        var bench = try asked()
        let first = try #require(bench.request?.parent?.child)
        bench.childEnds("child", .failed(TaskError(code: "broken", message: "b")))
        #expect(bench.status("child") == .retryWait)
        bench.wait(10)
        bench.wake("child")
        let second = try #require(bench.request?.parent)
        #expect(second.attempt == 2)
        #expect(second.child != first)
        bench.childEnds("child", .completed("late"), attempt: 1)
        #expect(bench.history.last?.isStale == true)
        bench.childEnds("child", .failed(TaskError(code: "broken", message: "b")))
        #expect(bench.state.status == .failed)
        #expect(bench.completion?.error?.taskID?.text == "child")
        try check(bench)
    }

    @Test func `is believed only from where children speak`() throws {
        var bench = try asked()
        bench.take(
            .completed(
                TaskCompleted(
                    workflowID: bench.id, taskID: TaskID("child")!, attempt: 1, executor: ExecutorID("e")!,
                    delivery: 0, output: 1)), domain: "d1")
        #expect(bench.decision.refusal?.problem.code == "wrong_domain")
    }

    @Test func `takes its child along when it is cancelled, timed out, or its workflow fails`() throws {
        var bench = try asked()
        let child = try #require(bench.request?.parent?.child)
        bench.cancel("enough")
        let cancel = try #require(bench.childCancel)
        #expect(cancel.workflowID == child)
        #expect(cancel.child?.parent.attempt == 1)
        #expect(
            bench.decision.events.first { $0.type == .controlCancel && $0.publication != nil }?.publication?
                .correlationID == child.text)
        #expect(bench.state.status == .running, "its child may have something to undo")
        try check(bench)
        bench.childEnds("child", .failed(TaskError(code: "cancelled", message: "enough", permanent: true)))
        #expect(bench.status("child") == .cancelled)
        #expect(bench.state.status == .cancelled)
        try check(bench)

        bench = try Bench("tasks: { child: { workflow: check, timeout: 10s } }")
        bench.wait(11)
        bench.wake("child")
        #expect(bench["child"].error?.code == "timeout")
        #expect(bench.childCancel?.workflowID == bench.request?.parent?.child)
        try check(bench)
    }

    static let booking = """
        tasks:
          reserve: { skill: d1.a, reversible: true, undo: release }
          child: { workflow: check, needs: reserve, timeout: 1h, retry: { attempts: 3 }, onFailure: pause }
          each:  { workflow: check, needs: reserve, forEach: [a, b, c], limit: 2, timeout: 1h }
          last:  { skill: d1.a, needs: [child, each] }
          release: { skill: d1.a }
        """

    @Test func `is waited for when it is cancelled, before what its parent did is undone`() throws {
        for end in [Bench.ChildEnd.completed(1), .failed(TaskError(code: "broken", message: "b"))] {
            var bench = try Bench(Self.booking)
            bench.run("reserve")
            bench.cancel("enough")
            #expect(bench.said.filter { $0 == "control.cancel" }.count == 1 + 3, "each child hears of it once")
            #expect(bench.status("each.2") == .cancelled && bench.status("last") == .cancelled)
            #expect(bench.ready == [])
            bench.childEnds("each.0", .completed(1))
            bench.childEnds("child", end)
            #expect(bench.ready == [] && bench.status("each") == .running)
            try bench.checkRebuilding()
            bench.childEnds("each.1", .failed(TaskError(code: "cancelled", message: "c", permanent: true)))
            #expect(bench.status("each.1") == .cancelled && bench.status("each") == .cancelled)
            #expect(bench.ready == ["release"])
            bench.run("release")
            #expect(bench.state.status == .cancelled)
            #expect(bench.completion?.error?.message == "enough")
            try bench.checkRebuilding()
        }
    }

    @Test func `is not waited for by who cancels a second time, or beyond its timeout`() throws {
        var bench = try Bench(Self.booking)
        bench.run("reserve")
        bench.cancel("enough")
        #expect(bench.childCancel?.child?.insists == nil)
        bench.cancel("now")
        #expect(bench.said.filter { $0 == "control.cancel" }.count == 1 + 3, "its children hear it a second time, too")
        #expect(bench.childCancel?.child?.insists == true)
        #expect(bench.status("child") == .cancelled && bench.status("release") == .skipped)
        #expect(bench.state.status == .cancelled)
        try bench.checkRebuilding()

        bench = try Bench(Self.booking)
        bench.run("reserve")
        bench.cancel("enough")
        bench.wait(3601)
        for child in ["child", "each.0", "each.1"] { bench.wake(child) }
        #expect(bench.childCancel?.child?.insists == nil, "what it undoes goes on")
        #expect(bench["child"].error?.code == "timeout" && bench.status("each") == .cancelled)
        #expect(bench.ready == ["release"])
        try bench.checkRebuilding()
    }

    @Test func `tells what its child could not undo`() throws {
        var bench = try Bench(Self.booking)
        bench.run("reserve")
        bench.cancel("enough")
        let error = TaskError(code: "cancelled", message: "enough; not undone: book", permanent: true)
        bench.childEnds("child", .failed(error))
        #expect(bench.status("child") == .cancelled && bench["child"].error == error)
        try bench.checkRebuilding()
    }

    @Test func `starts one for each element`() throws {
        var bench = try Bench(
            "tasks: { each: { workflow: check, forEach: [a, b, c], limit: 2, with: { of: '${{ item }}' } } }")
        #expect(bench.history.filter { $0.type == .workflowRequested }.count == 2)
        #expect(bench.request?.input == ["of": "b"])
        bench.childEnds("each.1", .completed(2))
        #expect(bench.request?.input == ["of": "c"])
        bench.childEnds("each.0", .completed(1))
        bench.childEnds("each.2", .completed(3))
        #expect(bench.completion?.output == ["each": [1, 2, 3]])
        try check(bench)
    }

    @Test func `does not go deeper than the limit`() throws {
        var bench = try Bench("tasks: { child: { skill: d1.a } }")
        let parent = ParentReference(workflowID: bench.id, taskID: TaskID("child")!, attempt: 1, depth: 8)
        var created = try Bench.created("tasks: { child: { workflow: check } }")
        created.workflowID = parent.child
        created.parent = parent
        bench.state = WorkflowState(id: parent.child)
        bench.take(.created(created))
        #expect(bench.state.task(TaskID("child")!)?.error?.code == "too_deep")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A child workflow` {
    private let parent = ParentReference(
        workflowID: WorkflowID(unchecked: "wf-parent"), taskID: TaskID("child")!, attempt: 3, depth: 2)

    private func born(_ text: String = "tasks: { a: { skill: d1.a } }") throws -> Bench {
        var bench = try Bench(text)
        var created = try Bench.created(text)
        created.workflowID = parent.child
        created.parent = parent
        bench.state = WorkflowState(id: parent.child)
        bench.history = []
        bench.take(.created(created))
        return bench
    }

    @Test func `tells its parent how it ended, in the parent's partition`() throws {
        var bench = try born()
        bench.run("a", 1)
        #expect(bench.said == ["task.completed", "workflow.completed", "task.completed"])
        let event = try #require(bench.history.last)
        guard case .taskCompleted(let body) = event.body else { return #expect(Bool(false)) }
        #expect(body.workflowID == parent.workflowID && body.taskID.text == "child" && body.attempt == 3)
        #expect(body.output == ["a": 1])
        #expect(event.publication?.correlationID == "wf-parent")
        #expect(event.publication?.route.key == "task.completed")
        #expect(WorkflowState.replayed(bench.history, id: bench.id).rows == bench.state.rows)
        #expect(try bench.state.reloaded().rows == bench.state.rows)
    }

    @Test func `tells its parent of its failure, even when a task of both has the same name`() throws {
        var bench = try born("tasks: { child: { skill: d1.a } }")
        bench.dispatch("child")
        bench.fail("child")
        guard case .taskFailed(let body) = try #require(bench.history.last).body else { return #expect(Bool(false)) }
        #expect(body.attempt == 3 && body.error.code == "broken" && !body.error.permanent)
        #expect(body.error.details?["workflow_id"]?.string == parent.child.text)
        #expect(bench["child"].attempt == 1)
        #expect(bench.state.out.isEmpty)
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.rows == bench.state.rows)
    }

    @Test func `that is cancelled before it is there does not begin`() throws {
        var bench = try born()
        bench.state = WorkflowState(id: parent.child)
        bench.history = []
        let child = ChildReference(workspace: Workspace("w")!, definition: "check@2", parent: parent)
        bench.take(
            .cancel(
                ControlCancel(workflowID: parent.child, actor: Actor(id: "dispatcher"), reason: "gone", child: child)))
        #expect(bench.said == ["control.cancel", "workflow.completed", "task.failed"])
        #expect(bench.state.status == .cancelled)
        #expect(bench.state.snapshot?.header.name == "check")
        #expect(bench.state.takeChanges().created?.standing.status == .cancelled)
        var created = try Bench.created("tasks: { a: { skill: d1.a } }")
        created.workflowID = parent.child
        created.parent = parent
        bench.take(.created(created))
        #expect(bench.said == [] && bench.ready == [])
        #expect(try bench.state.reloaded().rows == bench.state.rows)
        let rebuilt = try WorkflowState.rebuilt(id: bench.id, from: try bench.history.map { try RecordedEvent($0) })
        #expect(rebuilt.rows == bench.state.rows)
    }

    @Test func `goes on undoing when its parent is cancelled, unless the parent insists`() throws {
        let text = """
            tasks:
              book: { skill: d1.a, reversible: true, undo: give-back }
              pay:  { skill: d1.a, needs: book }
              give-back: { skill: d1.a }
            """
        for isCancelled in [false, true] {
            var bench = try born(text)
            bench.run("book")
            bench.dispatch("pay")
            if isCancelled { bench.cancel("by a person") } else { bench.fail("pay") }
            bench.dispatch("give-back")
            var child = ChildReference(workspace: Workspace("w")!, definition: "check@2", parent: parent)
            func cancel(_ bench: inout Bench) {
                bench.take(
                    .cancel(
                        ControlCancel(
                            workflowID: self.parent.child, actor: Actor(id: "dispatcher"), reason: "gone", child: child)
                    ))
            }
            cancel(&bench)
            #expect(bench.status("give-back") == .dispatched && bench.state.status == .running)
            try bench.checkRebuilding()
            var hurried = bench
            bench.complete("give-back")
            #expect(bench.state.status == .cancelled)
            #expect(bench.state.error?.message == "gone")
            child.insists = true
            cancel(&hurried)
            #expect(hurried.status("give-back") == .cancelled && hurried.state.status == .cancelled)
            try hurried.checkRebuilding()
        }
    }

    @Test func `is not written down for a cancel that names another's parent`() throws {
        var bench = try born()
        bench.state = WorkflowState(id: bench.id)
        bench.history = []
        var other = parent
        other.attempt = 4
        let child = ChildReference(workspace: Workspace("w")!, definition: "check", parent: other)
        bench.take(.cancel(ControlCancel(workflowID: bench.id, actor: Actor(id: "dispatcher"), child: child)))
        #expect(bench.decision.refusal?.problem.code == "invalid_child")
        bench.take(.cancel(ControlCancel(workflowID: bench.id, actor: Actor(id: "ada"))))
        #expect(bench.decision.refusal?.problem.code == "unknown_workflow")
    }
}

extension Bench {
    enum ChildEnd {
        case completed(JSONValue)
        case failed(TaskError)
    }

    /// What a child's dispatcher says to a task of this workflow.
    mutating func childEnds(_ task: String, _ end: ChildEnd, attempt: Int? = nil) {
        let (task, attempt) = (TaskID(task)!, attempt ?? self[task].attempt)
        switch end {
        case .completed(let output):
            take(.completed(TaskCompleted(workflowID: id, taskID: task, attempt: attempt, output: output)))
        case .failed(let error):
            take(.failed(TaskFailed(workflowID: id, taskID: task, attempt: attempt, error: error)))
        }
    }

    /// The last child that was asked for.
    var request: WorkflowRequested? {
        for event in history.reversed() { if case .workflowRequested(let body) = event.body { return body } }
        return nil
    }

    /// The last child that was cancelled.
    var childCancel: ControlCancel? {
        for event in history.reversed() {
            if case .controlCancel(let body) = event.body, event.publication != nil { return body }
        }
        return nil
    }
}
