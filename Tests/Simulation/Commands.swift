import Contracts
import JSON
import Store

/// What people may ask for: sometimes too late, of the wrong thing, or as somebody who may not.
enum Commands {
    static let role = "lead"
    static let signals = ["go", "stop"]
    private static let people = ["ada", "bob", "eve"]

    static func random(for id: String, _ world: World) -> (any WorkflowBody & RoutedBody)? {
        let workflow = WorkflowID(unchecked: id)
        let tasks = world.database.taskRows(id)
        let actor = Actor(
            id: people[world.random(0...2)], roles: world.random(0...9) == 0 ? ["guest"] : [role])
        let asked = tasks.filter { $0.status == "awaiting_approval" }
        if !asked.isEmpty, world.random(0...3) > 0 {
            return decision(on: asked[world.random(0...asked.count - 1)], workflow, actor, world)
        }
        let one = tasks.isEmpty ? nil : tasks[world.random(0...tasks.count - 1)]
        let task = one.map { TaskID(unchecked: $0.taskID) } ?? TaskID(unchecked: "nothing")
        switch world.random(0...13) {
        case 0: return ControlCancel(workflowID: workflow, actor: actor)
        case 1: return ControlCancel(workflowID: workflow, taskID: task, actor: actor, reason: "not this one")
        case 2, 3: return ControlPause(workflowID: workflow, actor: actor)
        case 4, 5: return ControlResume(workflowID: workflow, actor: actor)
        case 6: return ControlRetry(workflowID: workflow, actor: actor)
        case 7: return ControlRetry(workflowID: workflow, taskID: task, actor: actor)
        case 8: return ControlRetry(workflowID: workflow, input: ["n": 1, "list": [4]], actor: actor)
        case 9: return ControlSkip(workflowID: workflow, taskID: world.random(0...2) == 0 ? nil : task, actor: actor)
        case 10: return ControlUndo(workflowID: workflow, actor: actor)
        case 11: return one.flatMap { decision(on: $0, workflow, actor, world) }
        default:
            return SignalReceived(
                workflowID: workflow, name: SignalName(unchecked: signals[world.random(0...1)]),
                payload: ["by": .string(actor.id)],
                actor: actor)
        }
    }

    private static func decision(
        on task: TaskRow, _ workflow: WorkflowID, _ actor: Actor, _ world: World
    ) -> ApprovalDecided {
        let attempt = world.random(0...9) == 0 ? max(1, task.attempt - 1) : task.attempt
        return ApprovalDecided(
            workflowID: workflow, taskID: TaskID(unchecked: task.taskID),
            attempt: world.random(0...2) == 0 || attempt == 0 ? nil : attempt,
            decision: [.continue, .continue, .continue, .continue, .retry, .abort][world.random(0...5)],
            modifications: world.random(0...2) == 0 ? ["x": .string(actor.id)] : nil, actor: actor)
    }
}
