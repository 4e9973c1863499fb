package import Contracts
import Gathering
package import Handover
import JSON
import Postgres
package import Relay
import Store

/// Taking in: decide, commit, and only then is a message acked. From there on the row holds the baton.
extension GatherDesk {
    /// A message that is what the contract says.
    struct Item: Sendable {
        let id: Received.ID
        let workflow: WorkflowID
        let meaning: Meaning
        let artifacts: [ArtifactIntake.Taken]
    }

    package func handle(
        _ batch: [Received]
    ) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        let items = await read(batch, &outcomes)
        do {
            let taken = try await alone { try await take(items) }
            wake()
            return outcomes.merging(taken) { _, new in new }
        } catch let error as PostgresError {
            // What was applied but not committed is forgotten; the same batch comes again.
            drop(Set(items.map(\.workflow)))
            logger.warning("A batch could not be taken in", metadata: ["error": "\(error)"])
            throw error.isOutage || error.isRetriable || error.mayHaveCommitted || error.code == .timedOut
                ? .unavailable : .refused(Reason(code: "not_storable", message: String("\(error)".prefix(500))))
        } catch {
            drop(Set(items.map(\.workflow)))
            throw .refused(Reason(code: "not_storable", message: String("\(error)".prefix(500))))
        }
    }

    private func read(_ batch: [Received], _ outcomes: inout [Received.ID: Outcome<WireMessage>]) async -> [Item] {
        var items: [Item] = []
        for received in batch {
            do throws(ContractViolation) {
                let message = try InboundMessage.decode(
                    received.message, validating: received.message.userID != BrokerUser.dispatcher)
                guard let workflow = message.body.message.workflow else {
                    outcomes[received.id] = .done([])
                    continue
                }
                let meaning = try message.meaning()
                var artifacts: [ArtifactIntake.Taken] = []
                for body in meaning.found {
                    artifacts.append(await intake.take(body, limit: limit(of: workflow), now: clock()))
                }
                items.append(Item(id: received.id, workflow: workflow, meaning: meaning, artifacts: artifacts))
            } catch {
                outcomes[received.id] = .deadLetter(
                    Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message))
            }
        }
        return items
    }

    private func take(_ items: [Item]) async throws -> [Received.ID: Outcome<WireMessage>] {
        let byWorkflow = Dictionary(grouping: items, by: \.workflow)
        let unknown = try await load(Set(byWorkflow.keys))
        let plans = try await plans(byWorkflow)
        let now = clock()
        var ingests: [Ingest] = []
        // What has no copy to go into comes again.
        var missing: Set<WorkflowID> = []
        for (id, items) in byWorkflow where !unknown.contains(id) {
            if let ingest = apply(items, plans[id], to: id, at: now) {
                ingests.append(ingest)
            } else {
                missing.insert(id)
            }
        }
        let lost = try await commit(ingests).union(missing)

        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        for item in items where !lost.contains(item.workflow) {
            outcomes[item.id] = unknown.contains(item.workflow) ? homeless(item) : .done(try complaints(item, at: now))
        }
        evict()
        return outcomes
    }

    /// A message of a workflow that the dispatcher does not know: what it creates is only a hint to look.
    private func homeless(_ item: Item) -> Outcome<WireMessage> {
        if case .plan = item.meaning { return .done([]) }
        return .deadLetter(
            Reason(
                code: "unknown_workflow", pointer: "/workflow_id", message: "there is no workflow \(item.workflow)"))
    }

    /// What the dispatcher's rows say, where a message asks for it or speaks of a task that the plan does not know.
    private func plans(_ items: [WorkflowID: [Item]]) async throws -> [WorkflowID: WorkflowPlan] {
        var ended: [String] = []
        var wanted: [String] = []
        for (id, items) in items {
            guard let gathering = live[id]?.gathering else { continue }
            if items.contains(where: {
                speaksOfUnplanned($0, gathering) || ($0.meaning.isPlan && beginning[id] == nil)
            }) {
                wanted.append(id.text)
            } else if items.contains(where: \.meaning.isEnd) {
                ended.append(id.text)
            }
        }
        var plans = try await store.ends(of: ended.sorted())
        // One that ended with a task that was added, and that nobody has heard of yet.
        wanted +=
            plans.filter { id, plan in
                let gathering = live[WorkflowID(unchecked: id)]?.gathering
                return plan.tasks.contains { gathering?.isPlanned(TaskID(unchecked: $0.taskID)) == false }
            }.keys
        plans.merge(try await store.plans(of: wanted.sorted())) { $1 }
        return Dictionary(uniqueKeysWithValues: plans.map { (WorkflowID(unchecked: $0), $1) })
    }

    private func speaksOfUnplanned(_ item: Item, _ gathering: Gathering) -> Bool {
        switch item.meaning {
        case .events(let events, let found):
            (events.compactMap(\.task) + found.map(\.taskID)).contains { !gathering.isPlanned($0) }
        case .end, .plan, .nothing: false
        }
    }

    /// Applies messages to the copy in memory.
    ///
    /// - Returns: what is to be written of it; nothing when there is no copy.
    private func apply(_ items: [Item], _ plan: WorkflowPlan?, to id: WorkflowID, at now: Timestamp) -> Ingest? {
        guard var copy = live.take(id) else { return nil }  // so that it is not copied when it changes
        var events: [GatherEvent] = []
        if let plan { events.append(.planned(plan.planned.filter { !copy.gathering.isPlanned($0.id) })) }
        for item in items {
            switch item.meaning {
            case .events(let some, _): events += item.artifacts.map { .artifact($0.artifact) } + some
            case .end(let outcome, let run):
                events.append(.workflowEnded(outcome, run: run, tasks: plan?.ends ?? []))
            case .plan, .nothing: break
            }
        }
        for event in events { copy.gathering.apply(event) }
        copy.note(at: now, closeAfter: settings.closeAfter)
        let touched = Set(events.flatMap(\.tasks))
        let ingest = Ingest(
            gathering: copy.row, taken: items.count,
            tasks: touched.compactMap { copy.gathering.record(of: $0)?.row(of: id) },
            artifacts: distinct(items.flatMap(\.artifacts).map(\.row)), isClean: copy.coalescer.due == nil)
        live[id] = copy
        touch(id)
        return ingest
    }

    /// One statement writes a row once.
    private func distinct(_ rows: [ArtifactRow]) -> [ArtifactRow] {
        var seen: Set<[String]> = []
        return rows.reversed().filter {
            seen.insert([$0.taskID, $0.name, String($0.attempt), String($0.seq), $0.digest.hex]).inserted
        }
    }

    /// - Returns: the workflows that somebody else has moved on.
    func commit(_ ingests: [Ingest]) async throws -> Set<WorkflowID> {
        let first = ingests.compactMap { beginning[WorkflowID(unchecked: $0.gathering.workflowID)] }
        let written = try await store.ingest(ingests, beginning: first)
        var lost: Set<WorkflowID> = []
        for ingest in ingests {
            let id = WorkflowID(unchecked: ingest.gathering.workflowID)
            if let seq = written[id.text] { live[id]?.row.ingestSeq = seq } else { lost.insert(id) }
        }
        drop(lost)
        return lost
    }

    private func complaints(_ item: Item, at now: Timestamp) throws -> [Outgoing<WireMessage>] {
        guard let gathering = live[item.workflow]?.gathering else { return [] }
        return try item.meaning.found.flatMap { body in
            var reasons: [String] = []
            if let reason = gathering.rejection(of: body.name, task: body.taskID) { reasons.append(reason.rawValue) }
            if gathering.hasCollision(of: body.name, task: body.taskID) { reasons.append("version_collision") }
            return try reasons.map {
                // Each revision says it, too: nobody misses the message where nobody listens.
                Outgoing(
                    try maker.complaint(of: body, reason: $0, limits: gathering.definition.limits, at: now),
                    ifReturned: .drop)
            }
        }
    }
}

extension GatherEvent {
    /// Whose records it may change.
    fileprivate var tasks: [TaskID] {
        switch self {
        case .planned(let tasks): tasks.map(\.id)
        case .workflowEnded(_, _, let ends): ends.map(\.task)
        case .workflowReopened: []
        case .artifact, .revoked, .taskEnded: task.map { [$0] } ?? []
        }
    }
}
