import Contracts
import Engine
import Handover
import JSON
import Relay
import Store

/// A batch of messages on its way through a dispatcher: what was understood of it, and what came of it so far.
struct Batch {
    /// Something that is to be published once its workflow is written.
    private struct Due {
        let item: Received.ID
        let workflow: WorkflowID
        let message: Outgoing<WireMessage>
        /// It is in a history already, whatever becomes of the next commit.
        var isWritten = false
    }

    private(set) var messages: [(item: Received.ID, message: InboundMessage)] = []
    private(set) var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
    private(set) var executors: [ExecutorRow] = []
    /// Those that the messages speak of.
    private(set) var workflows: Set<WorkflowID> = []
    /// Those that were read for this batch: what they say of themselves is the newest.
    var fresh: Set<WorkflowID> = []
    /// Those whose rows somebody else has moved on, as a message shows: read anew.
    private(set) var reread: Set<WorkflowID> = []
    /// Messages that were taken before.
    private(set) var known: [(item: Received.ID, workflow: WorkflowID, message: MessageID)] = []
    /// What is to be written at the next commit.
    private(set) var touched: Set<WorkflowID> = []
    private(set) var events: [WorkflowID: [EventRow]] = [:]
    /// What people have done.
    private(set) var audits: [WorkflowID: [AuditRow]] = [:]
    /// Who waits for a slot, and the message that made it ask.
    private var slotRequests: [SlotAsking] = []
    private var due: [Due] = []
    private var again: Set<Received.ID> = []
    /// Messages that are in a history, or are to be with the next commit.
    private var recorded: Set<Received.ID> = []
    private let source: String

