package import Contracts
package import JSON

extension Plan {
    /// The tasks that a completed task adds, checked like a plan.
    ///
    /// What it adds without a need among the added runs after the task that adds it, whether or not it says so. What it
    /// has added before, in a run that did not count or was taken back, is not added again.
    ///
    /// - Parameters:
    ///   - value: `{"tasks": {key: {…}}}`.
    ///   - adder: the task that adds them; an instance of one with `forEach` adds them after all instances.
    ///   - joins: the tasks that will wait for what is added.
    ///   - actor: whose workflow it is.
    ///   - path: where `value` stands in what the reader of the problems knows.
    package func expansion(
        _ value: JSONValue, by adder: TaskID, joins: [TaskID], catalog: SkillCatalog, actor: Actor? = nil,
        limits: PlanLimits = PlanLimits(), path: String = "/expansion"
    ) throws(PlanRefusal) -> [PlannedTask] {
        var reader = DefinitionReader(catalog: catalog, limits: limits, isNamed: false, actor: actor)
        let added = reader.readExpansion(value, of: self, by: adder, joins: Set(joins), at: path)
        guard reader.problems.isEmpty else { throw PlanRefusal(problems: reader.problems) }
        return added
    }

    /// How many expansions lie between the plan as it was made and a task.
    func depth(of task: TaskID) -> Int {
        var (depth, next) = (0, task.key)
        while let adder = tasks.first(where: { $0.id == next })?.addedBy, depth <= tasks.count {
            (depth, next) = (depth + 1, adder.key)
        }
        return depth
    }
}

extension DefinitionReader {
    fileprivate mutating func readExpansion(
        _ value: JSONValue, of plan: Plan, by adder: TaskID, joins: Set<TaskID>, at path: String
    ) -> [PlannedTask] {
        guard case .object(let members) = value, value.depth <= limits.depth else {
            report(path, .wrongType, "an expansion is an object with tasks, nested no deeper than \(limits.depth)")
            return []
        }
        checkKeys(members, ["tasks"], at: path)
        var readings = readTasks(members["tasks"], at: path + "/tasks")
        checkMayAdd(readings, to: plan, by: adder)
        let approvals = plan.tasks.compactMap { if case .approval = $0.kind { $0.id } else { nil } }
        checkInputs(of: readings, approvals: Set(approvals))

        link(&readings)
        let names = Set(readings.map(\.id))
        for index in readings.indices where names.isDisjoint(with: readings[index].needs) {
            readings[index].add(need: adder.key)
        }
        let present = Dictionary(plan.tasks.map { ($0.id, $0) }) { first, _ in first }
        readings.removeAll { reading in
            guard let task = reading.task, let known = present[reading.id] else { return false }
            return known.isSame(as: task, addedBy: adder, in: present)
        }
        checkRoom(for: readings, in: plan, by: adder, at: path)
        return add(readings, to: plan, by: adder, joins: joins, at: path)
    }

    private mutating func add(
        _ readings: [TaskReading], to plan: Plan, by adder: TaskID, joins: Set<TaskID>, at path: String
    ) -> [PlannedTask] {
        let names = Set(readings.map(\.id))
        let ends = names.subtracting(readings.flatMap(\.needs))
        let present = plan.tasks.map { task in
            TaskReading(id: task.id, path: "", needs: task.needs + (joins.contains(task.id) ? ends.sorted() : []))
        }
        checkGraph(present.filter { !names.contains($0.id) } + readings, output: nil, at: path)

        let added = readings.compactMap(\.task).map { task in
            var task = task
            task.addedBy = adder
            return task
        }
        let bytes = problems.isEmpty ? Plan(tasks: plan.tasks + added, output: plan.output).json.serialized().count : 0
        if bytes > limits.bytes { report(path, .limitPassed, "a plan of \(bytes) bytes; at most \(limits.bytes)") }
        return added
    }

    private mutating func checkRoom(for readings: [TaskReading], in plan: Plan, by adder: TaskID, at path: String) {
        let present = Set(plan.tasks.map(\.id))
        for reading in readings where present.contains(reading.id) {
            let isOwn = plan.tasks.contains { $0.id == reading.id && $0.addedBy == adder }
            report(
                reading.path, .nameTaken,
                "the workflow has a task \(reading.id) already"
                    + (isOwn ? ": \(adder) has added it, and it was another then" : ""))
        }
        let count = present.count + readings.count
        if count > limits.tasks {
            report(path + "/tasks", .limitPassed, "\(count) tasks with those there are; at most \(limits.tasks)")
        }
        if plan.depth(of: adder) >= limits.expansions {
            report(path, .limitPassed, "added tasks may add tasks in turn at most \(limits.expansions) times")
        }
    }

    /// A task adds only what its skill's file lets it add: otherwise whoever runs one domain's tasks could order any
    /// other domain's work.
    private mutating func checkMayAdd(_ readings: [TaskReading], to plan: Plan, by adder: TaskID) {
        guard let skill = plan.tasks.first(where: { $0.id == adder.key })?.call?.skill else { return }
        let allowed = catalog[skill]?.expands ?? []
        for reading in readings {
            guard let added = reading.task?.call?.skill, !allowed.contains(where: { $0.matches(added) }) else {
                continue
            }
            let patterns = allowed.map(\.text).joined(separator: ", ")
            let message =
                allowed.isEmpty
                ? "\(skill) may not add tasks: its skill file has no `expands`"
                : "\(skill) may not add a task of \(added): its skill file says `expands: [\(patterns)]`"
            report(reading.path + "/skill", .notAllowed, message)
        }
    }
}

extension PlannedTask {
    /// Whether it is a task that the same task wants to add once more.
    ///
    /// - Parameter present: the tasks there are: it may have come to wait for what others among them have added since.
    fileprivate func isSame(as task: PlannedTask, addedBy adder: TaskID, in present: [TaskID: PlannedTask]) -> Bool {
        guard addedBy == adder, Set(task.needs).isSubset(of: needs) else { return false }
        let others = Set(needs).subtracting(task.needs)
        guard others.allSatisfy({ present[$0]?.addedBy.map { $0 != adder } ?? false }) else { return false }
        var same = task
        (same.needs, same.addedBy) = (needs, addedBy)
        return same == self
    }
}

extension TaskReading {
    mutating func add(need: TaskID) {
        guard !needs.contains(need) else { return }
        needs.append(need)
        task?.needs.append(need)
    }
}

extension TaskID {
    /// Of an instance of a `forEach` task, the task that it is an instance of.
    package var key: TaskID { TaskID(unchecked: String(text.prefix { $0 != "." })) }
}
