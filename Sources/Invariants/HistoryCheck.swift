import Contracts
package import Engine
import JSON
package import Store

/// The invariants that one workflow's rows and history show: pure.
package struct HistoryCheck {
    private static let ended: Set = ["succeeded", "failed", "cancelled"]

    let stored: StoredWorkflow
    /// Up to the row's `seq`, in order.
    package let history: [EventRow]
    package private(set) var violations: [(Invariant, String)] = []

    package init(_ stored: StoredWorkflow, _ history: [EventRow]) {
        self.stored = stored
        self.history = history.filter { $0.seq <= stored.row.seq }
        checkEnd()
        checkOrders()
        checkRuns()
        checkRows()
    }

    private mutating func report(_ invariant: Invariant, _ text: String) {
        violations.append((invariant, "\(stored.row.id): \(text)"))
    }

    // MARK: 1

    private mutating func checkEnd() {
        let ends = history.filter { $0.type == MessageType.workflowCompleted.rawValue }.count
        let reopened = history.filter { $0.type == MessageType.workflowReopened.rawValue }.count
        let hasEnded = Self.ended.contains(stored.row.status)
        if hasEnded, ends == 0 { report(.endsOnce, "it has \(stored.row.status), but its history does not say so") }
        if !hasEnded, ends > reopened { report(.endsOnce, "its history has its end, but it is \(stored.row.status)") }
        if ends > reopened + 1 { report(.endsOnce, "it has ended \(ends) times") }
        guard !hasEnded else { return }
        let moving = stored.tasks.filter {
            ["dispatched", "running", "retry_wait", "awaiting_approval"].contains($0.status)
        }
        let isWaiting = stored.row.wakeAt != nil || stored.row.status == "paused" || stored.row.concurrencyKey != nil
        if moving.isEmpty, !isWaiting { report(.endsOnce, "it is \(stored.row.status), and nothing will ever move it") }
        for task in moving where task.wakeAt == nil && task.items == nil {
            report(.endsOnce, "\(task.taskID) is \(task.status), and nothing will wake it")
        }
    }

    // MARK: 2 and 3

    private mutating func checkOrders() {
        let plan = stored.row.plan?["tasks"]?.object ?? [:]
        let ending: Set = ["task.completed", "task.failed", "task.skipped", "task.cancelled"]
        var attempts: [String: Int] = [:]
        var ended: Set<String> = []
        var reset: Set<String> = []
        var isOver = false
        // Tasks that are added have others wait for them; what had begun by then did not.
        var yetToCome = Set(history.flatMap(Self.added))
        for event in history {
            switch event.type {
            case "workflow.completed": isOver = true
            case "workflow.reopened": isOver = false
            case "task.reset":
                guard let task = event.taskID else { continue }
                let goesOn = (try? JSONReader.parse(event.body, limits: .stored))?["status"] == "running"
                attempts[task] = (event.attempt ?? 0) + (goesOn ? 1 : 0)
                ended.remove(task)
                reset.insert(task)
            case "workflow.expanded":
                yetToCome.subtract(Self.added(by: event))
                // The list of a task that had been reset is made anew: that is an attempt, too.
                // (Tasks that one adds are another matter: `joins` says who waits for them.)
                let isList = (try? JSONReader.parse(event.body, limits: .stored))?["joins"] == nil
                if isList, let task = event.taskID, let attempt = attempts[task] { attempts[task] = attempt + 1 }
            case "task.dispatched", "approval.requested", "task.waiting":
                guard let task = event.taskID else { continue }
                let attempt = event.attempt ?? 0
                if isOver { report(.dispatchedInOrder, "\(task) began (event \(event.seq)) after the end") }
                let key = String(task.prefix { $0 != "." })
                for need in (plan[key]?["needs"]?.array ?? []).compactMap(\.string)
                where !ended.contains(need) && !yetToCome.contains(need) {
                    report(.dispatchedInOrder, "\(task) began (event \(event.seq)) before \(need) had ended")
                }
                let last = attempts[task] ?? 0
                if attempt != last + 1 { report(.oneAttempt, "\(task): attempt \(attempt) follows attempt \(last)") }
                if last > 0, !ended.contains(task), !reset.contains(task) {
                    report(.oneAttempt, "\(task): attempt \(attempt) began before attempt \(last) had ended")
                }
                attempts[task] = attempt
                ended.remove(task)
                reset.remove(task)
            case let type where ending.contains(type):
                guard let task = event.taskID else { continue }
                // Of a superseded attempt it is on record, and changes nothing.
                let attempt = event.attempt ?? 0
                guard attempt >= attempts[task] ?? 0 else { continue }
                ended.insert(task)
                if attempts[task] != nil { attempts[task] = attempt }
            default: break
            }
        }
        for task in stored.tasks where attempts[task.taskID].map({ $0 != task.attempt }) ?? false {
            report(
                .oneAttempt,
                "\(task.taskID): its row is at attempt \(task.attempt), its history at \(attempts[task.taskID] ?? 0)")
        }
    }

    /// Of two runs of one attempt, as of an order that was delivered twice, the one with the higher delivery holds it, else
    /// the earlier: once it is another's, a run changes nothing.
    private mutating func checkRuns() {
        struct Run { let attempt: Int, executor: String, delivery: Int }
        let says: Set = ["task.started", "task.completed", "task.failed"]
        var holders: [String: Run] = [:]
        for event in history where says.contains(event.type) && !event.isStale {
            // What has no executor is our own word, or a child's.
            guard let task = event.taskID, let attempt = event.attempt,
                let body = try? JSONReader.parse(event.body, limits: .stored),
                let executor = body["executor"]?.string, let delivery = body["delivery"]?.int
            else { continue }
            let isStart = event.type == "task.started"
            if let holder = holders[task], holder.attempt == attempt, delivery <= holder.delivery,
                isStart || delivery < holder.delivery || executor != holder.executor
            {
                report(
                    .oneAttempt,
                    "\(task): \(event.type) (event \(event.seq)) of delivery \(delivery) at \(executor) counts, but attempt \(attempt) is held by delivery \(holder.delivery) at \(holder.executor)"
                )
            }
            holders[task] = isStart ? Run(attempt: attempt, executor: executor, delivery: delivery) : nil
        }
    }

    private static func added(by event: EventRow) -> [String] {
        guard event.type == "workflow.expanded" else { return [] }
        let body = try? JSONReader.parse(event.body, limits: .stored)
        return body?["tasks"]?.object?.members.map(\.name) ?? []
    }

    // MARK: 4

    private mutating func checkRows() {
        let recorded: [RecordedEvent] = history.compactMap(RecordedEvent.init)
        guard recorded.count == history.count, history.count == stored.row.seq else {
            return report(.historyIsWhole, "its row is at event \(stored.row.seq); \(recorded.count) can be read")
        }
        let state: WorkflowState
        do throws(HistoryError) {
            state = try WorkflowState.rebuilt(id: WorkflowID(unchecked: stored.row.id), from: recorded)
        } catch {
            return report(.historyIsWhole, "event \(error.seq): \(error.message)")
        }
        guard let made = state.snapshot?.standing else {
            return report(.historyIsWhole, "its history makes no workflow")
        }
        compare("", "plan", state.snapshot?.plan, stored.row.plan)
        compare("", "status", made.status.rawValue, stored.row.status)
        compare("", "output", made.output, stored.row.output)
        compare("", "error", Self.json(made.error), stored.row.error)
        compare("", "end", made.finishedAt?.milliseconds, stored.row.endedAt)
        var rows = Dictionary(stored.tasks.map { ($0.taskID, $0) }) { first, _ in first }
        for task in state.taskSnapshots {
            guard let row = rows.removeValue(forKey: task.id.text) else {
                report(.historyIsWhole, "\(task.id) has no row, but is \(task.status.rawValue) by the history")
                continue
            }
            let name = task.id.text + ": "
            compare(name, "status", task.status.rawValue, row.status)
            compare(name, "attempt", task.attempt, row.attempt)
            compare(name, "executor", task.executor?.text, row.executor)
            compare(name, "output", task.output, row.output)
            compare(name, "error", Self.json(task.error), row.error)
            compare(name, "end", task.finishedAt?.milliseconds, row.endedAt)
        }
        for row in rows.values where row.status != "pending" {
            report(.historyIsWhole, "\(row.taskID) is \(row.status), but not by the history")
        }
    }

    private mutating func compare<Value: Equatable>(_ task: String, _ name: String, _ made: Value, _ kept: Value) {
        guard made != kept else { return }
        func text(_ value: Value) -> String { String("\(value)".prefix(80)) }
        report(.historyIsWhole, "\(task)\(name) is \(text(kept)) in the row, \(text(made)) by the history")
    }

    private static func json(_ value: (some Encodable)?) -> JSONValue? {
        value.flatMap { try? JSONValueEncoder().encode($0) }
    }
}

extension RecordedEvent {
    /// - Returns: `nil` for a row that no version of ours writes.
    package init?(_ row: EventRow) {
        guard let type = MessageType(rawValue: row.type), let data = try? JSONReader.parse(row.body, limits: .stored)
        else {
            return nil
        }
        self.init(
            id: MessageID(unchecked: row.id), seq: row.seq, type: type, data: data,
            causation: row.causation.map { MessageID(unchecked: $0) }, actor: row.actor ?? "",
            recordedAt: Timestamp(milliseconds: row.recordedAt), isPublished: row.exchange != nil)
    }
}
