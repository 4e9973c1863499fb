package import JSON

/// What kind of thing an artifact is.
package enum ArtifactKind: String, Codable, Sendable, CaseIterable {
    case document, file, url, pullRequest = "pull_request", data
}

/// What a task says of one of its artifacts: the contract's record.
package struct ArtifactRecord: Codable, Equatable, Sendable {
    package var name: ArtifactName
    /// A fuller version has a higher one; left out it is 1,000 × delivery.
    package var seq: Int?
    package var kind: ArtifactKind?
    package var mediaType: String?
    package var bytes: Int?
    /// In hexadecimal.
    package var sha256: String?
    package var resultSummary: String?
    /// Where the payload lies: `file:` or `s3:`.
    package var resultPayloadRef: String?
    /// A number, with its exact digits.
    package var confidence: JSONNumber?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// Of a text document: its headings, in order. Gates look at them.
    package var sections: [String]?
    /// A small artifact that is told of here and nowhere else: it has no `artifact.created` of its own.
    package var payload: JSONValue?

    package init(
        name: ArtifactName, seq: Int? = nil, kind: ArtifactKind? = nil, mediaType: String? = nil, bytes: Int? = nil,
        sha256: String? = nil, resultSummary: String? = nil, resultPayloadRef: String? = nil,
        confidence: JSONNumber? = nil, startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil,
        sections: [String]? = nil, payload: JSONValue? = nil
    ) {
        self.name = name
        self.seq = seq
        self.kind = kind
        self.mediaType = mediaType
        self.bytes = bytes
        self.sha256 = sha256
        self.resultSummary = resultSummary
        self.resultPayloadRef = resultPayloadRef
        self.confidence = confidence
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.sections = sections
        self.payload = payload
    }

    enum CodingKeys: String, CodingKey {
        case name, seq, kind, bytes, sha256, confidence, sections, payload
        case mediaType = "media_type"
        case resultSummary = "result_summary"
        case resultPayloadRef = "result_payload_ref"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
    }
}

