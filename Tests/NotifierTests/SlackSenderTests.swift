import Contracts
import JSON
import Logging
import Postgres
import ServiceLifecycle
import Store
import TestSupport
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(3)), .serialized)
struct `A workflow in Slack` {
    /// A sender at work on its own database and Slack.
    private func withSender(
        channel: String, _ body: @escaping (Store, FakeSlack, SlackSender) async throws -> Void
    ) async throws {
        try await FakeSlack.run { slack in
            try await withStore { store in
                let client = SlackClient(SlackSettings(baseURL: slack.baseURL, token: "xoxb-test"))
                let sender = SlackSender(
                    store: store, slack: client, editEvery: .milliseconds(10), logger: Logger(label: "test"))
                try await store.begin(channel: channel)
                let group = ServiceGroup(services: [sender], logger: Logger(label: "test"))
                async let running: Void = group.run()
                do {
                    try await body(store, slack, sender)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
                try await running
            }
        }
    }

    @Test func `is posted once, edited as revisions come and ended in its thread`() async throws {
        try await withSender(channel: "#deploys") { store, slack, sender in
            try await store.add(revision: 1, conflict: false)
            try await store.ask(channel: "#deploys")
            sender.wake()
            _ = try await slack.calls(1)
            try await store.add(revision: 2, conflict: true)
            try await store.ask(channel: "#deploys")
            sender.wake()
            _ = try await slack.calls(3)
            try await store.end(revision: 3)
            try await store.ask(channel: "#deploys")
            sender.wake()
            let all = try await slack.calls(5)
            #expect(all.allSatisfy { $0.answer["ok"]?.bool == true })
            let made = all.map { call in
                call.method + (call.arguments["thread_ts"]?.string == nil ? "" : " in its thread")
            }
            #expect(
                made == [
                    "chat.postMessage", "chat.update", "chat.postMessage in its thread", "chat.update",
                    "chat.postMessage in its thread",
                ])
            #expect(all[0].arguments["channel"]?.string == "#deploys")
            let replies = all.compactMap { $0.arguments["thread_ts"] != nil ? $0.arguments["text"]?.string : nil }
            #expect(replies.count == 2)
            #expect(replies[0].contains("active 0.840 (data-read, payments)"))
            #expect(replies[1].contains("has succeeded"))
            #expect(
                all.filter { $0.method == "chat.update" }.allSatisfy { $0.arguments["channel"]?.string == "CDEPLOYS" })
        }
    }

    @Test func `asks for a decision once in its thread, and shows how to make it until it is made`() async throws {
        try await withSender(channel: "#asked") { store, slack, sender in
            try await store.add(revision: 1, conflict: false)
            try await store.ask(channel: "#asked")
            sender.wake()
            _ = try await slack.calls(1)
            try await store.requestApproval()
            try await store.ask(channel: "#asked")
            sender.wake()
            var all = try await slack.calls(3)
            #expect(all.map(\.method) == ["chat.postMessage", "chat.update", "chat.postMessage"])
            #expect(all[1].arguments["blocks"]?.text.contains("baton approve wf-1 preview --role deployer") == true)
            #expect(all[2].arguments["thread_ts"] != nil)
            #expect(all[2].arguments["text"]?.string?.contains("waits for deployer") == true)
            try await store.decide()
            try await store.ask(channel: "#asked")
            sender.wake()
            all = try await slack.calls(4)
            #expect(all[3].method == "chat.update")
            #expect(all[3].arguments["blocks"]?.text.contains("baton approve") == false)
        }
    }

    @Test func `waits as long as Slack asks and then goes on`() async throws {
        try await withSender(channel: "#limited") { store, slack, sender in
            try await store.add(revision: 1, conflict: false)
            try await store.ask(channel: "#limited")
            sender.wake()
            _ = try await slack.calls(1)
            try await store.add(revision: 2, conflict: false)
            try await store.ask(channel: "#limited")
            sender.wake()
            let all = try await slack.calls(3)
            #expect(all.map(\.isLimited) == [false, true, false])
        }
    }

    @Test func `asks the database about once a second while nothing is to be said`() async throws {
        try await withSender(channel: "#deploys") { store, _, _ in
            let before = try await store.transactions()
            // What does not happen cannot be waited for.
            try await Task.sleep(for: .seconds(4))
            #expect(try await store.transactions() - before < 40)
        }
    }

    @Test func `keeps what Slack said when it is refused`() async throws {
        try await withSender(channel: "#gone") { store, slack, sender in
            try await store.add(revision: 1, conflict: false)
            try await store.ask(channel: "#gone")
            sender.wake()
            _ = try await slack.calls(1)
            // The next call comes only after the refusal was written down.
            sender.wake()
            _ = try await slack.calls(2)
            #expect(try await store.notifications(["wf-1"]).first?.error == "channel_not_found")
        }
    }
}

