import Contracts
import Foundation
import Gathering
import Handover
import JSON
import Logging
import Objects
import Postgres
import Relay
import Store
import TestSupport
import Testing

@testable import Gatherer

/// A workflow with its tasks in the database, and replicas of the gatherer that work on it, without a broker.
struct Workbench: Sendable {
    let store: Store
    let objects: MemoryObjects
    let workflow: WorkflowID

    static let settings: GathererSettings = {
        var settings = GathererSettings()
        // What is dirty is due.
        settings.coalescing = Coalescer.Settings(linger: .zero, interval: .zero, urgent: .zero)
        settings.fetchAgainAfter = .zero
        settings.abandonedAfter = .zero
        settings.overdueAfter = .zero
        return settings
    }()

    func desk(_ change: (inout GathererSettings) -> Void = { _ in }) -> GatherDesk {
        var settings = Self.settings
        change(&settings)
        return GatherDesk(
            store: store, objects: objects, settings: settings, source: "/gatherer/test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}

func withWorkbench(
    tasks: [String] = ["t0", "t1", "t2"], gather: JSONValue = [:], _ body: (Workbench) async throws -> Void
) async throws {
    try await withStore { store in
        let workflow = WorkflowID(unchecked: "wf-\(UInt64.random(in: .min ... .max))")
        let bench = Workbench(store: store, objects: MemoryObjects(), workflow: workflow)
        try await bench.plan(tasks, gather: gather)
        try await body(bench)
    }
}

extension Workbench {
    static let monday: Int64 = 1_767_603_600_000

    /// Writes the dispatcher's rows.
    func plan(_ tasks: [String], gather: JSONValue = [:]) async throws {
        _ = try await store.commit(
            Changes(
                workflows: [
                    WorkflowRow(
                        id: workflow.text, workspace: "default", requestID: "r-\(workflow)", requestDigest: "d",
                        name: "check", version: 1, status: "running", seq: 1, revision: 0, createdAt: Self.monday,
                        plan: [
                            "tasks": .object(
                                JSONObject(tasks.enumerated().map { ($1, ["weight": .number(JSONNumber($0 + 1))]) }))
                        ], input: [:],
                        actor: ["id": "ada"], gather: gather)
                ],
                tasks: tasks.enumerated().map { row($1, position: $0, status: "running", attempt: 1) }))
    }

    /// Changes the dispatcher's rows, as it does before it says that the workflow has ended.
    func settle(_ tasks: [(id: String, status: String, attempt: Int)], revision: Int = 1) async throws {
        let outcome = try await store.commit(
            Changes(
                workflows: [
                    WorkflowRow(
                        id: workflow.text, workspace: "default", requestID: "r-\(workflow)", requestDigest: "d",
                        name: "check", version: 1, status: "running", seq: 1, revision: revision,
                        createdAt: Self.monday)
                ],
                tasks: tasks.enumerated().map {
                    row($1.id, position: $0, status: $1.status, attempt: $1.attempt)
                }))
        #expect(outcome.lost.isEmpty)
    }

    private func row(_ id: String, position: Int, status: String, attempt: Int) -> TaskRow {
        TaskRow(
            workflowID: workflow.text, taskID: id, key: id, position: position, skill: "ledger.check",
            domain: "payments",
            status: status, attempt: attempt, createdAt: Self.monday,
            endedAt: ["succeeded", "failed", "cancelled", "skipped"].contains(status) ? Self.monday + 500 : nil)
    }

    // MARK: messages

    func artifact(
        _ task: String, _ payload: JSONValue?, name: String = "result", attempt: Int = 1, seq: Int = 0,
        confidence: String = "0.9", domain: String = "payments", reference: String? = nil, sha256: String? = nil,
        bytes: Int? = nil, mediaType: String = "application/json"
    ) throws -> WireMessage {
        let body = ArtifactCreated(
            workflowID: workflow, taskID: TaskID(unchecked: task), attempt: attempt,
            skillID: SkillID(unchecked: "ledger.check"), runnerDomain: DomainName(unchecked: domain),
            name: ArtifactName(unchecked: name), seq: seq, kind: .data, mediaType: mediaType, bytes: bytes,
            sha256: sha256, resultSummary: "found", resultPayloadRef: reference, payload: payload,
            confidence: JSONNumber(uncheckedLiteral: confidence),
            startedAt: Timestamp(milliseconds: Self.monday), finishedAt: Timestamp(milliseconds: Self.monday + 1000))
        return try wire(body, .task(.artifactCreated, domain: body.runnerDomain, skill: body.skillID))
    }

    func completed(_ task: String, attempt: Int = 1, artifacts: [String] = ["result"]) throws -> WireMessage {
        try wire(
            TaskCompleted(
                workflowID: workflow, taskID: TaskID(unchecked: task), attempt: attempt, output: .null,
                artifacts: artifacts.map { ArtifactRecord(name: ArtifactName(unchecked: $0)) }),
            .task(.taskCompleted, domain: DomainName(unchecked: "payments"), skill: SkillID(unchecked: "ledger.check")))
    }

    /// - Parameter payload: of a small artifact that has no message of its own.
    func completed(_ task: String, bringing payload: JSONValue, under key: Route? = nil) throws -> WireMessage {
        let record = ArtifactRecord(
            name: ArtifactName(unchecked: "result"), seq: 0, resultSummary: "found",
            confidence: JSONNumber(uncheckedLiteral: "0.9"), startedAt: Timestamp(milliseconds: Self.monday),
            finishedAt: Timestamp(milliseconds: Self.monday + 1000), payload: payload)
        return try wire(
            TaskCompleted(
                workflowID: workflow, taskID: TaskID(unchecked: task), attempt: 1, output: .null, artifacts: [record]),
            key
                ?? .task(
                    .taskCompleted, domain: DomainName(unchecked: "payments"), skill: SkillID(unchecked: "ledger.check")
                ))
    }

    func retrying(_ task: String, attempt: Int = 1) throws -> WireMessage {
        let body = TaskRetrying(
            workflowID: workflow, taskID: TaskID(unchecked: task), attempt: attempt,
            dueAt: Timestamp(milliseconds: Self.monday), error: TaskError(code: "timed_out", message: "too slow"))
        return try wire(body, body.route)
    }

    func ended(_ status: WorkflowOutcome = .succeeded) throws -> WireMessage {
        let body = WorkflowCompleted(workflowID: workflow, status: status)
        return try wire(body, body.route)
    }

    private func wire(_ body: some WorkflowBody, _ route: Route) throws -> WireMessage {
        Envelope(of: body, id: .random(at: .now), source: "/test", time: .now).message(
            to: route, body: try body.encoded())
    }

    // MARK: what came out

    /// What was published, and what following it shows.
    func published() async throws -> (revisions: [WorkflowProgress], follower: ProgressFollower) {
        var follower = ProgressFollower()
        var revisions: [WorkflowProgress] = []
        for row in try await store.progress(of: workflow.text, after: 0) {
            var body = try JSONValueDecoder().decode(WorkflowProgress.self, from: JSONReader.parse(row.event))
            if let reference = body.snapshotRef { body.snapshot = try await objects.json(reference) }
            if let reference = body.patchRef { body.patch = try await objects.json(reference) }
            #expect(follower.take(body) == .advanced, "revision \(body.revision)")
            revisions.append(body)
        }
        #expect(revisions.map(\.revision) == Array(1..<(revisions.count + 1)), "gapless")
        return (revisions, follower)
    }
}

extension GatherDesk {
    /// Takes messages in.
    ///
    /// - Returns: what became of each.
    @discardableResult
    func take(_ messages: WireMessage...) async throws -> [Outcome<WireMessage>] { try await take(messages) }

    @discardableResult
    func take(_ messages: [WireMessage]) async throws -> [Outcome<WireMessage>] {
        let batch = messages.enumerated().map { Received(id: UInt64($0), queue: "gatherer.0", message: $1) }
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        // One without an outcome is handed in again, as the relay does.
        while outcomes.count < batch.count {
            outcomes.merge(try await handle(batch.filter { outcomes[$0.id] == nil })) { first, _ in first }
        }
        return batch.compactMap { outcomes[$0.id] }
    }

    /// Publishes what is due and has the broker confirm it.
    func publish() async throws {
        try await makeRevisions()
        let sent = takeUnsent()
        settle(sent, confirmed: sent.map { _ in true })
        try await recordConfirmed()
    }
}

/// An object store that can be away.
actor MemoryObjects: ObjectStore {
    private var objects: [String: [UInt8]] = [:]
    var isAway = false

    func setAway(_ isAway: Bool) { self.isAway = isAway }

    func put(_ content: [UInt8], key: ObjectKey) async throws(ObjectError) -> String {
        let reference = "file:" + key.path
        if isAway { throw ObjectError(code: .unavailable, reference: reference, detail: "away") }
        objects[reference] = content
        return reference
    }

    func get(_ reference: String, limit: Int) async throws(ObjectError) -> [UInt8] {
        if isAway { throw ObjectError(code: .unavailable, reference: reference, detail: "away") }
        guard let content = objects[reference] else {
            throw ObjectError(code: .notFound, reference: reference, detail: "no such object")
        }
        return content
    }

    func json(_ reference: String) async throws -> JSONValue {
        try JSONReader.parse(try await get(reference, limit: .max), limits: JSONLimits(bytes: .max, keys: .max))
    }
}