    init(_ received: [Received], source: String, now: Timestamp) {
        self.source = source
        for one in received {
            do throws(ContractViolation) {
                let message = try InboundMessage.decode(one.message)
                take(message, one.id, now: now)
            } catch {
                let reason = Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message)
                outcomes[one.id] = .deadLetter(reason)
            }
        }
    }

    private mutating func take(_ message: InboundMessage, _ item: Received.ID, now: Timestamp) {
        if case .executorHeartbeat(let body) = message.body {
            executors.append(ExecutorRow(body))
            outcomes[item] = .done([])
        } else if let workflow = message.body.message.workflow {
            workflows.insert(workflow)
            messages.append((item, message))
            outcomes[item] = .done([])
        } else {
            let what = message.envelope.type.rawValue
            outcomes[item] = .deadLetter(Reason(code: "unknown_type", message: "a dispatcher takes no `\(what)`"))
        }
    }

    /// The workflows that messages create which have not come before.
    var newcomers: Set<WorkflowID> {
        Set(
            messages.lazy.filter { $0.message.envelope.type == .workflowCreated && $0.message.wire.deliveryCount == 0 }
                .compactMap(\.message.body.message.workflow))
    }

    /// Of each workflow a message that is to be in its history with the next commit: its own orders may be caused by it.
    var carriers: [WorkflowID: (Received.ID, MessageID)] {
        var carriers: [WorkflowID: (Received.ID, MessageID)] = [:]
        for (item, message) in messages where recorded.contains(item) && !again.contains(item) {
            // An order that comes back is another cause than its own event.
            if case .done = outcomes[item], let id = message.body.message.workflow {
                carriers[id] = (item, Input(of: message).id)
            }
        }
        return carriers
    }

    /// A message that is in a history now, so that a copy of it is known: orders of other workflows may be caused by it
    /// too, and are then found again with its own events.
    var carrier: (Received.ID, MessageID)? {
        for (item, message) in messages where recorded.contains(item) && !again.contains(item) {
            if case .done = outcomes[item] { return (item, Input(of: message).id) }
        }
        return nil
    }

    /// The workflows that a task wants to add tasks to.
    var expanding: [WorkflowID] {
        messages.compactMap { _, message in
            guard case .taskCompleted(let body) = message.body, body.expansion != nil else { return nil }
            return body.workflowID
        }
    }

    // MARK: What comes of a message

    /// It is handed in again, after its workflow was read anew.
    mutating func handleAgain(_ item: Received.ID, _ workflow: WorkflowID) {
        reread.insert(workflow)
        again.insert(item)
    }

    mutating func refuse(_ item: Received.ID, _ message: InboundMessage, _ refusal: Refusal, now: Timestamp) {
        let problem = refusal.problem
        let answer = answer(message, problem, now: now)
        guard !refusal.isCourtesy else { return outcomes[item] = .done(answer) }
        outcomes[item] = .deadLetter(
            Reason(code: problem.code, pointer: problem.path, message: problem.message), telling: answer)
    }

    /// Tells a person who gave an address that the workflow has taken their word; said once it is written down, and again
    /// for a copy.
    mutating func acknowledge(
        _ item: Received.ID, _ message: InboundMessage, of workflow: WorkflowID, _ request: RequestID, now: Timestamp
    ) {
        let body = WorkflowAccepted(workflowID: workflow, requestID: request)
        for answer in answer(body, to: message, named: "accepted", now: now) {
            due.append(Due(item: item, workflow: workflow, message: answer))
        }
    }

    /// Tells the sender, if it gave an address.
    private func answer(_ message: InboundMessage, _ problem: Problem, now: Timestamp) -> [Outgoing<WireMessage>] {
        let body = WorkflowRejected(workflowID: message.body.message.workflow, problems: [problem])
        return answer(body, to: message, named: "refused", now: now)
    }

    private func answer(
        _ body: some MessageBody, to message: InboundMessage, named name: String, now: Timestamp
    ) -> [Outgoing<WireMessage>] {
        guard let route = message.envelope.replyTo.flatMap({ Route.reply(to: $0) }) else { return [] }
        let envelope = Envelope(
            of: body, id: .derived(from: message.envelope.id.text, name), source: source, time: now,
            causation: message.envelope.id, correlationID: message.wire.correlationID)
        guard let bytes = try? body.encoded() else { return [] }
        return [Outgoing(envelope.message(to: route, body: bytes), ifReturned: .drop)]
    }

    /// It was taken before: it is in a history.
    mutating func know(_ item: Received.ID, _ workflow: WorkflowID, _ message: MessageID) {
        known.append((item, workflow, message))
        recorded.insert(item)
    }

    mutating func add(_ new: [Event], to item: Received.ID, of workflow: WorkflowID, _ input: InboundMessage?) {
        guard !new.isEmpty else { return }
        touched.insert(workflow)
        if new.contains(where: \.isHistory) { recorded.insert(item) }
        for event in new {
            let body = event.isInput ? input?.dataBytes : nil
            guard let bytes = body ?? (try? event.body.message.encoded()) else { continue }
            if let row = EventRow(event, of: workflow, body: bytes) { events[workflow, default: []].append(row) }
            if let row = AuditRow(event, of: workflow) { audits[workflow, default: []].append(row) }
            if let message = event.message(of: workflow, body: bytes, source: source) {
                due.append(Due(item: item, workflow: workflow, message: message))
            }
        }
    }

    /// What was published before, once more.
    mutating func addAgain(_ rows: [EventRow], to item: Received.ID) {
        for row in rows {
            guard let message = row.message(source: source) else { continue }
            let workflow = WorkflowID(unchecked: row.workflowID)
            due.append(Due(item: item, workflow: workflow, message: message, isWritten: true))
        }
    }

    mutating func ask(_ slot: SlotRequest, _ item: Received.ID, _ workflow: WorkflowID, _ message: MessageID) {
        slotRequests.append(SlotAsking(item: item, workflow: workflow, message: message, request: slot))
    }

    /// Those whose messages are not to be handled again.
    mutating func takeSlotRequests() -> [SlotAsking] {
        defer { slotRequests = [] }
        return slotRequests.filter { outcomes[$0.item] != nil }
    }

    // MARK: Commits

    /// What follows is for a commit of its own.
    mutating func begin() {
        touched = []
        events = [:]
        audits = [:]
    }

    /// The commit is done, but for what somebody else has moved on.
    mutating func close(lost: Set<WorkflowID>) {
        for (item, message) in messages where message.body.message.workflow.map(lost.contains) == true {
            again.insert(item)
        }
        for one in due where (one.isWritten || !lost.contains(one.workflow)) && !again.contains(one.item) {
            guard case .done(var messages) = outcomes[one.item] else { continue }
            outcomes[one.item] = nil  // one owner, so that nothing is copied: a message may have led to hundreds
            messages.append(one.message)
            outcomes[one.item] = .done(messages)
        }
        due = []
        for item in again { outcomes[item] = nil }
        begin()
    }
}

/// A workflow waits for a slot.
struct SlotAsking {
    let item: Received.ID
    let workflow: WorkflowID
    let message: MessageID
    let request: SlotRequest
}

extension InboundMessage {
    /// The data as it came; `nil` when it came inside a structured event.
    fileprivate var dataBytes: [UInt8]? {
        wire.contentType?.hasPrefix("application/cloudevents") == true ? nil : wire.body
    }
}