extension Store {
    fileprivate func begin(channel: String) async throws {
        _ = try await commit(
            .init(
                workflows: [
                    WorkflowRow(
                        id: "wf-1", workspace: "default", requestID: "r", requestDigest: "d", name: "deploy",
                        status: "running", seq: 1, createdAt: 1_767_603_600_000,
                        plan: ["tasks": ["a": ["domain": "payments"], "b": ["domain": "data-read"]]],
                        input: [:], actor: ["id": "ada"], notify: ["slack": .string(channel)])
                ]))
        try await database.execute(
            Statement("t1", "INSERT INTO baton.gatherings (workflow_id, definition) VALUES ('wf-1', '{}')"))
    }

    /// So many has its database seen.
    fileprivate func transactions() async throws -> Int {
        let statement = Statement("t4", "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return try await database.query(statement).first?["xact_commit"] ?? 0
    }

    fileprivate func requestApproval() async throws {
        try await database.execute(
            Statement(
                "t6",
                """
                INSERT INTO baton.approvals (workflow_id, task_id, attempt, asked, asked_at)
                VALUES ('wf-1', 'preview', 1, '{"by": ["deployer"], "title": "the plan"}', now())
                """))
    }

    fileprivate func decide() async throws {
        try await database.execute(
            Statement(
                "t7",
                """
                UPDATE baton.approvals
                SET decision = 'continue', decided_by = 'ada', decided_at = now(), closed_at = now()
                """))
    }

    fileprivate func ask(channel: String) async throws { try await requestNotifications([("wf-1", channel)]) }

    fileprivate func end(revision: Int) async throws {
        try await database.execute(
            Statement(
                "t2",
                "UPDATE baton.workflows SET status = 'succeeded', ended_at = now(), wake_at = NULL WHERE id = 'wf-1'"))
        try await add(revision: revision, conflict: true, status: .succeeded)
    }

    fileprivate func add(revision: Int, conflict: Bool, status: ProgressStatus = .running) async throws {
        let conflicts: JSONValue =
            conflict
            ? [
                "/status": [
                    "kind": "value", "score": 0.78,
                    "candidates": [
                        ["value": "active", "confidence": 0.84, "domains": ["data-read", "payments"]],
                        ["value": "closed", "confidence": 0.13, "domains": ["profile-integrity"]],
                    ],
                ]
            ] : [:]
        let progress = WorkflowProgress(
            workflowID: WorkflowID("wf-1")!, revision: revision, baseRevision: revision - 1, pane: .early,
            status: status, coverage: Score(millionths: 500_000), confidence: Score(millionths: 840_000),
            conflict: Score(millionths: 780_000), conflictCount: conflict ? 1 : 0, unmergedCount: 0,
            tasks: ProgressTasks(expected: 2, reported: 1, settled: 1, failed: 0),
            emittedAt: Timestamp(milliseconds: 0),
            snapshot: ["result": ["status": "active"], "quality": [:], "conflicts": conflicts, "unmerged": [:]])
        try await database.execute(
            Statement(
                "t3",
                """
                INSERT INTO baton.progress (workflow_id, revision, snapshot, event, id, exchange, routing_key)
                VALUES ('wf-1', $1, true, $2, $3, 'workflow', 'workflow.progress.early.running')
                """), [.int(revision), .bytes(try progress.encoded()), .text("p\(revision)")])
    }
}
