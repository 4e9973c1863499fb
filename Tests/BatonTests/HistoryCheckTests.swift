import Contracts
import Engine
import Invariants
import JSON
import Store
import Testing

@testable import Baton

/// A workflow of two tasks, the second needing the first, from its creation to its end: history and rows.
private struct Sample {
    static let id = WorkflowID(unchecked: "wf-1")
    private static let domain = DomainName(unchecked: "payments")
    private static let skill = SkillID(unchecked: "payments.totals")
    private static let executor = ExecutorID(unchecked: "payments-1")

    var history: [EventRow] = []
    var stored: StoredWorkflow

    init() throws {
        let tasks = ["first": [TaskID](), "second": [TaskID(unchecked: "first")]].sorted { $0.key < $1.key }
        let plan = Plan(
            tasks: tasks.map { key, needs in
                PlannedTask(
                    id: TaskID(unchecked: key), kind: .skill(SkillCall(skill: Self.skill, domain: Self.domain)),
                    needs: needs)
            }
        ).json
        let actor = Contracts.Actor(id: "ada")
        var bodies: [(any MessageBody, isOurs: Bool)] = [
            (
                WorkflowCreated(
                    workflowID: Self.id, requestID: RequestID(unchecked: "r"),
                    workspace: Workspace(unchecked: "default"),
                    requestDigest: "d", name: "check", version: 1, plan: plan, input: [:], actor: actor), false
            )
        ]
        for key in ["first", "second"] {
            let task = TaskID(unchecked: key)
            bodies.append(
                (
                    TaskDispatched(
                        workflowID: Self.id, taskID: task, attempt: 1, skillID: Self.skill, runnerDomain: Self.domain,
                        input: [:], idempotencyKey: "k", deadline: Timestamp(milliseconds: 9_000_000),
                        timeout: Seconds(milliseconds: 1000), lease: Seconds(milliseconds: 60_000),
                        context: TaskContext(workspace: Workspace(unchecked: "default"), actor: actor)), true
                ))
            bodies.append(
                (
                    TaskStarted(workflowID: Self.id, taskID: task, attempt: 1, executor: Self.executor, delivery: 0),
                    false
                ))
            bodies.append(
                (
                    TaskCompleted(
                        workflowID: Self.id, taskID: task, attempt: 1, executor: Self.executor, delivery: 0,
                        output: ["n": 1], artifacts: []), false
                ))
        }
        bodies.append((WorkflowCompleted(workflowID: Self.id, status: .succeeded, output: ["n": 1]), true))
        for (index, (body, isOurs)) in bodies.enumerated() {
            history.append(
                EventRow(
                    workflowID: Self.id.text, seq: index + 1, id: "e\(index + 1)", type: type(of: body).type.rawValue,
                    taskID: (body as? any TaskBody)?.taskID.text, attempt: body is any TaskBody ? 1 : nil,
                    causation: "e\(index + 1)", actor: "dispatcher", recordedAt: 1000 * Int64(index),
                    exchange: isOurs ? "task" : nil, routingKey: isOurs ? "key" : nil, body: try body.encoded()))
        }
        let state = try WorkflowState.rebuilt(id: Self.id, from: history.compactMap(RecordedEvent.init))
        let standing = try #require(state.snapshot?.standing)
        let row = WorkflowRow(
            id: Self.id.text, workspace: "default", requestID: "r", requestDigest: "d", name: "check", version: 1,
            status: standing.status.rawValue, seq: standing.revision, createdAt: 0,
            endedAt: standing.finishedAt?.milliseconds, plan: plan, input: [:], output: standing.output)
        let rows = state.taskSnapshots.map { task in
            TaskRow(
                workflowID: Self.id.text, taskID: task.id.text, key: task.id.text, position: 0, skill: Self.skill.text,
                domain: Self.domain.text, status: task.status.rawValue, attempt: task.attempt,
                executor: task.executor?.text,
                createdAt: 0, endedAt: task.finishedAt?.milliseconds, output: task.output)
        }
        stored = StoredWorkflow(row: row, tasks: rows, takenMessages: [])
    }

    func violations() -> [Invariant] { HistoryCheck(stored, history).violations.map(\.0) }
}

