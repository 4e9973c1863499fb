package import JSON

/// Where the merge of a workflow stands.
package struct GatheringRow: Sendable, Equatable {
    package var workflowID: String
    package var definition: JSONValue
    package var status: String
    package var ingestSeq: Int
    package var publishedSeq: Int
    package var revision: Int
    package var closedRevision: Int?
    package var dirtySince: Int64?
    package var closeAt: Int64?
    package var createdAt: Int64
    package var extra: JSONValue?

    package init(
        workflowID: String, definition: JSONValue, status: String = "running", ingestSeq: Int = 0,
        publishedSeq: Int = 0, revision: Int = 0, closedRevision: Int? = nil, dirtySince: Int64? = nil,
        closeAt: Int64? = nil, createdAt: Int64 = 0, extra: JSONValue? = nil
    ) {
        self.workflowID = workflowID
        self.definition = definition
        self.status = status
        self.ingestSeq = ingestSeq
        self.publishedSeq = publishedSeq
        self.revision = revision
        self.closedRevision = closedRevision
        self.dirtySince = dirtySince
        self.closeAt = closeAt
        self.createdAt = createdAt
        self.extra = extra
    }
}

/// What a gathering knows of a task.
package struct GatheringTaskRow: Sendable, Equatable {
    package var workflowID: String
    package var taskID: String
    package var planIndex: Int?
    package var weight: Int
    package var domain: String?
    package var epoch: Int
    package var endState: String?
    package var manifest: [String]
    package var extra: JSONValue?

    package init(
        workflowID: String, taskID: String, planIndex: Int? = nil, weight: Int = 1, domain: String? = nil,
        epoch: Int = 1, endState: String? = nil, manifest: [String] = [], extra: JSONValue? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.planIndex = planIndex
        self.weight = weight
        self.domain = domain
        self.epoch = epoch
        self.endState = endState
        self.manifest = manifest
        self.extra = extra
    }
}

/// An artifact as it arrived.
package struct ArtifactRow: Sendable, Equatable {
    package var workflowID: String
    package var taskID: String
    package var name: String
    package var attempt: Int
    package var seq: Int
    package var digest: [UInt8]
    package var domain: String
    package var skillID: String
    /// A decimal number, with its digits.
    package var confidence: String?
    package var summary: String?
    package var kind: String?
    package var mediaType: String?
    package var bytes: Int?
    package var sha256: String?
    package var startedAt: Int64?
    package var finishedAt: Int64?
    package var payloadRef: String?
    /// Bytes: one that was rejected may be no JSON at all.
    package var payload: [UInt8]?
    /// Why it is not merged.
    package var rejected: String?
    /// When to fetch its payload again.
    package var retryAt: Int64?
    package var receivedAt: Int64

    package init(
        workflowID: String, taskID: String, name: String, attempt: Int, seq: Int, digest: [UInt8], domain: String,
        skillID: String, confidence: String? = nil, summary: String? = nil, kind: String? = nil,
        mediaType: String? = nil, bytes: Int? = nil, sha256: String? = nil, startedAt: Int64? = nil,
        finishedAt: Int64? = nil, payloadRef: String? = nil, payload: [UInt8]? = nil, rejected: String? = nil,
        retryAt: Int64? = nil, receivedAt: Int64 = 0
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.name = name
        self.attempt = attempt
        self.seq = seq
        self.digest = digest
        self.domain = domain
        self.skillID = skillID
        self.confidence = confidence
        self.summary = summary
        self.kind = kind
        self.mediaType = mediaType
        self.bytes = bytes
        self.sha256 = sha256
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.payloadRef = payloadRef
        self.payload = payload
        self.rejected = rejected
        self.retryAt = retryAt
        self.receivedAt = receivedAt
    }
}

/// A revision of a workflow's result: history and outbox in one.
package struct ProgressRow: Sendable, Equatable {
    package var workflowID: String
    package var revision: Int
    package var isSnapshot: Bool
    /// The body as published.
    package var event: [UInt8]
    package var id: String
    package var exchange: String
    package var routingKey: String
    package var createdAt: Int64
    package var confirmedAt: Int64?

    package init(
        workflowID: String, revision: Int, isSnapshot: Bool, event: [UInt8], id: String, exchange: String,
        routingKey: String, createdAt: Int64 = 0, confirmedAt: Int64? = nil
    ) {
        self.workflowID = workflowID
        self.revision = revision
        self.isSnapshot = isSnapshot
        self.event = event
        self.id = id
        self.exchange = exchange
        self.routingKey = routingKey
        self.createdAt = createdAt
        self.confirmedAt = confirmedAt
    }
}
