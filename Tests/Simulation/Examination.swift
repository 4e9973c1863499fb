import AMQP
import Contracts
import Invariants
import JSON
import Store

/// Looks at what a run has left for what must never be: the engine's seven invariants.
final class Examination: @unchecked Sendable {  // one logical thread
    private let world: World
    private let client: SimulatedClient
    /// Artifacts that the broker has taken.
    private var artifacts: Set<[String]> = []
    private var rejected: Set<String> = []
    private var refusals: [Violation] = []
    private var seen: Set<String> = []
    /// Of each message the workflow that it speaks of.
    private var subjects: [String: String] = [:]
    /// How often each task was woken.
    private var wakes: [String: Int] = [:]

    init(_ world: World, _ client: SimulatedClient) {
        self.world = world
        self.client = client
        world.broker.onPublished = { [unowned self] in take($0, wasTaken: $1) }
    }

    private func take(_ message: Message, wasTaken: Bool) {
        let type = message.properties.type
        if let id = message.properties.messageID { subjects[id] = message.properties.correlationID }
        if type == "task.wake", let subject = message.properties.headers["ce-subject"]?.string {
            wakes[subject, default: 0] += 1
        }
        guard type == "artifact.created" || type == "workflow.rejected",
            let data = try? JSONReader.parse(message.body, limits: .default)
        else { return }
        if type == "workflow.rejected" {
            if let id = data["workflow_id"]?.string { rejected.insert(id) }
            for problem in data["problems"]?.array ?? [] {
                guard data["request_id"] != nil, let code = problem["code"]?.string, code != "request_id_reused",
                    message.properties.messageID.map({ seen.insert($0).inserted }) ?? true
                else { continue }
                refusals.append(
                    Violation(
                        invariant: 1,
                        text:
                            "a plan is refused: \(code) at \(problem["path"]?.string ?? ""): \(problem["message"]?.string ?? "")"
                    ))
            }
        } else if wasTaken {
            artifacts.insert(
                ["workflow_id", "task_id", "name"].map { data[$0]?.string ?? "" }
                    + ["attempt", "seq"].map { String(data[$0]?.int ?? 0) })
        }
    }

    /// Whether nothing is left to do.
    var isQuiet: Bool {
        let database = world.database
        guard client.isDone, database.workflows.values.allSatisfy({ $0.endedAt != nil }) else { return false }
        for request in client.requests where request.isAccepted && database.workflows[request.workflow.text] == nil {
            if !rejected.contains(request.workflow.text) { return false }
        }
        for row in database.gatherings.values where row.dirtySince != nil || row.closeAt != nil { return false }
        for rows in database.progress.values where rows.contains(where: { $0.confirmedAt == nil }) { return false }
        for (name, queue) in world.broker.queues where !Self.unread.contains(name) {
            if !queue.ready.isEmpty { return false }
        }
        return world.broker.channels.values.allSatisfy { !$0.isOpen || $0.unacked.isEmpty }
    }

    /// Queues whose readers are no part of this.
    static let unread: Set = [QueueName.notifier, QueueName.logs, QueueName.deadLetter, SimulatedClient.replies]

    func violations(isQuiet: Bool) async -> [Violation] {
        var found = world.violations + refusals
        if !isQuiet { found += unrest() }
        for request in client.requests where request.isAccepted {
            let id = request.workflow.text
            if world.database.workflows[id] == nil, !rejected.contains(id) {
                found.append(
                    Violation(invariant: 1, text: "\(world.short(id)) was accepted, and there is no such workflow"))
            }
        }
        for (id, stored) in world.database.load(Array(world.database.workflows.keys)).workflows.sorted(by: {
            $0.key < $1.key
        }) {
            let check = HistoryCheck(stored, world.database.events[id] ?? [])
            found += check.violations.map { Violation(invariant: $0.rawValue, text: readable($1)) }
            found += untold(stored, check.history)
            found += uncaused(stored, check.history)
            found += people(stored, check.history)
            found += await merge(id, stored)
        }
        found += world.database.strayWakeups().map { Violation(invariant: 7, text: readable($0)) }
        found += restless()
        found += deadLetters()
        return found
    }

