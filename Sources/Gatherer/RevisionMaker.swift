import Contracts
import Gathering
import JSON
import Objects
import Store

/// Makes messages of what the merge says.
struct RevisionMaker: Sendable {
    let objects: any ObjectStore
    let settings: GathererSettings
    /// As a CloudEvents source.
    let source: String

    /// A revision, ready to be committed and sent.
    struct Revision: Sendable {
        let ticket: Coalescer.Ticket
        let row: ProgressRow
        let message: WireMessage
    }

    func revision(of live: inout LiveGathering, at now: Timestamp) async throws -> Revision {
        let header = live.gathering.header
        let ticket = live.coalescer.next(isClosed: header.isClosed)
        let patch = ticket.isSnapshot ? nil : live.gathering.patch()
        let isSnapshot = patch == nil
        var body = WorkflowProgress(
            workflowID: live.id, revision: ticket.revision, baseRevision: ticket.revision - 1, pane: ticket.pane,
            status: header.status, coverage: header.coverage, confidence: header.confidence,
            conflict: header.conflict, conflictCount: header.conflictCount, unmergedCount: header.unmergedCount,
            tasks: header.tasks, emittedAt: now)
        let content = patch?.json ?? live.gathering.view
        let text = content.serialized(.canonical)
        if isSnapshot { body.snapshotSHA256 = SHA256.hex(text) }
        if text.count > settings.inlineLimit {
            let reference = try await objects.put(text, key: key(live.id, ticket.revision, text))
            if isSnapshot { body.snapshotRef = reference } else { body.patchRef = reference }
        } else if isSnapshot {
            body.snapshot = content
        } else {
            body.patch = content
        }
        if header.isClosed, !live.gathering.missing.isEmpty { body.missing = live.gathering.missing }
        let message = try self.message(
            body, body.route, id: .derived(from: "progress", live.id.text, String(ticket.revision)), at: now)
        let row = ProgressRow(
            workflowID: live.id.text, revision: ticket.revision, isSnapshot: isSnapshot, event: message.body,
            id: message.messageID ?? "", exchange: message.exchange, routingKey: message.routingKey)
        return Revision(ticket: ticket, row: row, message: message)
    }

    /// By its content, so that a replica that loses the race does not overwrite the winner's.
    private func key(_ id: WorkflowID, _ revision: Int, _ text: [UInt8]) throws -> ObjectKey {
        let name = "\(revision)-\(SHA256.digest(text).prefix(8).hex).json"
        guard let key = ObjectKey("progress", id.text, name) else {
            throw ObjectError(code: .notAllowed, reference: name, detail: "not an object's key")
        }
        return key
    }

    /// An artifact that is not merged; told again under the same id whenever its message comes again.
    func complaint(
        of artifact: ArtifactCreated, reason: String, limits: GatherLimits, at now: Timestamp
    ) throws -> WireMessage {
        var body = WorkflowGatherError(
            workflowID: artifact.workflowID, taskID: artifact.taskID, artifact: artifact.name,
            attempt: artifact.attempt, reason: reason, payloadRef: artifact.resultPayloadRef)
        if reason == Rejection.payloadTooLarge.rawValue {
            body.limit = limits.payloadBytes
            body.actual = artifact.bytes
        }
        let id = MessageID.derived(
            from: "gather_error", artifact.workflowID.text, artifact.taskID.text, artifact.name.text,
            String(artifact.attempt), String(artifact.version), reason)
        return try message(body, body.route, id: id, at: now)
    }

    /// A revision as it was sent before.
    func message(_ row: ProgressRow) -> WireMessage {
        Envelope(
            id: MessageID(unchecked: row.id), type: .workflowProgress, source: source, subject: row.workflowID,
            time: Timestamp(milliseconds: row.createdAt), correlationID: row.workflowID, appID: "baton"
        ).message(
            to: Route(exchange: Exchange(rawValue: row.exchange) ?? .workflow, key: row.routingKey), body: row.event)
    }

    private func message(
        _ body: some WorkflowBody, _ route: Route, id: MessageID, at now: Timestamp
    ) throws -> WireMessage {
        Envelope(of: body, id: id, source: source, time: now).message(to: route, body: try body.encoded())
    }
}
