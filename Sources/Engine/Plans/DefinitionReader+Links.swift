import Contracts
import JSON

/// Tasks that stand in for others: what runs when one has failed for good, and what undoes it.
extension DefinitionReader {
    mutating func onFailure(_ value: JSONValue?, at path: String) -> FailurePolicy {
        guard case .object(let members)? = value else {
            guard let word = value else { return .fail }
            if let policy = word.string.flatMap(FailurePolicy.init(word:)) { return policy }
            report(path, .invalidValue, "expected one of fail, continue, pause, { run: task }")
            return .fail
        }
        checkKeys(members, ["run"], at: path)
        return taskName(members["run"], at: path + "/run").map { .run($0) } ?? .fail
    }

    /// `reversible: true, undo: task`.
    mutating func undo(_ members: JSONObject, at path: String) -> TaskID? {
        let isReversible = members["reversible"]?.bool
        if members["reversible"] != nil, isReversible == nil {
            report(path + "/reversible", .wrongType, "reversible is true or false")
        }
        guard let value = members["undo"] else {
            if isReversible == true { report(path + "/undo", .missing, "a reversible task names its undo task") }
            return nil
        }
        if isReversible == false {
            report(path + "/undo", .invalidValue, "it is not reversible, so there is nothing to undo")
        }
        if members["forEach"] != nil {
            report(
                path + "/undo", .invalidValue,
                "a forEach task has no undo task: let each element be a workflow of its own that undoes itself")
        }
        return taskName(value, at: path + "/undo")
    }

    private mutating func taskName(_ value: JSONValue?, at path: String) -> TaskID? {
        guard let name = value?.string, let id = TaskID(name), !name.contains(".") else {
            report(path, .unknownTask, "expected the name of a task")
            return nil
        }
        return id
    }

    /// Puts the tasks that stand in for others behind those, and what needs those behind them.
    mutating func link(_ tasks: inout [TaskReading]) {
        let indices = Dictionary(tasks.enumerated().map { ($1.id, $0) }) { first, _ in first }
        linkHandlers(&tasks, indices)
        linkUndo(&tasks, indices)
    }

    private mutating func linkHandlers(_ tasks: inout [TaskReading], _ indices: [TaskID: Int]) {
        var handled: [(task: Int, handler: Int)] = []
        for index in tasks.indices {
            guard let name = tasks[index].handler else { continue }
            let path = tasks[index].path + "/onFailure/run"
            guard let handler = indices[name] else {
                report(path, .unknownTask, "there is no task \(name)")
                continue
            }
            guard handler != index else {
                report(path, .invalidValue, "\(name) cannot handle its own failure")
                continue
            }
            tasks[handler].add(need: tasks[index].id)
            handled.append((index, handler))
        }
        guard !handled.isEmpty else { return }
        let ancestors = Graph(needs: tasks.map { $0.needs.compactMap { indices[$0] } }).ancestors()
        for (task, handler) in handled {
            for index in tasks.indices where index != handler && !ancestors[handler].contains(index) {
                if tasks[index].needs.contains(tasks[task].id) { tasks[index].add(need: tasks[handler].id) }
            }
        }
    }

    private mutating func linkUndo(_ tasks: inout [TaskReading], _ indices: [TaskID: Int]) {
        var undone: [Int: TaskID] = [:]
        for index in tasks.indices {
            guard let name = tasks[index].undo else { continue }
            let path = tasks[index].path + "/undo"
            guard let undo = indices[name], undo != index else {
                report(path, .unknownTask, "there is no other task \(name)")
                continue
            }
            if let other = undone.updateValue(tasks[index].id, forKey: undo) {
                report(path, .invalidValue, "\(name) undoes \(other) already")
            }
            if !tasks[undo].needs.isEmpty || !tasks[undo].isPlain {
                report(
                    path, .invalidValue,
                    "\(name) undoes \(tasks[index].id): a task of a skill or a workflow without needs, if, forEach, "
                        + "onFailure and undo, that handles no failure")
            }
            for other in tasks where other.needs.contains(name) {
                report(other.path + "/needs", .invalidValue, "\(name) undoes \(tasks[index].id): nothing can need it")
            }
        }
        for (undo, task) in undone {
            tasks[undo].add(need: task)
            // As a rule it does not run, so nothing is missing without it.
            if !tasks[undo].hasWeight { tasks[undo].task?.weight = 0 }
        }
    }
}
