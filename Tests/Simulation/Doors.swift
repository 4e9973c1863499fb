import AMQP
import Contracts
import Dispatcher
import Gatherer
import JSON
import Objects
import Planner
import Postgres
import Relay
import Store

/// The database as one life of a process sees it: refused, cut off, or with another's turn in between.
final class SimulatedStore: DispatcherStore, GathererStore, @unchecked Sendable {  // one logical thread
    private let process: SimulatedProcess
    private let life: Int
    private var world: World { process.world }
    private var database: SimulatedDatabase { process.world.database }

    init(_ process: SimulatedProcess) {
        self.process = process
        life = process.incarnation
    }

    private var isAlive: Bool { process.isAlive && process.incarnation == life }

    private func read<Value>(_ what: String, _ body: () throws -> Value) async throws -> Value {
        guard isAlive else { throw PostgresError(.connectionLost, what, "the process is dead") }
        if world.roll(.crashInCall, oneIn: 400) {
            world.hit(.crashInCall, "\(process.name) dies before its \(what)")
            process.crash()
            throw PostgresError(.connectionLost, what, "the process died")
        }
        if world.roll(.refuseCommit, oneIn: 150) {
            world.hit(.refuseCommit, "\(process.name): \(what) finds no database")
            throw PostgresError(.unavailable, what, "no database")
        }
        let value = try body()
        await world.interleave()
        guard isAlive else { throw PostgresError(.connectionLost, what, "the process is dead") }
        return value
    }

    private func write<Value>(_ what: String, _ body: () throws -> Value) async throws -> Value {
        guard isAlive else { throw PostgresError(.connectionLost, what, "the process is dead") }
        await world.interleave()
        guard isAlive else { throw PostgresError(.connectionLost, what, "the process is dead") }
        if world.roll(.crashInCall, oneIn: 120) {
            world.hit(.crashInCall, "\(process.name) dies before its \(what)")
            process.crash()
            throw PostgresError(.connectionLost, what, "the process died")
        }
        if world.roll(.refuseCommit, oneIn: 60) {
            world.hit(.refuseCommit, "\(process.name): \(what) is refused")
            throw PostgresError([.conflict, .connectionLost, .timedOut][world.random(0...2)], what, "refused")
        }
        let value = try body()
        if world.roll(.crashInCall, oneIn: 120) {
            world.hit(.crashInCall, "\(process.name) dies after its \(what)")
            process.crash()
            throw PostgresError(.commitUnknown, what, "the process died")
        }
        if world.roll(.loseCommitAnswer, oneIn: 60) {
            world.hit(.loseCommitAnswer, "\(process.name): \(what) is done, and nobody says so")
            throw PostgresError(.commitUnknown, what, "the connection was lost")
        }
        await world.interleave()
        guard isAlive else { throw PostgresError(.commitUnknown, what, "the process is dead") }
        return value
    }

    // MARK: The dispatcher's

    func load(_ ids: [String]) async throws -> (workflows: [String: StoredWorkflow], clock: Int64?) {
        try await read("load") { database.load(ids) }
    }

    func commit(_ changes: Changes) async throws -> CommitOutcome {
        guard !changes.workflows.isEmpty || !changes.leases.isEmpty else { return CommitOutcome() }
        return try await write("commit") {
            let outcome = try database.commit(changes)
            for id in outcome.lost.sorted() {
                world.note(process.name, "somebody else has moved \(world.short(id)) on")
            }
            return outcome
        }
    }

    func events(causedBy messages: [String]) async throws -> [EventRow] {
        try await read("events") { database.events(causedBy: messages) }
    }

    func record(_ executors: [ExecutorRow]) async throws {
        if !executors.isEmpty { try await write("record") { database.record(executors) } }
    }

    func extendLeases(_ runs: [RowLease]) async throws -> [RowLease] {
        runs.isEmpty ? [] : try await write("leases") { database.extend(runs) }
    }

    func takeSlot(of key: String, limit: Int, for id: String) async throws -> Int? {
        try await write("slot") { database.takeSlot(of: key, limit: limit, for: id) }
    }

    func nextQueued(for keys: [String]) async throws -> [String: String] {
        try await read("line") { database.nextQueued(for: keys) }
    }

    func sweepSlots() async throws -> [String] { try await write("slots") { database.sweepSlots() } }

    func sweepOverdue(by lateness: Duration, pause: Duration, limit: Int) async throws -> [OverdueWake] {
        try await write("sweep") {
            database.sweep(by: lateness.inMilliseconds, pause: pause.inMilliseconds, limit: limit)
        }
    }

    func workflowsDue(within span: Duration, limit: Int) async throws -> [String] {
        try await read("due") { database.workflowsDue(within: span.inMilliseconds, limit: limit) }
    }

    func skills(_ ids: [String]?, workspace: String?) async throws -> [SkillRow] {
        try await read("skills") { Scenario.skillRows(world.domains) }
    }

    func liveReplicas(_ kind: ReplicaKind, patience: Duration) async throws -> [String] {
        try await read("replicas") { database.liveReplicas(kind, within: patience.inMilliseconds) }
    }

