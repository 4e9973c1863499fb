import JSON
import Store

/// How far a workflow is, by the `phase` labels of its tasks.
struct Phase: Equatable {
    var name: String
    var tasks = 0
    var ended = 0

    var json: JSONValue {
        [
            "name": .string(name), "tasks": .number(JSONNumber(tasks)), "tasks_ended": .number(JSONNumber(ended)),
        ]
    }
}

extension StoredWorkflow {
    /// In the order in which the plan names them; tasks without a label count nowhere.
    var phases: [Phase] {
        let ended = Set(tasks.filter { $0.endedAt != nil }.map(\.taskID))
        var phases: [Phase] = []
        for (key, task) in row.plan?["tasks"]?.object?.members ?? [] {
            guard let name = task["phase"]?.string else { continue }
            let index = phases.firstIndex { $0.name == name } ?? phases.count
            if index == phases.count { phases.append(Phase(name: name)) }
            phases[index].tasks += 1
            if ended.contains(key) { phases[index].ended += 1 }
        }
        return phases
    }

    /// The first one in which a task has not ended; `nil` when the workflow has ended, or has no phases.
    var currentPhase: Phase? { row.endedAt == nil ? phases.first { $0.ended < $0.tasks } : nil }

    /// Of a task of the plan, or an instance of one.
    func phase(of task: String) -> String? {
        row.plan?["tasks"]?[String(task.prefix { $0 != "." })]?["phase"]?.string
    }
}
