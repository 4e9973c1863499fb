import Contracts
import Engine
import JSON

/// A task ends: what the dispatcher decides, from the message to the events, with the workflow's own end in it.
func engine() {
    for size in [10, 100, 1000] {
        measure("engine: task.completed, workflow of \(size) tasks", of: { try Running(tasks: size) }) { running in
            for index in running.states.indices {
                for input in running.ends {
                    Swift.withExtendedLifetime(running.states[index].take(input, now: running.now)) {}
                }
            }
        }
        measure("engine: order of a task, workflow of \(size) tasks", of: { try Running(tasks: size, ordered: false) })
        {
            running in
            for index in running.states.indices {
                for (task, cause) in zip(running.ids, running.causes) {
                    Swift.withExtendedLifetime(running.states[index].dispatch(task, causation: cause, now: running.now))
                    {}
                }
            }
        }
    }
}

/// Workflows of tasks side by side, a thousand tasks in all, whose orders are out.
private struct Running {
    var states: [WorkflowState] = []
    let ids: [TaskID]
    let causes: [MessageID]
    let ends: [Input]
    let now = Timestamp(milliseconds: 1_767_603_600_000)

    init(tasks: Int, ordered: Bool = true) throws {
        let domain = DomainName("payments")!
        let skill = SkillID("payments.check")!
        let names = (0..<tasks).map { "t\($0)" }
        let members = names.map { ($0, ["skill": .string(skill.text), "with": ["n": "${{ input.n }}"]] as JSONValue) }
        let catalog = SkillCatalog([Skill(id: skill, domain: domain)], domains: [domain])
        let definition = try Definition.read(
            ["tasks": .object(JSONObject(members)), "output": ["n": "${{ input.n }}"]], catalog: catalog,
            isNamed: false
        ) { _, _ in [] }
        let workflow = WorkflowID(workspace: Workspace("default")!, requestID: RequestID("r")!)
        let created = WorkflowCreated(
            workflowID: workflow, requestID: RequestID("r")!, workspace: Workspace("default")!, requestDigest: "d",
            name: "many", version: 1, plan: definition.plan.json, input: ["n": 1], actor: Actor(id: "ada"))
        ids = names.map { TaskID($0)! }
        causes = names.map { MessageID("order-\($0)")! }
        ends = ids.map { id in
            let body = TaskCompleted(
                workflowID: workflow, taskID: id, attempt: 1, executor: ExecutorID("payments-1")!, delivery: 0,
                startedAt: Timestamp(milliseconds: 1_767_603_600_000), output: ["n": 1, "rows": []])
            return Input(
                id: MessageID("end-\(id)")!, kind: .completed(body), actor: "payments-1", domain: domain)
        }
        for _ in 0..<(1000 / tasks) {
            var state = WorkflowState(id: workflow)
            let begun = state.take(
                Input(id: MessageID("created")!, kind: .created(created), actor: "planner"), now: now)
            precondition(begun.refusal == nil)
            if ordered {
                for (id, cause) in zip(ids, causes) { _ = state.dispatch(id, causation: cause, now: now) }
                precondition(state.tasks.allSatisfy { $0.status == .dispatched })
            }
            states.append(state)
        }
    }
}
