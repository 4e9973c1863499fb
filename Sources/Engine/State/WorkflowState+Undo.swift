package import Contracts
import JSON

/// How a workflow is to end, when that is said before it does: what can be undone is undone in between.
package struct WorkflowEnding: Codable, Sendable, Equatable {
    package var outcome: WorkflowOutcome
    package var error: WorkflowError
}

/// Before a workflow fails or is cancelled, the tasks that have an undo task and succeeded are undone, one by one, the
/// last to end first.
extension WorkflowState {
    /// The undo task whose turn it is: under way, or the next one.
    var undoTurn: Int? {
        guard exists, !isTerminal, remaining == 0 else { return nil }
        let steps = undoSteps
        guard !steps.isEmpty, end().outcome != .succeeded else { return nil }
        if let active = steps.first(where: { tasks[$0].status != .pending }) { return active }
        let depths = depths()
        return steps.max { left, right in
            guard let left = tasks[left].undoes, let right = tasks[right].undoes else { return false }
            return (tasks[left].finishedAt?.milliseconds ?? 0, depths[left] ?? 0, left)
                < (tasks[right].finishedAt?.milliseconds ?? 0, depths[right] ?? 0, right)
        }
    }

    /// A person has ended it: it is cancelled once what can be undone is.
    mutating func decideEnding(_ code: String, by actor: Actor, reason: String?) {
        extra.ending = WorkflowEnding(
            outcome: .cancelled,
            error: WorkflowError(code: code, message: reason ?? "\(code) by \(actor.id)"))
        if status == .paused { status = .running }
    }

    /// Undoes what can be undone, on a person's word; of a workflow that has ended, too.
    mutating func undo(_ body: ControlUndo, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        try mayStillChange()
        let steps = places.filter { index in
            guard let undone = tasks[index].undoes else { return false }
            return tasks[undone].status == .succeeded && tasks[index].status != .succeeded
        }
        guard !steps.isEmpty else {
            throw courtesy("nothing_to_undo", "", "no task that has an undo task has succeeded; allowed: \(allowed)")
        }
        record(input, .controlUndo(body), &turn)
        let reason = body.reason ?? "undone by \(body.actor.id)"
        guard isTerminal else { return cancelAll(reason: reason, children: .await, &turn) }
        let reopened = WorkflowReopened(workflowID: id, run: run + 1, actor: body.actor, reason: body.reason)
        emit(.workflowReopened(reopened), Publication(route: reopened.route), &turn)
        for index in steps where tasks[index].status != .pending { reset(index, reason: reason, &turn) }
    }

    /// Undo tasks that have something to undo and have not ended.
    private var undoSteps: [Int] {
        places.filter { index in
            tasks[index].undoes.map { tasks[$0].status == .succeeded } == true && !tasks[index].status.isTerminal
        }
    }

    /// How long the longest way to each task is: of two that ended at the same time the deeper one ended later.
    private func depths() -> [Int: Int] {
        let graph = Graph(needs: plan.tasks.map { $0.needs.compactMap { indices[$0].map { tasks[$0].planned } } })
        var depths = Array(repeating: 0, count: plan.tasks.count)
        for node in graph.order() { depths[node] = (graph.needs[node].map { depths[$0] + 1 }.max() ?? 0) }
        return Dictionary(uniqueKeysWithValues: places.map { ($0, depths[tasks[$0].planned]) })
    }

    /// Skips the undo tasks that are not wanted (any more), so that every task has ended before its workflow does.
    mutating func skipUndo(_ turn: inout Turn) {
        for index in places where tasks[index].undoes != nil && !tasks[index].status.isTerminal {
            let hasSucceeded = tasks[index].undoes.map { tasks[$0].status == .succeeded } == true
            skip(index, reason: hasSucceeded ? "not to be undone" : "nothing to undo", &turn)
        }
    }

    /// The error of a workflow, with what should have been undone and was not.
    func withUndoFailures(_ error: WorkflowError?) -> WorkflowError? {
        guard var error else { return nil }
        let left = places.compactMap { index -> String? in
            guard let undone = tasks[index].undoes, tasks[undone].status == .succeeded,
                tasks[index].status != .succeeded
            else { return nil }
            let reason = tasks[index].error.map { "\($0.code): \($0.message)" } ?? tasks[index].status.rawValue
            return "\(tasks[undone].id) (\(tasks[index].id) \(reason))"
        }
        guard !left.isEmpty else { return error }
        error.message = String((error.message + "; not undone: " + left.joined(separator: ", ")).prefix(8000))
        return error
    }
}
