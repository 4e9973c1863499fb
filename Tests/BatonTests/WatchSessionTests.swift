import Contracts
import JSON
import Postgres
import Store
import TestSupport
import Testing

@testable import Baton

/// Notes what it is told.
private final class Witness: WatchPresenter {
    var revisions: [Int] = []
    var remarks: [String] = []

    func revision(_ progress: WorkflowProgress, _ state: WatchState) { revisions.append(progress.revision) }
    func log(_ line: LogLine, task: String, attempt: Int, _ state: WatchState) {}
    func refresh(_ state: WatchState) {}
    func remark(_ text: String) { remarks.append(text) }
    func end(_ report: Report) {}
}

@Suite(.timeLimit(.minutes(1)))
struct `A watch` {
    private static let id = WorkflowID(unchecked: "wf-1")

    private func revision(_ number: Int, isLast: Bool = false) -> WorkflowProgress {
        let view: JSONValue = [
            "result": ["n": .number(JSONNumber(number))], "quality": [:], "conflicts": [:], "unmerged": [:],
        ]
        let patch: JSONValue = [["op": "replace", "path": "/result/n", "value": .number(JSONNumber(number))]]
        let score = Score(millionths: 0)
        return WorkflowProgress(
            workflowID: Self.id, revision: number, baseRevision: number - 1, pane: isLast ? .onTime : .early,
            status: isLast ? .succeeded : .running, coverage: score, confidence: score, conflict: score,
            conflictCount: 0,
            unmergedCount: 0, tasks: ProgressTasks(expected: 1, reported: 1, settled: 1, failed: 0),
            emittedAt: Timestamp(milliseconds: 0), patch: number == 1 || isLast ? nil : patch,
            snapshot: number == 1 || isLast ? view : nil)
    }

    private func message(_ progress: WorkflowProgress) throws -> WireMessage {
        let body = try progress.encoded()
        return Envelope(
            of: progress, id: .derived(from: "\(progress.revision)"), source: "/gatherer",
            time: Timestamp(milliseconds: 0)
        ).message(to: progress.route, body: body)
    }

    private func withWorkflow(status: String, kept: [WorkflowProgress], _ body: (Store) async throws -> Void)
        async throws
    {
        try await withStore { store in
            let database = store.database
            let (name, end) = (Self.id.text, status == "running" ? "NULL" : "now()")
            for statement in [
                """
                INSERT INTO baton.workflows (id, workspace, request_id, request_digest, name, version, status, seq, created_at,
                    ended_at, plan) VALUES ('\(name)', 'default', 'r', 'd', 'check', 1, '\(status)', 1, now(), \(end),
                    '{"tasks": {"first": {"skill": "payments.totals", "domain": "payments"}}}')
                """,
                "INSERT INTO baton.gatherings (workflow_id, definition, revision) VALUES ('\(name)', '{}', \(kept.count))",
            ] { try await database.execute(Statement("prepare", statement)) }
            for progress in kept {
                try await database.execute(
                    Statement(
                        "keep",
                        """
                        INSERT INTO baton.progress (workflow_id, revision, snapshot, event, id, exchange, routing_key)
                        VALUES ($1, $2, $3, $4, $5, 'workflow', 'key')
                        """),
                    [
                        .text(name), .int(progress.revision), .bool(progress.snapshot != nil),
                        .bytes(try progress.encoded()),
                        .text("\(progress.revision)"),
                    ])
            }
            try await body(store)
        }
    }

    private func watch(_ store: Store, _ heard: [Heard]) async throws -> (witness: Witness, state: WatchState) {
        let witness = Witness()
        var session = WatchSession(Self.id, store: store, objects: nil, presenter: witness, showsLogs: false)
        let (stream, speaker) = AsyncStream.makeStream(of: Heard.self)
        for sound in heard { speaker.yield(sound) }
        speaker.finish()
        return (witness, try await session.run(stream))
    }

    @Test func `fetches the revisions that the broker did not bring, and shows each once`() async throws {
        let all = (1...5).map { revision($0, isLast: $0 == 5) }
        try await withWorkflow(status: "succeeded", kept: Array(all.prefix(4))) { store in
            // What was kept is shown first; then come the old ones again, and the last.
            let heard = try [
                Heard.messages([message(all[1]), message(all[3])]), .messages([message(all[4]), message(all[4])]),
            ]
            let (witness, state) = try await watch(store, heard)
            #expect(witness.revisions == [1, 2, 3, 4, 5])
            #expect(state.isClosed && state.hasEnded)
            #expect(state.follower.view["result"]?["n"] == 5)
            #expect(witness.remarks == [])
        }
    }

    @Test func `of a workflow that has ended shows what was kept`() async throws {
        let all = (1...3).map { revision($0, isLast: $0 == 3) }
        try await withWorkflow(status: "failed", kept: all) { store in
            let (witness, state) = try await watch(store, [])
            #expect(witness.revisions == [1, 2, 3])
            #expect(state.status == "failed")
            #expect(state.ordered.map(\.id) == ["first"] && state.ordered[0].domain == "payments")
        }
    }

    @Test func `hears of other workflows without taking note`() async throws {
        try await withWorkflow(status: "running", kept: [revision(1)]) { store in
            var other = revision(2, isLast: true)
            other.workflowID = WorkflowID(unchecked: "wf-2")
            let (witness, _) = try await watch(store, [.messages([try message(other)])])
            #expect(witness.revisions == [1])
        }
    }

    @Test func `of no workflow says so`() async throws {
        try await withWorkflow(status: "running", kept: []) { store in
            var session = WatchSession(
                WorkflowID(unchecked: "wf-none"), store: store, objects: nil, presenter: Witness(), showsLogs: false)
            let (stream, speaker) = AsyncStream.makeStream(of: Heard.self)
            speaker.finish()
            do {
                _ = try await session.run(stream)
                Issue.record("it should have thrown")
            } catch let failure as CommandFailure {
                #expect(failure.status == ExitStatus.notFound)
            }
        }
    }
}
