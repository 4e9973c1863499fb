import Contracts
import Engine
import JSON
import Store

extension AuditRow {
    /// What a person has done; `nil` for anything else. What they sent along (input, payload, changes) is in the history.
    init?(_ event: Event, of workflow: WorkflowID) {
        // What we say to a child ourselves is no person's doing.
        guard event.isInput else { return nil }
        let task: TaskID?
        let facts: [(String, String?)]
        switch event.body {
        case .approvalDecided(let body):
            (task, facts) = (body.taskID, [("decision", body.decision.rawValue), ("comment", body.comment)])
        case .signalReceived(let body): (task, facts) = (nil, [("signal", body.name.text)])
        case .controlCancel(let body): (task, facts) = (body.taskID, [("reason", body.reason)])
        case .controlPause(let body): (task, facts) = (nil, [("reason", body.reason)])
        case .controlResume(let body): (task, facts) = (nil, [("reason", body.reason)])
        case .controlUndo(let body): (task, facts) = (nil, [("reason", body.reason)])
        case .controlRetry(let body): (task, facts) = (body.taskID, [("reason", body.reason)])
        case .controlSkip(let body): (task, facts) = (body.taskID, [("reason", body.reason)])
        default: return nil
        }
        let known = facts.compactMap { name, value in value.map { (name, JSONValue.string($0)) } }
        self.init(
            workflowID: workflow.text, actor: event.actor, action: event.type.rawValue,
            subject: task.map { "\(workflow)/\($0)" } ?? workflow.text, details: .object(JSONObject(known)))
    }
}
