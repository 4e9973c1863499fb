import Contracts
import JSON

/// What no executor runs.
extension WorkflowState {
    /// Begins the next attempt of a task whose turn it is.
    mutating func begin(_ index: Int, _ turn: inout Turn) {
        switch planned(index).kind {
        case .skill: break
        case .workflow(let call): beginChild(index, call, &turn)
        case .approval, .gate, .wait:
            let message = "\(planned(index).kind.name) is not supported yet"
            let error = TaskError(code: "not_supported_yet", message: message, permanent: true)
            fail(index, attempt: tasks[index].attempt + 1, error, &turn)
        }
    }

    /// The next attempt ends well, by our own word.
    mutating func complete(_ index: Int, attempt: Int, output: JSONValue, _ turn: inout Turn) {
        let body = TaskCompleted(workflowID: id, taskID: tasks[index].id, attempt: attempt, output: output)
        let call = call(index)
        emit(
            .taskCompleted(body), Publication(route: .task(.taskCompleted, domain: call?.domain, skill: call?.skill)),
            &turn)
        turn.ended.append(index)
    }
}
