import JSON
import Store

extension WorkflowSummary {
    var title: String { name + (version.map { $0 > 0 ? "@\($0)" : "" } ?? "") }

    var json: JSONValue {
        [
            "workflow_id": .string(id), "workspace": .string(workspace), "request_id": .string(requestID),
            "name": .string(name), "version": .orNull(version), "status": .string(status),
            "priority": .number(JSONNumber(priority)), "parent_id": .orNull(parentID),
            "created_at": Moment.json(createdAt), "ended_at": Moment.json(endedAt),
            "tasks": .number(JSONNumber(tasks)), "tasks_ended": .number(JSONNumber(tasksEnded)),
        ]
    }
}

extension WorkflowRow {
    var title: String { name + (version.map { $0 > 0 ? "@\($0)" : "" } ?? "") }
}

extension StoredWorkflow {
    var json: JSONValue {
        [
            "workflow_id": .string(row.id), "workspace": .string(row.workspace), "request_id": .string(row.requestID),
            "name": .string(row.name), "version": .orNull(row.version), "status": .string(row.status),
            "priority": .number(JSONNumber(row.priority)), "created_at": Moment.json(row.createdAt),
            "ended_at": Moment.json(row.endedAt), "actor": row.actor ?? .null, "input": row.input ?? .null,
            "output": row.output ?? .null, "error": row.error ?? .null, "parent_id": .orNull(row.parentID),
            "parent_task": .orNull(row.parentTask), "phase": .orNull(currentPhase?.name),
            "phases": .array(phases.map(\.json)), "tasks": .array(tasks.map(task) + pending),
        ]
    }

    private func task(_ row: TaskRow) -> JSONValue {
        var task = row.json.object ?? JSONObject()
        task["phase"] = .orNull(phase(of: row.taskID))
        return .object(task)
    }

    /// Tasks of the plan that have no row yet.
    private var pending: [JSONValue] {
        let present = Set(tasks.map(\.taskID))
        return (row.plan?["tasks"]?.object?.members ?? []).filter { !present.contains($0.name) }.map { member in
            [
                "task_id": .string(member.name), "skill_id": member.value["skill"] ?? .null,
                "runner_domain": member.value["domain"] ?? .null, "status": "pending", "attempt": 0,
                "phase": member.value["phase"] ?? .null,
            ]
        }
    }
}

extension TaskRow {
    var json: JSONValue {
        [
            "task_id": .string(taskID), "skill_id": .orNull(skill), "runner_domain": .orNull(domain),
            "status": .string(status), "status_reason": .orNull(statusReason), "attempt": .number(JSONNumber(attempt)),
            "executor": .orNull(executor), "dispatched_at": Moment.json(dispatchedAt),
            "started_at": Moment.json(startedAt),
            "ended_at": Moment.json(endedAt), "output": output ?? .null, "error": error ?? .null,
        ]
    }
}

extension EventRow {
    private var data: JSONValue { (try? JSONReader.parse(body, limits: .view)) ?? .null }

    var json: JSONValue {
        [
            "seq": .number(JSONNumber(seq)), "id": .string(id), "type": .string(type), "task_id": .orNull(taskID),
            "attempt": .orNull(attempt), "causation": .orNull(causation), "actor": .orNull(actor),
            "recorded_at": Moment.json(recordedAt), "data": data,
        ]
    }

    /// What a person wants to know of it, in one line.
    var gist: String {
        let data = self.data
        switch type {
        case "task.failed", "task.retrying": return data["error"]?["message"]?.string ?? ""
        case "task.dispatched": return data["skill_id"]?.string ?? ""
        case "task.completed":
            let names = data["artifacts"]?.array?.compactMap { $0["name"]?.string } ?? []
            return names.isEmpty ? "" : "artifacts " + names.joined(separator: ", ")
        case "workflow.completed": return data["status"]?.string ?? ""
        default: return data["reason"]?.string ?? ""
        }
    }
}

extension ArtifactRow {
    var json: JSONValue {
        [
            "task_id": .string(taskID), "name": .string(name), "attempt": .number(JSONNumber(attempt)),
            "seq": .number(JSONNumber(seq)), "runner_domain": .string(domain), "skill_id": .string(skillID),
            "kind": .orNull(kind), "media_type": .orNull(mediaType), "bytes": .orNull(bytes), "sha256": .orNull(sha256),
            "confidence": confidence.flatMap { JSONNumber(literal: $0) }.map { .number($0) } ?? .null,
            "result_summary": .orNull(summary), "result_payload_ref": .orNull(payloadRef),
            "rejected": .orNull(rejected),
            "received_at": Moment.json(receivedAt),
            "payload": payload.flatMap { try? JSONReader.parse($0, limits: .view) } ?? .null,
        ]
    }
}

extension JSONValue {
    static func orNull(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    static func orNull(_ number: Int?) -> JSONValue { number.map { .number(JSONNumber($0)) } ?? .null }
}
