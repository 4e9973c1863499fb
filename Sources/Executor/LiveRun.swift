package import Contracts
import JSON
package import Objects

/// One run of an attempt while it is under way: says what it does, in order, and keeps what it has said.
package actor LiveRun: RunEvents {
    package nonisolated let order: TaskDispatched
    /// The id of the order's message: what everything here is caused by.
    let causation: MessageID?
    /// How often the broker had delivered the order before.
    package nonisolated let delivery: Int
    private let voice: Voice
    private let objects: any ObjectStore
    private let startedAt: Timestamp
    private let limits: RunLimits
    /// The broker still counts on us for the order.
    private let isWanted: @Sendable () -> Bool

    private(set) var records: [ArtifactRecord] = []
    private var version: Int
    private var progress: (share: Double?, message: String?) = (nil, nil)
    private var lines: [LogLine] = []
    private var linesSeen = 0
    private var shipping: Task<Void, Never>?
    private var isStartSaid = false
    /// Bytes of payloads that wait for the end.
    private var broughtAlong = 0

    package init(
        _ order: TaskDispatched, causation: MessageID?, delivery: Int, voice: Voice, objects: any ObjectStore,
        limits: RunLimits = RunLimits(), isWanted: @escaping @Sendable () -> Bool
    ) {
        self.order = order
        self.causation = causation
        self.delivery = delivery
        self.voice = voice
        self.objects = objects
        self.limits = limits
        self.isWanted = isWanted
        startedAt = voice.now()
        // A second run of an attempt has higher versions than the one that died.
        version = ArtifactCreated.firstVersion(delivery: delivery)
    }

    // MARK: Of the run as a whole

    package func start() async -> Bool {
        isStartSaid = true
        return await say(
            TaskStarted(
                workflowID: order.workflowID, taskID: order.taskID, attempt: order.attempt, executor: voice.executor,
                delivery: delivery))
    }

    package func beat() async {
        let (share, message) = progress
        await voice.mention(
            TaskHeartbeat(
                workflowID: order.workflowID, taskID: order.taskID, attempt: order.attempt, executor: voice.executor,
                delivery: delivery, progress: share, message: message), of: order, causation: causation)
    }

    package func complete(_ result: RunResult) async -> Bool {
        await shipping?.value
        return await say(
            TaskCompleted(
                workflowID: order.workflowID, taskID: order.taskID, attempt: order.attempt, executor: voice.executor,
                delivery: delivery, startedAt: isStartSaid ? nil : startedAt, output: result.output,
                artifacts: records, expansion: result.expansion))
    }

    package func fail(_ failure: RunFailure) async -> Bool {
        await shipping?.value
        return await say(
            TaskFailed(
                workflowID: order.workflowID, taskID: order.taskID, attempt: order.attempt, executor: voice.executor,
                delivery: delivery, error: failure.error))
    }

    private func say(_ body: some WorkflowBody) async -> Bool {
        await voice.say([body], of: order, causation: causation, while: isWanted)
    }

    // MARK: RunEvents

    func progress(_ share: Double?, _ message: String?) async {
        progress = (share.map { min(max($0, 0), 1) } ?? progress.share, message ?? progress.message)
    }

    func log(_ level: LogLevel, _ text: String) async {
        linesSeen += 1
        guard linesSeen <= limits.logLines else { return }
        let text =
            linesSeen < limits.logLines
            ? String(text.prefix(8000)) : "more than \(limits.logLines) lines: the rest is left out"
        lines.append(LogLine(at: voice.now(), level: level, text: text))
        if shipping == nil { shipping = Task { await ship() } }
    }

    /// Ships whatever was written while the lines before were on their way.
    private func ship() async {
        while !lines.isEmpty {
            let batch = Array(lines.prefix(100))
            lines.removeFirst(batch.count)
            await voice.mention(
                TaskLog(
                    workflowID: order.workflowID, taskID: order.taskID, attempt: order.attempt,
                    executor: voice.executor, delivery: delivery, lines: batch), of: order, causation: causation)
        }
        shipping = nil
    }

    package func artifact(_ draft: ArtifactDraft) async throws(RunFailure) {
        try await publish(try await next(draft), draft)
    }

    /// What a run has found at its end is told with it, while all of that is small: one message less.
    package func lastArtifact(_ draft: ArtifactDraft) async throws(RunFailure) {
        let artifact = try await next(draft)
        guard let bytes = artifact.bytes, broughtAlong + bytes <= PayloadLimit.withEnd, draft.payload.object != nil
        else { return try await publish(artifact, draft) }
        broughtAlong += bytes
        record(artifact, draft, payload: artifact.payload)
    }

    private func publish(_ artifact: ArtifactCreated, _ draft: ArtifactDraft) async throws(RunFailure) {
        guard await say(artifact) else {
            throw RunFailure(code: "order_lost", message: "the order went back to the broker")
        }
        record(artifact, draft)
    }

    private func next(_ draft: ArtifactDraft) async throws(RunFailure) -> ArtifactCreated {
        guard version - ArtifactCreated.firstVersion(delivery: delivery) < min(limits.artifacts, 999) else {
            throw RunFailure(
                code: "too_many_artifacts", message: "more than \(limits.artifacts) artifacts", isPermanent: true)
        }
        version += 1
        return try await contract(draft, version: version)
    }

    private func record(_ artifact: ArtifactCreated, _ draft: ArtifactDraft, payload: JSONValue? = nil) {
        records.removeAll { $0.name == artifact.name }
        var record = ArtifactRecord(of: artifact)
        record.sections = draft.sections
        record.payload = payload
        records.append(record)
    }

    /// The artifact as the contract has it: small payloads travel along, larger ones lie in the object store.
    private func contract(_ draft: ArtifactDraft, version: Int) async throws(RunFailure) -> ArtifactCreated {
        let bytes = draft.payload.serialized()
        var artifact = ArtifactCreated(
            workflowID: order.workflowID, taskID: order.taskID, attempt: order.attempt, executor: voice.executor,
            delivery: delivery, skillID: order.skillID, runnerDomain: order.runnerDomain, name: draft.name,
            seq: version, kind: draft.kind, mediaType: draft.mediaType, bytes: bytes.count,
            sha256: SHA256.digest(bytes).hex, resultSummary: String(draft.summary.prefix(2000)),
            confidence: draft.confidence, startedAt: startedAt, finishedAt: voice.now())
        if bytes.count <= PayloadLimit.inline {
            artifact.payload = draft.payload
        } else {
            let key = ObjectKey(
                order.workflowID.text, order.taskID.text, String(order.attempt), "\(draft.name)-\(version).json")
            guard let key else { throw RunFailure(code: "object_key", message: "`\(draft.name)` is no file's name") }
            do throws(ObjectError) {
                artifact.resultPayloadRef = try await objects.put(bytes, key: key)
            } catch {
                throw RunFailure(code: "object_store", message: "\(error.reference): \(error.detail)")
            }
        }
        return artifact
    }
}

/// How large a payload may be that travels in its message; larger ones lie in the object store.
enum PayloadLimit {
    static let inline = 32 << 10
    /// All of those that are told with the end of their run, whose message is kept in the history.
    static let withEnd = 4 << 10
}

/// How much a run may say.
package struct RunLimits: Sendable {
    var logLines = 10_000
    var artifacts = 1000

    init(logLines: Int, artifacts: Int) {
        self.logLines = logLines
        self.artifacts = artifacts
    }

    package init() {}
}

extension SkillHandler {
    /// What its file allows; `nil` for the usual.
    var limits: RunLimits? {
        guard case .command(let rule) = self else { return nil }
        return RunLimits(logLines: rule.logLimit, artifacts: rule.artifactLimit)
    }
}

extension ArtifactRecord {
    fileprivate init(of artifact: ArtifactCreated) {
        self.init(
            name: artifact.name, seq: artifact.seq, kind: artifact.kind, mediaType: artifact.mediaType,
            bytes: artifact.bytes, sha256: artifact.sha256, resultSummary: artifact.resultSummary,
            resultPayloadRef: artifact.resultPayloadRef, confidence: artifact.confidence,
            startedAt: artifact.startedAt, finishedAt: artifact.finishedAt)
    }
}
