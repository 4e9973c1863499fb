import JSON
import Store

/// 2026-01-05 09:00 UTC.
let monday: Int64 = 1_767_603_600_000

/// A row that makes a workflow, or moves one on by an event.
func workflow(_ id: String, after base: Int = 0, status: String = "running") -> WorkflowRow {
    WorkflowRow(
        id: id, workspace: "default", requestID: "request-\(id)", requestDigest: "digest", name: "deploy", version: 3,
        status: status, seq: base + 1, revision: base, createdAt: monday,
        endedAt: ["succeeded", "failed", "cancelled"].contains(status) ? monday + 1000 : nil,
        plan: base == 0 ? ["tasks": [:]] : nil, input: ["amount": 1.10], actor: ["id": "ada"])
}

func task(_ workflowID: String, _ id: String, status: String = "pending", attempt: Int = 0) -> TaskRow {
    TaskRow(
        workflowID: workflowID, taskID: id, key: id, position: 0, skill: "ledger.check", domain: "payments",
        status: status, attempt: attempt, createdAt: monday,
        endedAt: ["succeeded", "failed", "cancelled", "skipped"].contains(status) ? monday + 500 : nil)
}

func event(_ workflowID: String, _ seq: Int, causation: String? = nil, body: String = "{}") -> EventRow {
    EventRow(
        workflowID: workflowID, seq: seq, id: "event-\(workflowID)-\(seq)", type: "task.dispatched", taskID: "t1",
        attempt: 1,
        causation: causation, actor: "dispatcher", recordedAt: monday + Int64(seq), exchange: "task",
        routingKey: "task.dispatched.payments.ledger.check", body: Array(body.utf8))
}

func gathering(_ workflowID: String, revision: Int = 0, ingestSeq: Int = 0) -> GatheringRow {
    GatheringRow(
        workflowID: workflowID, definition: ["default_reliability": 0.90], ingestSeq: ingestSeq, revision: revision)
}

func artifact(_ workflowID: String, _ name: String, digest: [UInt8] = [1], seq: Int = 1000) -> ArtifactRow {
    ArtifactRow(
        workflowID: workflowID, taskID: "t1", name: name, attempt: 1, seq: seq, digest: digest, domain: "payments",
        skillID: "ledger.check", confidence: "0.90", summary: "balances match", kind: "data",
        mediaType: "application/json", bytes: 2, finishedAt: monday, payload: Array("{}".utf8))
}

func revision(_ workflowID: String, _ number: Int, snapshot: Bool = true) -> ProgressRow {
    ProgressRow(
        workflowID: workflowID, revision: number, isSnapshot: snapshot, event: Array("revision \(number)".utf8),
        id: "\(workflowID)/\(number)", exchange: "workflow", routingKey: "workflow.progress.early.running")
}
