package import Contracts
import JSON

extension WorkflowState {
    /// Everything that may be dispatched: what a shell puts into its heaps after it has read the rows.
    package func readyTasks(now: Timestamp) -> [ReadyTask] {
        guard exists, !isTerminal, !isHeld else { return [] }
        return tasks.indices.compactMap { isReady($0, now: now) ? readyTask($0) : nil }
    }

    /// Whether a task waits only for room. Its `if` was decided when its last need ended: where it did not hold, the
    /// task is no longer pending.
    func isReady(_ index: Int, now: Timestamp) -> Bool {
        let task = tasks[index]
        guard !isHeld, isAttached(index) else { return false }
        switch task.status {
        case .pending:
            if let origin = task.origin { return origin.position < released(origin.task) }
            if task.undoes != nil { return index == undoTurn }
            return task.unmet == 0
        case .retryWait: return task.retryAt.map { $0 <= now } ?? false
        default: return false
        }
    }

    /// How many instances of a `forEach` task have had their turn: `limit` at once, in the order of the list.
    func released(_ index: Int) -> Int {
        let instances = tasks[index].instances
        guard let limit = planned(index).limit else { return instances.count }
        // Those that run again, or were ended by a person, are anywhere in the list.
        var running = 0
        return instances.firstIndex { instance in
            if !tasks[instance].status.isTerminal { running += 1 }
            return running > limit
        } ?? instances.count
    }

    func readyTask(_ index: Int) -> ReadyTask? {
        guard let header, let domain = call(index)?.domain else { return nil }
        return ReadyTask(
            workflowID: id, taskID: tasks[index].id, domain: domain, priority: header.priority,
            age: header.createdAt, order: tasks[index].planned * 1_000_000 + (tasks[index].origin?.position ?? 0))
    }

    /// What a pending task waits for: `needs a, b`, `limit` of its `forEach`, `paused`,
    /// `slot` of its concurrency key, or `window`; `nil` when it is not pending.
    package func waiting(for task: TaskID) -> String? {
        guard let index = indices[task], tasks[index].status == .pending else { return nil }
        if let origin = tasks[index].origin, origin.position >= released(origin.task) { return "limit" }
        if let undone = tasks[index].undoes { return "undo \(tasks[undone].id)" }
        guard tasks[index].unmet > 0 else { return status == .paused ? "paused" : isHeld ? "slot" : "window" }
        let open = planned(index).needs.filter { self.task($0)?.status.isTerminal == false }
        return "needs " + open.map(\.text).joined(separator: ", ")
    }
}
