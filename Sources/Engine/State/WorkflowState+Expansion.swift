import Contracts
import JSON

/// Tasks that are added while a workflow runs.
extension WorkflowState {
    /// What a completion adds to the plan; `nil` when it adds nothing.
    ///
    /// - Parameter catalog: the skills there are, of the workflow's workspace. A replay does not need it: the event
    ///   carries what was read with it.
    func expansion(
        of body: TaskCompleted, _ index: Int, catalog: SkillCatalog?
    ) throws(PlanRefusal) -> WorkflowExpanded? {
        guard let value = body.expansion else { return nil }
        if let tasks = value["tasks"]?.object, tasks.isEmpty { return nil }
        let joins = waiting(behind: index)
        let added = try plan.expansion(
            value, by: tasks[index].id, joins: joins, catalog: catalog ?? SkillCatalog(), actor: header?.actor,
            limits: limits.plan)
        guard !added.isEmpty else { return nil }
        return WorkflowExpanded(
            workflowID: id, taskID: tasks[index].id, tasks: Plan(tasks: added).json["tasks"] ?? [:], joins: joins)
    }

    /// The tasks that need a task and have not ended, but for those that it has added itself: what it adds comes before
    /// them, too.
    private func waiting(behind index: Int) -> [TaskID] {
        let adder = tasks[index].origin?.task ?? index
        return dependents[adder].filter { dependent in
            let task = tasks[dependent]
            return !task.status.isTerminal && task.undoes == nil && !task.handles.contains(adder)
                && planned(dependent).addedBy != tasks[index].id
        }.map { tasks[$0].id }
    }

    /// Lays out added tasks, and lets those that wait for their adder wait for the last of them.
    mutating func grow(_ body: WorkflowExpanded, joins: [TaskID]) {
        guard let added = try? Plan(json: ["tasks": body.tasks]).tasks else { return }
        for task in added {
            indices[task.id] = tasks.count
            places.append(tasks.count)
            tasks.append(TaskState(id: task.id, planned: plan.tasks.count))
            plan.tasks.append(task)
            dependents.append([])
        }
        for index in places.suffix(added.count) { relate(index) }
        for index in places.suffix(added.count) { count(index) }
        for task in added {
            for need in task.needs { connect(task.id, to: need) }
        }
        let ends = Set(added.map(\.id)).subtracting(added.flatMap(\.needs))
        for join in joins {
            guard let index = indices[join] else { continue }
            for end in added.map(\.id) where ends.contains(end) {
                plan.tasks[tasks[index].planned].needs.append(end)
                connect(join, to: end)
            }
        }
        changes.isPlanTouched = true
    }

    /// One more task that has to end before the workflow does.
    mutating func count(_ index: Int) { if tasks[index].undoes == nil { remaining += 1 } }

    mutating func connect(_ task: TaskID, to need: TaskID) {
        guard let index = indices[task], let need = indices[need] else { return }
        dependents[need].append(index)
        if !tasks[need].status.isTerminal { tasks[index].unmet += 1 }
    }
}

extension TaskError {
    /// An expansion that is refused: all that is wrong with it, as far as a message has room.
    init(_ refusal: PlanRefusal) {
        let lines = refusal.problems.map { "\($0.path): \($0.message)" }
        var message = lines.prefix(50).joined(separator: "; ")
        if lines.count > 50 { message += "; and \(lines.count - 50) more" }
        let problems = refusal.problems.prefix(50).map { problem -> JSONValue in
            ["path": .string(problem.path), "code": .string(problem.code), "message": .string(problem.message)]
        }
        self.init(
            code: "expansion_refused", message: String(message.prefix(8000)), permanent: true,
            details: ["problems": .array(problems)])
    }
}
