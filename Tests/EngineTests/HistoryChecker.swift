import Contracts
import Engine

/// Reads a history, knowing nothing of how it came about, and finds what breaks the invariants of the engine.
struct HistoryChecker {
    private var needs: [String: [String]]
    private let undo: Set<String>
    private let hasKey: Bool
    private var seq = 0
    private var ids: Set<MessageID> = []
    private(set) var ends = 0
    /// Of each task the attempt that is open, and those that have ended.
    private var open: [String: Int] = [:]
    private var last: [String: Int] = [:]
    private var waiting: Set<String> = []
    private var ended: Set<String> = []
    private var isOver = false
    private var isPaused = false
    private var needsSlot: Bool
    private(set) var violations: [String] = []

    init(_ plan: Plan) {
        var needs: [String: [String]] = [:]
        for task in plan.tasks { needs[task.id.text] = task.needs.map(\.text) }
        self.needs = needs
        undo = Set(plan.tasks.compactMap { $0.undo?.text })
        hasKey = plan.concurrency != nil
        needsSlot = hasKey
    }

    private mutating func expect(_ condition: Bool, _ violation: String) {
        if !condition { violations.append(violation) }
    }

    mutating func check(_ event: Event) {
        expect(event.seq == seq + 1, "4: seq \(event.seq ?? 0) after \(seq)")
        seq = event.seq ?? seq
        expect(ids.insert(event.id).inserted, "4: \(event.id) twice")
        // What is said to a parent or a child is no business of this workflow.
        guard event.publication?.correlationID == nil else { return }
        if isOver {
            let isAgain = event.type == .controlRetry || event.type == .workflowReopened
            expect(event.isStale || isAgain, "1: \(event.type.rawValue) after the end")
        }
        guard !event.isStale else { return }
        let task = event.taskID?.text ?? ""
        switch event.body {
        case .workflowCompleted(let body):
            ends += 1
            expect(!isOver, "1: a second end")
            expect(!isPaused || body.status == .cancelled, "1: an end while it was paused")
            isPaused = false
            isOver = true
            needsSlot = hasKey
            expect(open.isEmpty, "1: it ended while \(open.keys.sorted()) ran")
            expect(needs.keys.allSatisfy(ended.contains), "1: it ended before its tasks")
        case .workflowExpanded(let body):
            guard let joins = body.joins, let added = body.tasks.object else { break }
            for (name, task) in added.members { needs[name] = task["needs"]?.array?.compactMap(\.string) ?? [] }
            let inner = Set(needs.filter { added[$0.key] != nil }.flatMap(\.value))
            for join in joins { needs[join.text, default: []] += added.names.filter { !inner.contains($0) } }
        case .workflowReopened:
            expect(isOver, "1: it goes on before it has ended")
            isOver = false
        case .workflowPaused: isPaused = true
        case .controlCancel(let body): if body.taskID == nil { (isPaused, needsSlot) = (false, false) }
        case .workflowResumed: isPaused = false
        case .slotGranted: needsSlot = false
        case .taskDispatched(let body): begin(task, attempt: body.attempt)
        case .approvalRequested(let body): begin(task, attempt: body.attempt)
        case .taskWaiting(let body): begin(task, attempt: body.attempt)
        case .taskReset(let body):
            open[task] = nil
            ended.remove(task)
            waiting.remove(task)
            expect(body.attempt >= last[task] ?? 0, "3: a reset of \(task) forgets attempts")
            last[task] = body.attempt
        case .taskStarted(let body):
            expect(open[task] == body.attempt, "3: a start of attempt \(body.attempt) of \(task)")
        case .taskCompleted(let body): end(task, attempt: body.attempt)
        case .taskFailed(let body): end(task, attempt: body.attempt)
        case .taskRetrying(let body):
            expect(
                ended.remove(task) != nil && last[task] == body.attempt, "3: a retry of what has not failed: \(task)")
            waiting.insert(task)
        case .taskSkipped(let body):
            // A person may have skipped what has failed.
            expect(!ended.contains(task) || body.by != nil, "3: a second end of \(task)")
            leave(task, attempt: body.attempt)
        case .taskCancelled(let body):
            expect(!ended.contains(task), "3: a second end of \(task)")
            leave(task, attempt: body.attempt)
        default: break
        }
    }

    private mutating func begin(_ task: String, attempt: Int) {
        if undo.contains(task) {
            let rest = needs.keys.filter { !undo.contains($0) && !ended.contains($0) }
            expect(rest.isEmpty, "2: \(task) undoes while \(rest.sorted()) have not ended")
            expect(undo.allSatisfy { open[$0] == nil }, "2: two tasks are undone at once")
        }
        let key = String(task.prefix { $0 != "." })
        for need in needs[key] ?? [] { expect(ended.contains(need), "2: \(task) before \(need) has ended") }
        expect(!isPaused, "2: \(task) began while the workflow was paused")
        expect(!needsSlot, "2: \(task) began without a slot")
        expect(!ended.contains(task), "2: \(task) after its end")
        expect(open[task] == nil, "3: two attempts of \(task)")
        expect(attempt == (last[task] ?? 0) + 1, "3: attempt \(attempt) of \(task) after \(last[task] ?? 0)")
        open[task] = attempt
        last[task] = attempt
        waiting.remove(task)
    }

    private mutating func leave(_ task: String, attempt: Int) {
        expect(attempt >= last[task] ?? 0, "3: attempt \(attempt) of \(task) ends after \(last[task] ?? 0) has begun")
        last[task] = max(last[task] ?? 0, attempt)
        open[task] = nil
        ended.insert(task)
    }

    private mutating func end(_ task: String, attempt: Int) {
        if let current = open.removeValue(forKey: task) {
            expect(current == attempt, "3: an end of attempt \(attempt) of \(task) in attempt \(current)")
        }
        expect(!ended.contains(task), "3: a second end of \(task)")
        last[task] = max(last[task] ?? 0, attempt)
        ended.insert(task)
    }
}