@Suite(.timeLimit(.minutes(1)))
struct `The doctor` {
    @Test func `finds nothing wrong with a workflow that went well`() throws {
        let sample = try Sample()
        #expect(HistoryCheck(sample.stored, sample.history).violations.map(\.1) == [])
    }

    @Test func `sees a gap in a history`() throws {
        var sample = try Sample()
        sample.history.remove(at: 3)
        #expect(sample.violations().contains(.historyIsWhole))
    }

    @Test func `sees rows that the history does not make`() throws {
        var sample = try Sample()
        sample.stored.tasks[0].output = ["n": 2]
        #expect(sample.violations() == [.historyIsWhole])
    }

    @Test func `sees a plan that is not the one that was asked for`() throws {
        var sample = try Sample()
        sample.stored.row.plan = .null
        #expect(sample.violations().contains(.historyIsWhole))
    }

    @Test func `sees a task that was dispatched before what it needs`() throws {
        var sample = try Sample()
        sample.stored.row.plan = try JSONReader.parse(
            Array(#"{"tasks": {"first": {"needs": ["second"]}, "second": {}}}"#.utf8))
        #expect(sample.violations().contains(.dispatchedInOrder))
    }

    @Test func `sees a task that was dispatched after the end`() throws {
        var sample = try Sample()
        var late = sample.history[1]
        (late.seq, late.attempt) = (sample.history.count + 1, 2)
        sample.history.append(late)
        sample.stored.row.seq += 1
        #expect(sample.violations().contains(.dispatchedInOrder))
    }

    @Test func `sees an attempt that was skipped`() throws {
        var sample = try Sample()
        sample.history[1].attempt = 2
        #expect(sample.violations().contains(.oneAttempt))
    }

    @Test func `sees a run that counts although its attempt is another's`() throws {
        /// Of the first task: a start, and then its end, at whom and by which delivery.
        func violations(_ starts: [(String, Int)], end: (String, Int)) throws -> [Invariant] {
            var sample = try Sample()
            let start = sample.history[2]
            sample.history[2...3] = []
            for (number, (executor, delivery)) in (starts + [end]).enumerated() {
                let (task, executor) = (TaskID(unchecked: "first"), ExecutorID(unchecked: executor))
                var row = start
                if number < starts.count {
                    row.body = try TaskStarted(
                        workflowID: Sample.id, taskID: task, attempt: 1, executor: executor, delivery: delivery
                    ).encoded()
                } else {
                    row.type = "task.completed"
                    row.body = try TaskCompleted(
                        workflowID: Sample.id, taskID: task, attempt: 1, executor: executor, delivery: delivery,
                        output: ["n": 1], artifacts: []
                    ).encoded()
                }
                sample.history.insert(row, at: 2 + number)
            }
            for index in sample.history.indices {
                (sample.history[index].seq, sample.history[index].id) = (index + 1, "e\(index + 1)")
            }
            sample.stored.row.seq = sample.history.count
            sample.stored.tasks[0].executor = end.0
            return sample.violations().filter { $0 == .oneAttempt }
        }
        #expect(try violations([("a", 0)], end: ("a", 0)) == [])
        #expect(try violations([("a", 0), ("b", 1)], end: ("b", 1)) == [])
        #expect(try violations([("a", 0)], end: ("b", 1)) == [])  // its start comes later
        #expect(try violations([("b", 1), ("a", 0)], end: ("a", 0)) == [.oneAttempt])
        #expect(try violations([("a", 0), ("b", 0)], end: ("b", 0)) == [.oneAttempt])
        #expect(try violations([("b", 1)], end: ("a", 0)) == [.oneAttempt])
        #expect(try violations([("b", 1)], end: ("a", 1)) == [.oneAttempt])
    }

    @Test func `sees an end that never came, and one that came twice`() throws {
        var sample = try Sample()
        let end = sample.history.removeLast()
        #expect(sample.violations().contains(.endsOnce))
        sample.history += [end, end]
        #expect(sample.violations().contains(.endsOnce))
    }

    @Test func `sees a workflow that nothing will ever move`() throws {
        var sample = try Sample()
        sample.history.removeLast()
        (sample.stored.row.status, sample.stored.row.endedAt, sample.stored.row.output) = ("running", nil, nil)
        sample.stored.row.seq -= 1
        #expect(sample.violations() == [.endsOnce])
    }
}
