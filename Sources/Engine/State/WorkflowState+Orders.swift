import Contracts
import JSON

/// What executors are given.
extension WorkflowState {
    mutating func order(_ index: Int, _ turn: inout Turn) {
        guard let call = call(index), let header else { return }
        let (planned, attempt) = (planned(index), tasks[index].attempt + 1)
        let artifacts = neededArtifacts(index)
        let input: JSONValue
        do {
            var evaluator = Evaluator(scope: scope(index))
            input = modified(try call.input.resolved(&evaluator, at: "/with"), index)
        } catch {
            return fail(index, attempt: attempt, TaskError(error), &turn)
        }
        let bytes = input.serialized().count + (artifacts?.serialized().count ?? 0)
        guard bytes <= limits.inputBytes else {
            let message = "an input of \(bytes) bytes, with the records of artifacts; at most \(limits.inputBytes)"
            let error = TaskError(code: "input_too_large", message: message, permanent: true)
            return fail(index, attempt: attempt, error, &turn)
        }
        let body = TaskDispatched(
            workflowID: id, taskID: tasks[index].id, attempt: attempt, skillID: call.skill, runnerDomain: call.domain,
            input: input, idempotencyKey: "\(id)/\(tasks[index].id)", deadline: turn.now + planned.startWithin,
            timeout: Seconds(planned.timeout), lease: Seconds(call.lease),
            context: TaskContext(workspace: header.workspace, actor: header.actor), artifacts: artifacts,
            awaitGo: call.risk == .high ? true : nil)
        emit(.taskDispatched(body), Publication(route: body.route), &turn)
    }

    /// The records of the artifacts of what a task needs, by task.
    private func neededArtifacts(_ index: Int) -> JSONValue? {
        var found = JSONObject()
        for need in planned(index).needs.compactMap({ indices[$0] }) {
            for task in [need] + tasks[need].instances where !tasks[task].artifacts.isEmpty {
                found[tasks[task].id.text] = records(task)
            }
        }
        return found.isEmpty ? nil : .object(found)
    }

    private func records(_ index: Int) -> JSONValue {
        (try? JSONValueEncoder().encode(tasks[index].artifacts)) ?? .array([])
    }

    /// What templates see.
    ///
    /// - Parameter index: the task whose templates they are; `nil` for those of the workflow.
    func scope(_ index: Int?) -> Scope {
        var scope = Scope(task: { task, field in value(of: field, of: task) })
        if let header {
            scope.input = header.input
            scope.workflow = [
                "id": .string(id.text), "name": .string(header.name), "version": .number(JSONNumber(header.version)),
                "workspace": .string(header.workspace.text), "request_id": .string(header.requestID.text),
                "actor": [
                    "id": .string(header.actor.id), "roles": .array(header.actor.roles.map { .string($0) }),
                ],
            ]
        }
        if let index, let origin = tasks[index].origin {
            scope.item = tasks[origin.task].items?[origin.position] ?? .null
            scope.index = .number(JSONNumber(origin.position))
        }
        return scope
    }

    private func value(of field: Expression.TaskField, of task: TaskID) -> JSONValue {
        guard let index = indices[task] else { return .null }
        switch field {
        case .output: return tasks[index].output ?? .null
        case .status: return .string(tasks[index].status.rawValue)
        case .attempt: return .number(JSONNumber(tasks[index].attempt))
        case .artifacts: return records(index)
        case .error:
            guard let error = tasks[index].error else { return .null }
            return ["code": .string(error.code), "message": .string(error.message)]
        }
    }
}

extension TaskError {
    /// A template that has no value.
    init(_ error: ExpressionError) {
        self.init(
            code: "expression_failed", message: "\(error.path), character \(error.offset + 1): \(error.message)",
            permanent: true)
    }
}

extension ExpressionError {
    func placed(at path: String) -> ExpressionError {
        var error = self
        error.path = path
        return error
    }
}