    private func readable(_ text: String) -> String {
        var text = text
        for request in client.requests {
            text = text.replacing(request.workflow.text, with: world.short(request.workflow.text))
        }
        return text
    }

    // MARK: 1: everything comes to its end

    private func unrest() -> [Violation] {
        var found: [Violation] = []
        for row in world.database.workflows.values.sorted(by: { $0.id < $1.id }) where row.endedAt == nil {
            let open = world.database.taskRows(row.id).filter { $0.endedAt == nil }
                .map { "\($0.taskID) \($0.status)#\($0.attempt)" }.joined(separator: ", ")
            found.append(
                Violation(invariant: 1, text: "\(world.short(row.id)) is \(row.status) and never ends: \(open)"))
        }
        for row in world.database.gatherings.values.sorted(by: { $0.workflowID < $1.workflowID }) {
            let name = world.short(row.workflowID)
            if row.dirtySince != nil { found.append(Violation(invariant: 6, text: "\(name) stays dirty")) }
            if row.closeAt != nil { found.append(Violation(invariant: 6, text: "\(name) never closes")) }
            if world.database.progress[row.workflowID]?.contains(where: { $0.confirmedAt == nil }) == true {
                found.append(Violation(invariant: 6, text: "a revision of \(name) is never confirmed"))
            }
        }
        for name in world.broker.queues.keys.sorted() where !Self.unread.contains(name) {
            let depth = world.broker.depth(name)
            if depth > 0 { found.append(Violation(invariant: 1, text: "\(depth) messages stay in \(name)")) }
        }
        return found.isEmpty ? [Violation(invariant: 1, text: "it never comes to rest")] : found
    }

    // MARK: People

    /// Each of their words has one row in the audit, and nobody is asked any more of what has ended.
    private func people(_ stored: StoredWorkflow, _ history: [EventRow]) -> [Violation] {
        let (id, name) = (stored.row.id, world.short(stored.row.id))
        var found: [Violation] = []
        let words = history.filter {
            $0.exchange == nil
                && ($0.type.hasPrefix("control.") || ["approval.decided", "signal.received"].contains($0.type))
        }
        let rows = (world.database.audits[id] ?? []).map(\.action)
        if words.map(\.type) != rows {
            found.append(
                Violation(invariant: 4, text: "\(name): people said \(words.map(\.type)), and the audit has \(rows)"))
        }
        let waiting = Set(
            stored.tasks.filter { $0.status == "awaiting_approval" }.map { "\($0.taskID)#\($0.attempt)" })
        let open = Set((world.database.approvals[id] ?? [:]).filter { $0.value.closedAt == nil }.keys)
        if open != waiting {
            found.append(
                Violation(
                    invariant: 4,
                    text: "\(name): people are asked about \(open.sorted()), and \(waiting.sorted()) waits for them"))
        }
        return found
    }

    // MARK: 5: the broker was told

    private func untold(_ stored: StoredWorkflow, _ history: [EventRow]) -> [Violation] {
        history.compactMap { event in
            guard event.exchange != nil else { return nil }
            let known = event.isMandatory ? world.broker.told : world.broker.offered
            if known.contains(event.id) || isOvertaken(event, history) { return nil }
            let what = "\(event.type) \(world.short(event.workflowID))/\(event.taskID ?? "") (event \(event.seq))"
            return Violation(invariant: 5, text: "the broker was never told \(what)")
        }
    }

    /// What caused an order has to be in the history of the workflow that it speaks of: a copy of it is known there, so that
    /// an order which was not published after its commit is found and said again.
    private func uncaused(_ stored: StoredWorkflow, _ history: [EventRow]) -> [Violation] {
        history.compactMap { event in
            guard event.type == "task.dispatched", let cause = event.causation, let home = subjects[cause],
                home != event.workflowID
            else { return nil }
            let isKnown = world.database.events[home]?.contains { $0.id == cause || $0.causation == cause } ?? false
            if isKnown { return nil }
            let what = "\(world.short(event.workflowID))/\(event.taskID ?? "") (event \(event.seq))"
            return Violation(
                invariant: 5, text: "the order \(what) is caused by a message that \(world.short(home)) does not hold")
        }
    }

