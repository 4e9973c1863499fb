import Contracts
import JSON

/// What no executor runs.
extension WorkflowState {
    /// Begins the next attempt of a task whose turn it is.
    mutating func begin(_ index: Int, _ turn: inout Turn) {
        switch planned(index).kind {
        case .skill: break
        case .approval(let rule): ask(index, rule, &turn)
        case .gate(let gate): check(index, gate, &turn)
        case .wait(let rule): beginWait(index, rule, &turn)
        case .workflow(let call): beginChild(index, call, &turn)
        }
    }

    /// An attempt ends well, by our own word.
    mutating func complete(_ index: Int, attempt: Int, output: JSONValue, _ turn: inout Turn) {
        let body = TaskCompleted(workflowID: id, taskID: tasks[index].id, attempt: attempt, output: output)
        let call = call(index)
        emit(
            .taskCompleted(body), Publication(route: .task(.taskCompleted, domain: call?.domain, skill: call?.skill)),
            &turn)
        turn.ended.append(index)
    }

    func permanently(_ code: String, _ message: String) -> TaskError {
        TaskError(code: code, message: message, permanent: true)
    }

    // MARK: Applying

    /// The workflow runs when anything of it does.
    mutating func runs(at now: Timestamp) {
        guard status == .queued else { return }
        status = .running
        startedAt = startedAt ?? now
    }

    mutating func hasBegun(_ index: Int, attempt: Int, at now: Timestamp) {
        runs(at: now)
        let base = tasks[index].extra.base
        tasks[index].clear()
        tasks[index].extra.base = base
        tasks[index].attempt = attempt
        tasks[index].startedAt = now
    }
}
