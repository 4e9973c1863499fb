import Contracts
import JSON
import Testing

@testable import Baton

@Suite(.timeLimit(.minutes(1)))
struct `What a watcher knows of tasks` {
    private static let id = WorkflowID(unchecked: "wf-1")
    private static let task = TaskID(unchecked: "t")
    private static let skill = SkillID(unchecked: "payments.totals")
    private static let domain = DomainName(unchecked: "payments")
    private static let executor = ExecutorID(unchecked: "payments-1")

    private func message(_ body: some MessageBody) throws -> InboundMessage {
        let type = type(of: body).type
        let time = Timestamp(milliseconds: 1000)
        let wire = Envelope(of: body, id: .random(at: time), source: "/test", time: time)
            .message(to: .task(type, domain: Self.domain, skill: Self.skill), body: try body.encoded())
        return try InboundMessage.decode(wire, validating: false)
    }

    private func story() throws -> [InboundMessage] {
        let error = TaskError(code: "timed_out", message: "a lock was held")
        return [
            try message(
                TaskStarted(workflowID: Self.id, taskID: Self.task, attempt: 1, executor: Self.executor, delivery: 0)),
            try message(TaskFailed(workflowID: Self.id, taskID: Self.task, attempt: 1, error: error)),
            try message(
                TaskRetrying(
                    workflowID: Self.id, taskID: Self.task, attempt: 1, dueAt: Timestamp(milliseconds: 2000),
                    error: error)),
            try message(
                TaskStarted(workflowID: Self.id, taskID: Self.task, attempt: 2, executor: Self.executor, delivery: 0)),
            try message(
                TaskCompleted(workflowID: Self.id, taskID: Self.task, attempt: 2, output: [:], artifacts: [])),
        ]
    }

    @Test func `follows a task through a retry`() throws {
        var state = WatchState(id: Self.id)
        var statuses: [String] = []
        for message in try story() {
            _ = state.take(message)
            statuses.append(state.tasks["t"]?.status ?? "")
        }
        #expect(statuses == ["running", "failed", "retry_wait", "running", "succeeded"])
        #expect(state.tasks["t"]?.attempt == 2)
        #expect(state.tasks["t"]?.domain == "payments")
    }

    @Test func `ends the same in whatever order and however often it is told`() throws {
        var generator = SeededGenerator(seed: 7)
        let story = try story()
        for _ in 0..<100 {
            var state = WatchState(id: Self.id)
            for message in (story + story).shuffled(using: &generator) { _ = state.take(message) }
            #expect(state.tasks["t"]?.status == "succeeded")
            #expect(state.tasks["t"]?.attempt == 2)
        }
    }

    @Test func `tells whether anything has changed`() throws {
        var state = WatchState(id: Self.id)
        let first = try story()[0]
        let changes = [state.take(first), state.take(first)]
        #expect(changes == [true, false])
    }
}