    /// An order that nobody wants any more when it would be sent: its attempt was cancelled, or its time to start was over.
    private func isOvertaken(_ order: EventRow, _ history: [EventRow]) -> Bool {
        guard order.type == "task.dispatched" else { return false }
        let end = history.first {
            $0.seq > order.seq && $0.taskID == order.taskID
                && ["task.cancelled", "task.failed", "task.completed", "task.skipped", "task.reset"].contains($0.type)
                && !$0.isStale
        }
        guard let end else { return false }
        if ["task.cancelled", "task.skipped", "task.reset"].contains(end.type) { return true }
        let body = try? JSONReader.parse(end.body, limits: .default)
        return ["not_started", "cancelled"].contains(body?["error"]?["code"]?.string ?? "")
    }

    // MARK: 6: the merge

    private func merge(_ id: String, _ stored: StoredWorkflow) async -> [Violation] {
        let name = world.short(id)
        var found: [Violation] = []
        func report(_ text: String) { found.append(Violation(invariant: 6, text: "\(name): \(text)")) }
        let kept = Set(
            (world.database.artifacts[id] ?? []).map {
                [$0.workflowID, $0.taskID, $0.name, String($0.attempt), String($0.seq)]
            })
        for lost in artifacts.filter({ $0[0] == id }).subtracting(kept).sorted(by: { $0.description < $1.description })
        {
            report("the artifact \(lost.dropFirst().joined(separator: " ")) was published, and nobody has it")
        }
        guard let gathering = world.database.stored([id]).gatherings[id] else {
            if stored.row.endedAt != nil { report("it has ended, and nobody has gathered it") }
            return found
        }
        let revisions = world.database.progress[id] ?? []
        if revisions.map(\.revision) != Array(1..<revisions.count + 1) {
            report("its revisions are \(revisions.map(\.revision))")
        }
        for row in revisions where !world.broker.told.contains(row.id) {
            report("revision \(row.revision) was never told")
        }
        let closing = revisions.filter { $0.routingKey.hasPrefix("workflow.progress.on_time.") }.count
        if stored.row.endedAt != nil, closing != 1 { report("it has \(closing) revisions on time") }
        if stored.row.endedAt != nil, gathering.row.status != stored.row.status {
            report("it is \(stored.row.status), and gathered as \(gathering.row.status)")
        }
        let check = MergeCheck(
            stored: gathering, revisions: world.database.progress(of: id, after: nil), objects: world.objects)
        switch try? await check.verdict() {
        case .equal?: break
        case .notComparable(let why)?: report("its result cannot be compared: \(why)")
        case .different(let text)?: report(text)
        case nil: report("its result cannot be read")
        }
        return found
    }

    // MARK: 7: nobody is woken for nothing

    /// A sweep wakes once in 30 s what does not move; more than that is a loop.
    private func restless() -> [Violation] {
        wakes.filter { $0.value > 150 }.sorted { $0.key < $1.key }.map { subject, count in
            Violation(invariant: 7, text: readable("\(subject) was woken \(count) times"))
        }
    }

    // MARK: What was given up on

    /// Only what people said too early or wrongly, and orders that killed their executors.
    private func deadLetters() -> [Violation] {
        world.broker.drain(QueueName.deadLetter).compactMap { message in
            let type = message.properties.type ?? ""
            let reason = message.properties.headers["x-baton-reason"]?.string ?? "delivery limit"
            let isPeoples =
                type.hasPrefix("control.") || type.hasPrefix("signal.") || type.hasPrefix("approval.decided")
            if type.isEmpty || isPeoples || type == "task.dispatched" && reason == "delivery limit" { return nil }
            return Violation(invariant: 5, text: "a \(type) was given up on: \(reason)")
        }
    }
}
