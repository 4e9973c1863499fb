import Contracts
package import JSON

/// A plan that is not as `Plan.json` writes one.
package struct PlanFormatError: Error, Equatable, Sendable {
    /// JSON Pointer.
    package var path: String
    package var message: String
}

extension Plan {
    /// `{"tasks": {key: {…}}, "output": …}`: tasks in order, spans as people write them, nothing left to be looked up.
    package var json: JSONValue {
        var tasks = JSONObject()
        for task in self.tasks { tasks[task.id.text] = task.json }
        var plan = JSONObject([("tasks", .object(tasks))])
        if let output { plan["output"] = output }
        if let input { plan["input"] = input }
        if let concurrency {
            plan["concurrency"] = [
                "key": .string(concurrency.key), "limit": .number(JSONNumber(concurrency.limit)),
            ]
        }
        return .object(plan)
    }

    package init(json: JSONValue) throws(PlanFormatError) {
        guard case .object(let members)? = json["tasks"] else {
            throw PlanFormatError(path: "/tasks", message: "the tasks are missing")
        }
        tasks = []
        tasks.reserveCapacity(members.count)
        for (key, value) in members.members {
            guard let id = TaskID(key) else { throw PlanFormatError(path: "/tasks", message: "\(key): not a task id") }
            tasks.append(try PlannedTask(id: id, json: value))
        }
        output = json["output"]
        input = json["input"]
        guard let value = json["concurrency"] else { return }
        let reader = MemberReader(value: value, path: "/concurrency")
        concurrency = Concurrency(
            key: try reader.read("key") { $0.string }, limit: try reader.read("limit") { $0.int })
    }
}

extension PlannedTask {
    fileprivate var json: JSONValue {
        var members = kind.members
        if !needs.isEmpty { members["needs"] = .array(needs.map { .string($0.text) }) }
        if let condition { members["if"] = .string(condition) }
        if let forEach { members["forEach"] = forEach }
        if let limit { members["limit"] = .number(JSONNumber(limit)) }
        if kind.isTried {
            members["retry"] = [
                "attempts": .number(JSONNumber(retry.attempts)), "backoff": .string(Span.text(retry.backoff)),
                "factor": .number(JSONNumber(retry.factor)), "max": .string(Span.text(retry.max)),
            ]
            members["timeout"] = .string(Span.text(timeout))
            members["start_within"] = .string(Span.text(startWithin))
        }
        members["onFailure"] = onFailure.json
        if let undo { members["undo"] = .string(undo.text) }
        if let phase { members["phase"] = .string(phase) }
        if weight != 1 { members["weight"] = .number(JSONNumber(weight)) }
        if let addedBy { members["added_by"] = .string(addedBy.text) }
        return .object(members)
    }

    fileprivate init(id: TaskID, json: JSONValue) throws(PlanFormatError) {
        let reader = MemberReader(value: json, path: "/tasks/\(id)")
        let kind = try TaskKind(reader)
        var needs: [TaskID] = []
        for (index, need) in (json["needs"]?.array ?? []).enumerated() {
            guard let id = need.string.flatMap(TaskID.init) else { throw reader.failure("needs/\(index)") }
            needs.append(id)
        }
        self.init(
            id: id, kind: kind, needs: needs, condition: json["if"]?.string, forEach: json["forEach"],
            limit: json["limit"]?.int,
            onFailure: try reader.read("onFailure") { FailurePolicy($0) },
            undo: json["undo"]?.string.flatMap(TaskID.init), phase: json["phase"]?.string,
            weight: json["weight"]?.int ?? 1)
        addedBy = json["added_by"]?.string.flatMap(TaskID.init)
        guard kind.isTried else { return }
        let retry = MemberReader(value: json["retry"] ?? .null, path: reader.path + "/retry")
        self.retry = RetryPolicy(
            attempts: try retry.read("attempts") { $0.int }, backoff: try retry.read("backoff") { Span.parse($0) },
            factor: try retry.read("factor") { $0.number?.double }, max: try retry.read("max") { Span.parse($0) })
        timeout = try reader.read("timeout") { Span.parse($0) }
        startWithin = try reader.read("start_within") { Span.parse($0) }
    }
}

/// Reads the members of an object that we wrote.
struct MemberReader {
    let value: JSONValue
    let path: String

    func failure(_ name: String) -> PlanFormatError {
        PlanFormatError(path: "\(path)/\(name)", message: "missing, or not what belongs there")
    }

    func read<Value>(_ name: String, _ convert: (JSONValue) -> Value?) throws(PlanFormatError) -> Value {
        guard let value = value[name].flatMap(convert) else { throw failure(name) }
        return value
    }

    func member(_ name: String) throws(PlanFormatError) -> MemberReader {
        MemberReader(value: try read(name) { $0 }, path: "\(path)/\(name)")
    }
}

extension FailurePolicy {
    fileprivate var json: JSONValue {
        switch self {
        case .fail: "fail"
        case .continue: "continue"
        case .pause: "pause"
        case .run(let task): ["run": .string(task.text)]
        }
    }

    fileprivate init?(_ json: JSONValue) {
        if let task = json["run"]?.string.flatMap(TaskID.init) {
            self = .run(task)
        } else {
            guard let word = json.string.flatMap(FailurePolicy.init(word:)) else { return nil }
            self = word
        }
    }
}
