import JSON
import Logging
import ServiceLifecycle
import Store

/// Keeps one Slack message for each workflow and channel up to date: posted once, then edited as revisions come, the
/// newest only. What is due lies in the database, so it outlives this process.
actor SlackSender: Service {
    /// A message is edited at most so often.
    private static let editEvery = Duration.seconds(3)

    private let store: Store
    private let slack: SlackClient
    private let logger: Logger
    private let editEvery: Duration
    private var pace = SlackPace()
    private let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(store: Store, slack: SlackClient, editEvery: Duration = editEvery, logger: Logger) {
        self.store = store
        self.slack = slack
        self.editEvery = editEvery
        self.logger = logger
    }

    /// Something is due.
    nonisolated func wake() { request.yield() }

    nonisolated func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                // Now and then of its own accord, for what an owner that died has left. One loop alone waits for the
                // requests: a stream ends for good when somebody who waits for it is cancelled.
                group.addTask { await self.wakeNowAndThen() }
                for await _ in self.requests {
                    while !Task.isCancelled, await !self.sendDue() {}
                }
                group.cancelAll()
            }
        }
    }

    private nonisolated func wakeNowAndThen() async {
        repeat { wake() } while (try? await Task.sleep(for: .seconds(1))) != nil
    }

    /// - Returns: whether nothing was due.
    private func sendDue() async -> Bool {
        let due: [NotificationRow]
        do {
            due = try await store.dueNotifications(limit: 50)
        } catch {
            logger.info("The database does not say what is due", metadata: ["error": "\(error)"])
            return true
        }
        for row in await urgentFirst(due) { await send(row.row, row.report) }
        return due.isEmpty
    }

    /// Endings first, then new conflicts and decisions that are waited for, then the longest due.
    private func urgentFirst(_ due: [NotificationRow]) async -> [(row: NotificationRow, report: WorkflowReport?)] {
        var found: [(row: NotificationRow, report: WorkflowReport?)] = []
        for row in due { found.append((row, try? await WorkflowReport(row.workflowID, store))) }
        func urgency(_ entry: (row: NotificationRow, report: WorkflowReport?)) -> Int {
            guard let report = entry.report else { return 2 }
            if report.isEnded && !entry.row.ended { return 0 }
            let hasNewConflict = entry.row.state?["conflict"] == nil && SlackMessage.firstConflict(report) != nil
            let isAsked = !report.approvals.isEmpty && entry.row.state?["standing"]?.string != report.standing
            return hasNewConflict || isAsked ? 1 : 2
        }
        return found.enumerated().sorted { (urgency($0.element), $0.offset) < (urgency($1.element), $1.offset) }
            .map(\.element)
    }

    private func send(_ row: NotificationRow, _ report: WorkflowReport?) async {
        guard let report else { return await finish(row, sent: nil) }
        do throws(SlackError) {
            try await finish(deliver(report, row), sent: report)
        } catch {
            await putOff(row, error)
        }
    }

    /// Posts or edits the message, and says below it what an edit would not be noticed for.
    private func deliver(_ report: WorkflowReport, _ row: NotificationRow) async throws(SlackError) -> NotificationRow {
        var row = row
        var state = row.state?.object ?? JSONObject()
        let message = SlackMessage(report)
        if let address = SlackAddress(row.address) {
            if report.revision > row.revision || state["standing"]?.string != report.standing {
                try await turn { slack throws(SlackError) in try await slack.update(message, at: address) }
            }
        } else {
            let channel = row.channel
            let address = try await turn { slack throws(SlackError) in try await slack.post(message, to: channel) }
            row.address = address.json
            // At once: a second post could not be taken back.
            try? await store.save([row])
        }
        state["standing"] = .string(report.standing)
        if let address = SlackAddress(row.address) {
            let asked = Set(state["asked"]?.array?.compactMap(\.string) ?? [])
            for approval in report.approvals where !asked.contains("\(approval.taskID)/\(approval.attempt)") {
                let text = SlackMessage.question(approval)
                try await turn { slack throws(SlackError) in try await slack.reply(text, to: address) }
            }
            state["asked"] = .array(report.approvals.map { .string("\($0.taskID)/\($0.attempt)") })
            if state["conflict"] == nil, let text = SlackMessage.firstConflict(report) {
                try await turn { slack throws(SlackError) in try await slack.reply(text, to: address) }
                state["conflict"] = true
            }
            if report.isEnded && !row.ended {
                let text = SlackMessage.end(report)
                try await turn { slack throws(SlackError) in try await slack.reply(text, to: address) }
                row.ended = true
            }
        }
        row.state = .object(state)
        return row
    }

    private func turn<Value: Sendable>(
        _ body: (SlackClient) async throws(SlackError) -> Value
    ) async throws(SlackError) -> Value {
        let wait = pace.wait(now: .now)
        if wait > .zero { try? await Task.sleep(for: wait) }  // Slack's own limit
        pace.called(at: .now)
        return try await body(slack)
    }

    private func finish(_ row: NotificationRow, sent report: WorkflowReport?) async {
        var row = row
        row.attempts = 0
        row.error = nil
        row.dueAt = nil
        if let report { row.revision = max(row.revision, report.revision) }
        await save(row)
        // Whatever was asked for before this was written down is in the tables by now; what comes later asks anew.
        guard report != nil, let newest = try? await WorkflowReport(row.workflowID, store),
            newest.revision > row.revision || row.state?["standing"]?.string != newest.standing
        else { return }
        row.dueAt = await later(editEvery) ?? 0
        await save(row)
    }

    private func putOff(_ row: NotificationRow, _ error: SlackError) async {
        var row = row
        var pause = min(Duration.seconds(300), .seconds(2) * (1 << min(row.attempts, 8)))
        switch error {
        case .limited(let span):
            pause = span
            pace.pause(until: .now + span)
        case .refused(let word): row.error = word
        case .unavailable(let detail): row.error = detail
        }
        logger.warning(
            "Slack did not take a message",
            metadata: ["workflow": "\(row.workflowID)", "channel": "\(row.channel)", "error": "\(error)"])
        // Without the database's clock it stays due when its turn here ends.
        row.dueAt = await later(pause) ?? row.dueAt
        await save(row)
    }

    private func later(_ span: Duration) async -> Int64? {
        guard let now = try? await store.clock() else { return nil }
        let (seconds, attoseconds) = span.components
        return now + seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private func save(_ row: NotificationRow) async {
        do {
            try await store.save([row])
        } catch {
            logger.warning("What was sent could not be written down", metadata: ["error": "\(error)"])
        }
    }
}