/// The artifact contract: what a task found, with the payload itself when it is small.
package struct ArtifactCreated: TaskBody, RoutedBody {
    package static let type = MessageType.artifactCreated

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var attempt: Int
    package var executor: ExecutorID?
    package var delivery: Int?
    package var skillID: SkillID
    package var runnerDomain: DomainName
    package var name: ArtifactName
    /// A fuller version has a higher one; left out it is 1,000 × delivery.
    package var seq: Int?
    package var kind: ArtifactKind
    package var mediaType: String
    /// Of the payload as it lies in the store.
    package var bytes: Int?
    /// Of the payload as it lies in the store, in hexadecimal.
    package var sha256: String?
    package var resultSummary: String
    /// Where the payload lies when it is not here: `file:` or `s3:`.
    package var resultPayloadRef: String?
    /// A JSON object of at most 32 KiB.
    package var payload: JSONValue?
    /// A number, with its exact digits.
    package var confidence: JSONNumber
    package var startedAt: Timestamp
    package var finishedAt: Timestamp

    package init(
        workflowID: WorkflowID, taskID: TaskID, attempt: Int, executor: ExecutorID? = nil, delivery: Int? = nil,
        skillID: SkillID, runnerDomain: DomainName, name: ArtifactName, seq: Int? = nil, kind: ArtifactKind = .data,
        mediaType: String = "application/json", bytes: Int? = nil, sha256: String? = nil, resultSummary: String,
        resultPayloadRef: String? = nil, payload: JSONValue? = nil, confidence: JSONNumber, startedAt: Timestamp,
        finishedAt: Timestamp
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.attempt = attempt
        self.executor = executor
        self.delivery = delivery
        self.skillID = skillID
        self.runnerDomain = runnerDomain
        self.name = name
        self.seq = seq
        self.kind = kind
        self.mediaType = mediaType
        self.bytes = bytes
        self.sha256 = sha256
        self.resultSummary = resultSummary
        self.resultPayloadRef = resultPayloadRef
        self.payload = payload
        self.confidence = confidence
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    enum CodingKeys: String, CodingKey {
        case attempt, executor, delivery, name, seq, kind, bytes, sha256, payload, confidence
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case skillID = "skill_id"
        case runnerDomain = "runner_domain"
        case mediaType = "media_type"
        case resultSummary = "result_summary"
        case resultPayloadRef = "result_payload_ref"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        workflowID = try members.decode(WorkflowID.self, forKey: .workflowID)
        taskID = try members.decode(TaskID.self, forKey: .taskID)
        attempt = try members.decode(Int.self, forKey: .attempt)
        executor = try members.decodeIfPresent(ExecutorID.self, forKey: .executor)
        delivery = try members.decodeIfPresent(Int.self, forKey: .delivery)
        skillID = try members.decode(SkillID.self, forKey: .skillID)
        runnerDomain = try members.decode(DomainName.self, forKey: .runnerDomain)
        name = try members.decode(ArtifactName.self, forKey: .name)
        seq = try members.decodeIfPresent(Int.self, forKey: .seq)
        kind = try members.decodeIfPresent(ArtifactKind.self, forKey: .kind) ?? .data
        mediaType = try members.decodeIfPresent(String.self, forKey: .mediaType) ?? "application/json"
        bytes = try members.decodeIfPresent(Int.self, forKey: .bytes)
        sha256 = try members.decodeIfPresent(String.self, forKey: .sha256)
        resultSummary = try members.decode(String.self, forKey: .resultSummary)
        resultPayloadRef = try members.decodeIfPresent(String.self, forKey: .resultPayloadRef)
        payload = try members.decodeIfPresent(JSONValue.self, forKey: .payload)
        confidence = try members.decode(JSONNumber.self, forKey: .confidence)
        startedAt = try members.decode(Timestamp.self, forKey: .startedAt)
        finishedAt = try members.decode(Timestamp.self, forKey: .finishedAt)
    }

    package var route: Route { .task(Self.type, domain: runnerDomain, skill: skillID) }
}

/// An artifact that cannot be merged, and why.
package struct WorkflowGatherError: TaskBody, RoutedBody {
    package static let type = MessageType.workflowGatherError

    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var artifact: ArtifactName
    package var attempt: Int
    /// Such as `payload_too_large`.
    package var reason: String
    package var limit: Int?
    package var actual: Int?
    package var payloadRef: String?

    package init(
        workflowID: WorkflowID, taskID: TaskID, artifact: ArtifactName, attempt: Int, reason: String, limit: Int? = nil,
        actual: Int? = nil, payloadRef: String? = nil
    ) {
        self.workflowID = workflowID
        self.taskID = taskID
        self.artifact = artifact
        self.attempt = attempt
        self.reason = reason
        self.limit = limit
        self.actual = actual
        self.payloadRef = payloadRef
    }

    enum CodingKeys: String, CodingKey {
        case artifact, attempt, reason, limit, actual
        case workflowID = "workflow_id"
        case taskID = "task_id"
        case payloadRef = "payload_ref"
    }

    package var route: Route { .workflow(Self.type) }
}

/// Where a revision stands to the close of its workflow.
package enum Pane: String, Codable, Sendable, CaseIterable {
    case early, onTime = "on_time", late
}

/// How a workflow stands, as the gatherer tells it.
package enum ProgressStatus: String, Codable, Sendable, CaseIterable {
    case running, succeeded, failed, cancelled
}

/// How many tasks a revision speaks of.
package struct ProgressTasks: Codable, Equatable, Sendable {
    package var expected: Int
    package var reported: Int
    package var settled: Int
    package var failed: Int

    package init(expected: Int, reported: Int, settled: Int, failed: Int) {
        self.expected = expected
        self.reported = reported
        self.settled = settled
        self.failed = failed
    }
}

/// One revision of the merged result; exactly one of `patch`, `snapshot` and their references.
package struct WorkflowProgress: WorkflowBody, RoutedBody {
    package static let type = MessageType.workflowProgress

    package var version: Int
    package var workflowID: WorkflowID
    package var revision: Int
    package var baseRevision: Int
    package var pane: Pane
    package var status: ProgressStatus
    package var coverage: Score
    package var confidence: Score
    package var conflict: Score
    package var conflictCount: Int
    package var unmergedCount: Int
    package var tasks: ProgressTasks
    package var emittedAt: Timestamp
    /// RFC 6902, against `base_revision`.
    package var patch: JSONValue?
    /// The whole view.
    package var snapshot: JSONValue?
    package var patchRef: String?
    package var snapshotRef: String?
    /// Of the snapshot's canonical text, in hexadecimal.
    package var snapshotSHA256: String?
    /// Artifacts that were named but never came: `task/name`.
    package var missing: [String]?

    package init(
        version: Int = 1, workflowID: WorkflowID, revision: Int, baseRevision: Int, pane: Pane, status: ProgressStatus,
        coverage: Score, confidence: Score, conflict: Score, conflictCount: Int, unmergedCount: Int,
        tasks: ProgressTasks, emittedAt: Timestamp, patch: JSONValue? = nil, snapshot: JSONValue? = nil,
        patchRef: String? = nil, snapshotRef: String? = nil, snapshotSHA256: String? = nil, missing: [String]? = nil
    ) {
        self.version = version
        self.workflowID = workflowID
        self.revision = revision
        self.baseRevision = baseRevision
        self.pane = pane
        self.status = status
        self.coverage = coverage
        self.confidence = confidence
        self.conflict = conflict
        self.conflictCount = conflictCount
        self.unmergedCount = unmergedCount
        self.tasks = tasks
        self.emittedAt = emittedAt
        self.patch = patch
        self.snapshot = snapshot
        self.patchRef = patchRef
        self.snapshotRef = snapshotRef
        self.snapshotSHA256 = snapshotSHA256
        self.missing = missing
    }

    enum CodingKeys: String, CodingKey {
        case version, revision, pane, status, coverage, confidence, conflict, tasks, patch, snapshot, missing
        case workflowID = "workflow_id"
        case baseRevision = "base_revision"
        case conflictCount = "conflict_count"
        case unmergedCount = "unmerged_count"
        case emittedAt = "emitted_at"
        case patchRef = "patch_ref"
        case snapshotRef = "snapshot_ref"
        case snapshotSHA256 = "snapshot_sha256"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        version = try members.decodeIfPresent(Int.self, forKey: .version) ?? 1
        workflowID = try members.decode(WorkflowID.self, forKey: .workflowID)
        revision = try members.decode(Int.self, forKey: .revision)
        baseRevision = try members.decode(Int.self, forKey: .baseRevision)
        pane = try members.decode(Pane.self, forKey: .pane)
        status = try members.decode(ProgressStatus.self, forKey: .status)
        coverage = try members.decode(Score.self, forKey: .coverage)
        confidence = try members.decode(Score.self, forKey: .confidence)
        conflict = try members.decode(Score.self, forKey: .conflict)
        conflictCount = try members.decode(Int.self, forKey: .conflictCount)
        unmergedCount = try members.decode(Int.self, forKey: .unmergedCount)
        tasks = try members.decode(ProgressTasks.self, forKey: .tasks)
        emittedAt = try members.decode(Timestamp.self, forKey: .emittedAt)
        patch = try members.decodeIfPresent(JSONValue.self, forKey: .patch)
        snapshot = try members.decodeIfPresent(JSONValue.self, forKey: .snapshot)
        patchRef = try members.decodeIfPresent(String.self, forKey: .patchRef)
        snapshotRef = try members.decodeIfPresent(String.self, forKey: .snapshotRef)
        snapshotSHA256 = try members.decodeIfPresent(String.self, forKey: .snapshotSHA256)
        missing = try members.decodeIfPresent([String].self, forKey: .missing)
    }

    package var route: Route { .progress(pane, status) }
}
