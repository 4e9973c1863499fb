import Contracts
import Handover
import JSON
import Postgres
import Relay
import Store

/// Takes what people should know: prints it, and writes down which Slack messages are due.
struct Announcer: MessageHandler {
    let store: Store
    /// `nil`: the console alone.
    let sender: SlackSender?
    /// For workflows that name no channel of their own.
    let standardChannel: String?
    let print: @Sendable (String) -> Void

    func handle(_ batch: [Received]) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        var lines: [String] = []
        var workflows: [String] = []
        for received in batch {
            do throws(ContractViolation) {
                let message = try InboundMessage.decode(received.message, validating: false)
                if let line = line(message.body) { lines.append(line) }
                if let workflow = message.body.message.workflow?.text, !workflows.contains(workflow) {
                    workflows.append(workflow)
                }
                outcomes[received.id] = .done([])
            } catch {
                outcomes[received.id] = .deadLetter(
                    Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message))
            }
        }
        if let sender { try await request(workflows, sender) }
        for line in lines { print(line) }
        return outcomes
    }

    private func request(_ workflows: [String], _ sender: SlackSender) async throws(HandlingFailure) {
        do {
            let found = try await store.notify(of: workflows)
            let wanted = workflows.compactMap { id in
                (found[id]?.notify?["slack"]?.string ?? standardChannel).map { (workflowID: id, channel: $0) }
            }
            try await store.requestNotifications(wanted)
            if !wanted.isEmpty { sender.wake() }
        } catch let error as PostgresError where !error.isOutage && !error.isRetriable {
            throw .refused(Reason(code: "not_written", message: error.description))
        } catch {
            throw .unavailable
        }
    }

    private func line(_ body: Body) -> String? {
        switch body {
        case .workflowProgress(let progress): Wording.line(progress)
        case .workflowCompleted(let end):
            "\(end.workflowID) has \(end.status.rawValue)\(end.error.map { ": \($0.message)" } ?? "")"
        case .workflowGatherError(let error): "\(error.workflowID) could not merge all: \(error.taskID) \(error.reason)"
        case .approvalRequested(let asked):
            "\(asked.workflowID) waits for a decision: baton approve \(asked.workflowID) \(asked.taskID)"
        case .workflowPaused(let paused): "\(paused.workflowID) is paused\(paused.reason.map { ": \($0)" } ?? "")"
        case .workflowResumed(let resumed): "\(resumed.workflowID) goes on"
        default: nil
        }
    }
}
