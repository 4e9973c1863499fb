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
    }
}

extension PlannedTask {
    fileprivate var json: JSONValue {
        var members = JSONObject()
        switch kind {
        case .skill(let call):
            members["skill"] = .string(call.skill.text)
            members["domain"] = .string(call.domain.text)
            members["version"] = .number(JSONNumber(call.version))
            members["with"] = call.input
            members["risk"] = .string(call.risk.rawValue)
            members["lease"] = .string(Span.text(call.lease))
        }
        if !needs.isEmpty { members["needs"] = .array(needs.map { .string($0.text) }) }
        if let condition { members["if"] = .string(condition) }
        if let forEach { members["forEach"] = forEach }
        if let limit { members["limit"] = .number(JSONNumber(limit)) }
        members["retry"] = [
            "attempts": .number(JSONNumber(retry.attempts)), "backoff": .string(Span.text(retry.backoff)),
            "factor": .number(JSONNumber(retry.factor)), "max": .string(Span.text(retry.max)),
        ]
        members["timeout"] = .string(Span.text(timeout))
        members["start_within"] = .string(Span.text(startWithin))
        members["onFailure"] = .string(onFailure.rawValue)
        if let phase { members["phase"] = .string(phase) }
        if weight != 1 { members["weight"] = .number(JSONNumber(weight)) }
        return .object(members)
    }

    fileprivate init(id: TaskID, json: JSONValue) throws(PlanFormatError) {
        let reader = MemberReader(value: json, path: "/tasks/\(id)")
        let call = SkillCall(
            skill: try reader.read("skill") { $0.string.flatMap(SkillID.init) },
            domain: try reader.read("domain") { $0.string.flatMap(DomainName.init) },
            version: try reader.read("version") { $0.int }, input: try reader.read("with") { $0 },
            risk: try reader.read("risk") { $0.string.flatMap(Risk.init) },
            lease: try reader.read("lease") { Span.parse($0) })
        var needs: [TaskID] = []
        for (index, need) in (json["needs"]?.array ?? []).enumerated() {
            guard let id = need.string.flatMap(TaskID.init) else { throw reader.failure("needs/\(index)") }
            needs.append(id)
        }
        let retry = MemberReader(value: json["retry"] ?? .null, path: reader.path + "/retry")
        self.init(
            id: id, kind: .skill(call), needs: needs, condition: json["if"]?.string, forEach: json["forEach"],
            limit: json["limit"]?.int,
            retry: RetryPolicy(
                attempts: try retry.read("attempts") { $0.int },
                backoff: try retry.read("backoff") { Span.parse($0) },
                factor: try retry.read("factor") { $0.number?.double },
                max: try retry.read("max") { Span.parse($0) }),
            timeout: try reader.read("timeout") { Span.parse($0) },
            startWithin: try reader.read("start_within") { Span.parse($0) },
            onFailure: try reader.read("onFailure") { $0.string.flatMap(FailurePolicy.init) },
            phase: json["phase"]?.string, weight: json["weight"]?.int ?? 1)
    }
}

private struct MemberReader {
    let value: JSONValue
    let path: String

    func failure(_ name: String) -> PlanFormatError {
        PlanFormatError(path: "\(path)/\(name)", message: "missing, or not what belongs there")
    }

    func read<Value>(_ name: String, _ convert: (JSONValue) -> Value?) throws(PlanFormatError) -> Value {
        guard let value = value[name].flatMap(convert) else { throw failure(name) }
        return value
    }
}