    func liveExecutors(patience: Duration) async throws -> [ExecutorRow] {
        try await read("executors") { database.liveExecutors(within: patience.inMilliseconds) }
    }

    // MARK: The gatherer's

    func gatherings(_ ids: [String]) async throws -> (gatherings: [String: StoredGathering], clock: Int64?) {
        try await read("gatherings") { database.stored(ids) }
    }

    func gatheringsOrPlans(
        of ids: [String]
    ) async throws -> (gatherings: [String: StoredGathering], plans: [String: WorkflowPlan]) {
        guard !ids.isEmpty else { return ([:], [:]) }
        return try await read("gatherings or plans") {
            let found = database.stored(ids).gatherings
            return (found, database.plans(of: ids.filter { found[$0] == nil }))
        }
    }

    func ends(of ids: [String]) async throws -> [String: WorkflowPlan] {
        ids.isEmpty ? [:] : try await read("ends") { database.ends(of: ids) }
    }

    func plans(of ids: [String]) async throws -> [String: WorkflowPlan] {
        ids.isEmpty ? [:] : try await read("plans") { database.plans(of: ids) }
    }

    func ingest(_ batch: [Ingest], beginning: [Beginning]) async throws -> [String: Int] {
        batch.isEmpty ? [:] : try await write("ingest") { database.ingest(batch, beginning: beginning) }
    }

    func publish(
        _ batch: [Publication], confirmed: [(workflowID: String, revision: Int)]
    ) async throws -> [String: Int] {
        batch.isEmpty ? [:] : try await write("publish") { database.publish(batch, confirmed: confirmed) }
    }

    func settleUnchanged(_ rows: [GatheringRow]) async throws -> Set<String> {
        rows.isEmpty ? [] : try await write("settle") { database.settleUnchanged(rows) }
    }

    func confirm(_ revisions: [(workflowID: String, revision: Int)]) async throws {
        if !revisions.isEmpty { try await write("confirm") { database.confirm(revisions) } }
    }

    func progress(of id: String, after revision: Int?) async throws -> [ProgressRow] {
        try await read("progress") { database.progress(of: id, after: revision) }
    }

    func unconfirmed(for span: Duration, limit: Int) async throws -> [ProgressRow] {
        try await read("unconfirmed") { database.unconfirmed(for: span.inMilliseconds, limit: limit) }
    }

    func abandonedGatherings(dirtyFor dirty: Duration, overdueBy overdue: Duration, limit: Int) async throws -> [String]
    {
        try await read("abandoned") {
            database.abandoned(dirtyFor: dirty.inMilliseconds, overdueBy: overdue.inMilliseconds, limit: limit)
        }
    }
}

/// The broker as one life of a process reaches it to publish.
final class SimulatedPublisher: MessagePublisher, @unchecked Sendable {  // one logical thread
    private let process: SimulatedProcess
    private let life: Int
    private let user: String

    init(_ process: SimulatedProcess, user: String) {
        self.process = process
        self.user = user
        life = process.incarnation
    }

    private static let cut = Confirmation.unknown(
        AMQPError(.connectionLost, "basic.publish", "the connection was lost"))

    func publish(_ messages: [Message]) async -> [Confirmation] {
        var confirmations: [Confirmation] = []
        for message in messages { confirmations.append(publish(message)) }
        await process.world.interleave()
        return confirmations
    }

    private func publish(_ message: Message) -> Confirmation {
        let world = process.world
        guard process.isAlive, process.incarnation == life else { return Self.cut }
        if world.roll(.crashInPublish, oneIn: 250) {
            world.hit(.crashInPublish, "\(process.name) dies while it publishes")
            process.crash()
            return Self.cut
        }
        var message = message
        message.properties.userID = user
        let what = world.describe(WireMessage(message))
        if world.roll(.losePublish, oneIn: 80) {
            world.hit(.losePublish, "\(process.name): \(what) does not reach the broker")
            return Self.cut
        }
        guard world.broker.publish(message) || !message.isMandatory else {
            return .returned(code: 312, text: "NO_ROUTE")
        }
        if world.roll(.loseConfirm, oneIn: 80) {
            world.hit(.loseConfirm, "\(process.name): \(what) is taken, and nobody says so")
            return Self.cut
        }
        world.note(process.name, "says \(what)")
        return .confirmed
    }
}

extension WireMessage {
    init(_ message: Message) {
        self.init(
            exchange: message.exchange, routingKey: message.routingKey, messageID: message.properties.messageID,
            type: message.properties.type, correlationID: message.properties.correlationID,
            headers: message.properties.headers.compactMapValues(\.string), body: message.body)
    }
}

/// Payloads in memory.
final class SimulatedObjects: ObjectStore, @unchecked Sendable {  // one logical thread
    private var content: [String: [UInt8]] = [:]

    func put(_ bytes: [UInt8], key: ObjectKey) async throws(ObjectError) -> String {
        content["file:" + key.path] = bytes
        return "file:" + key.path
    }

    func get(_ reference: String, limit: Int) async throws(ObjectError) -> [UInt8] {
        guard let bytes = content[reference] else {
            throw ObjectError(code: .notFound, reference: reference, detail: "nothing there")
        }
        return bytes
    }
}
