package import Contracts
import Engine
package import Handover
import JSON
package import Logging
import Postgres
package import Relay
import Store

/// Moves workflows: takes their messages in batches, lets the engine decide, writes everything down in one transaction,
/// and says what is to be published.
///
/// It keeps the workflows that it has touched lately in memory. That is safe because a commit names the revision that it
/// builds on: where another dispatcher has moved a workflow on, nothing of it is written, and it is read anew.
package actor Dispatcher: MessageHandler {
    /// A workflow in memory, and the revision of its row.
    struct Held {
        var state: WorkflowState
        /// 0: there is no row yet.
        var revision = 0
        /// Its tasks that wait for room in a window.
        var waiting: Set<TaskID> = []
        /// When the row says that somebody is to look at those.
        var windowWake: Timestamp?
        var lastUsed: UInt64 = 0
    }

    let store: any DispatcherStore
    let source: String
    let logger: Logger
    /// How many workflows are kept in memory between batches.
    private let capacity: Int
    private let localClock: @Sendable () -> Timestamp
    /// What has to be added to the local clock to have the database's.
    private var clockOffset = Duration.zero
    private var held: [WorkflowID: Held] = [:]
    private var uses: UInt64 = 0
    /// What `uses` was at the last two looks at the clock, and whether the older one has yet to be acted on.
    private var looks: (last: UInt64, before: UInt64, isDue: Bool) = (0, 0, false)
    private var window: OrderWindow
    /// What is ordered once its cause is written down.
    private var reserved: [ReadyTask] = []
    nonisolated let wakes = WakeBoard()
    /// The skills that tasks may be added of.
    private let shelf = CatalogShelf()
    /// Those to be read before they are handled again: their rows are there, or may be.
    private var doubted: Set<WorkflowID> = []

    /// - Parameters:
    ///   - source: who speaks, such as `/dispatcher/host-4711`.
    ///   - leastRoom: how many orders of a domain may be out, however few its executors take.
    ///   - clock: of this machine.
    package init(
        store: any DispatcherStore, source: String, capacity: Int = 10_000, leastRoom: Int? = nil, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.source = source
        self.capacity = capacity
        window = OrderWindow(least: leastRoom ?? OrderWindow.least)
        self.logger = logger
        localClock = clock
    }

    /// By the database's clock.
    package var now: Timestamp { localClock() + clockOffset }

    package func handle(
        _ received: [Received]
    ) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        var batch = Batch(received, source: source, now: now)
        do {
            let idle = dropIdle(but: batch.workflows)
            begin(batch.newcomers)
            batch.fresh = try await load(batch.workflows.union(idle))
            let catalogs = try await catalogs(for: batch)
            take(&batch, catalogs)
            fill(&batch)
            try await republish(&batch)
            try await store.record(batch.executors)
            try await commit(&batch)
            try await grantSlots(&batch)
            try await fillOthers(&batch)
            forget(batch.workflows)
            return batch.outcomes
        } catch {
            takeReserved().forEach(wait)
            // What is in memory may be ahead of the rows now: read it anew.
            drop(batch.workflows.union(batch.touched))
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> HandlingFailure {
        guard let error = error as? PostgresError else {
            return .refused(Reason(code: "not_handled", message: "\(error)"))
        }
        logger.warning("The database did not take a batch", metadata: ["error": "\(error)"])
        return error.isOutage || error.isRetriable || error.mayHaveCommitted || error.code == .refused
            ? .unavailable : .refused(Reason(code: "not_written", message: error.description))
    }

    // MARK: Memory

    /// Workflows that are created here, as it seems, are not looked for: where one is there already, its commit writes
    /// nothing, and its message is handled again.
    private func begin(_ newcomers: Set<WorkflowID>) {
        for id in newcomers where held[id] == nil && doubted.remove(id) == nil {
            held[id] = Held(state: WorkflowState(id: id))
        }
    }

    /// - Returns: those that were not in memory.
    private func load(_ ids: Set<WorkflowID>) async throws -> Set<WorkflowID> {
        let missing = ids.filter { held[$0] == nil }
        guard !missing.isEmpty else { return [] }
        doubted.subtract(missing)
        let (rows, clock) = try await store.load(missing.map(\.text))
        if let clock { set(clock: clock) }
        for id in missing {
            if let stored = rows[id.text] {
                keep(id, Held(state: try WorkflowState(stored), revision: stored.row.revision))
            } else {
                held[id] = Held(state: WorkflowState(id: id))
            }
        }
        return missing
    }

    private func keep(_ id: WorkflowID, _ workflow: Held) {
        held[id] = workflow
        window.change(workflow.state.out)
        for task in workflow.state.readyTasks(now: now) { wait(task) }
        // What is overdue is the sweep's: it may be read because a wake-up has found nothing to do, as of a paused workflow.
        for task in workflow.state.tasks {
            let due = task.wakeAt.flatMap { $0 > now ? $0 : nil }
            wakes.set(id, task.id, attempt: task.attempt, due: due, now: now)
        }
    }

    /// Lets a task wait for room in its domain's window.
    private func wait(_ task: ReadyTask) {
        window.wait(task)
        // Also where the window has it from a copy of the workflow that was dropped since.
        held[task.workflowID]?.waiting.insert(task.taskID)
    }

    private func drop(_ ids: some Sequence<WorkflowID>) {
        for id in ids {
            guard let workflow = held.removeValue(forKey: id) else { continue }
            window.change(workflow.state.out, by: -1)
        }
    }

    /// Keeps memory bounded: the workflows go that were used longest ago.
    ///
    /// - Parameter seen: those that the last batch spoke of; what does not exist of them is not kept.
    private func forget(_ seen: Set<WorkflowID>) {
        for id in seen where held[id].map({ !$0.state.exists && $0.revision == 0 }) == true { held[id] = nil }
        guard held.count > capacity else { return }
        let oldest = held.sorted { $0.value.lastUsed < $1.value.lastUsed }.prefix(held.count - capacity * 9 / 10)
        drop(oldest.map(\.key))
    }

    /// Lets go of workflows that have orders out and of which nothing has been heard between two looks: another dispatcher
    /// may have moved them on since their partition moved, and their orders would take up the window for ever.
    private func dropIdle(but wanted: Set<WorkflowID>) -> Set<WorkflowID> {
        guard looks.isDue else { return [] }
        looks.isDue = false
        let idle = held.filter { !$0.value.state.out.isEmpty && $0.value.lastUsed <= looks.before }
        let names = Set(idle.keys).subtracting(wanted)
        drop(names)
        return names
    }

    private func set(clock: Int64) { clockOffset = Timestamp(milliseconds: clock) - localClock() }

    // MARK: Deciding

    /// The skills of the workspaces whose tasks want to add tasks.
    private func catalogs(for batch: Batch) async throws -> [Workspace: SkillCatalog] {
        var catalogs: [Workspace: SkillCatalog] = [:]
        for id in batch.expanding {
            guard let workspace = held[id]?.state.header?.workspace, catalogs[workspace] == nil else { continue }
            catalogs[workspace] = try await shelf.catalog(of: workspace, in: store, now: now)
        }
        return catalogs
    }

    private func take(_ batch: inout Batch, _ catalogs: [Workspace: SkillCatalog]) {
        for (item, message) in batch.messages {
            guard let id = message.body.message.workflow, var workflow = held[id] else { continue }
            // Out of the dictionary while it changes: one owner, so nothing is copied.
            held[id] = nil
            uses += 1
            workflow.lastUsed = uses
            let wasFresh = batch.fresh.contains(id)
            var input = Input(of: message)
            input.catalog = workflow.state.header.flatMap { catalogs[$0.workspace] }
            let decision = workflow.state.take(input, now: now)
            held[id] = workflow
            settle(decision, of: id, item, message, cause: input.id, wasFresh: wasFresh, &batch)
        }
    }

    private func settle(
        _ decision: Decision, of id: WorkflowID, _ item: Received.ID, _ message: InboundMessage, cause: MessageID,
        wasFresh: Bool, _ batch: inout Batch
    ) {
        if let refusal = decision.refusal {
            // This copy may be behind its row; one that was just read is not.
            if refusal.mayBeBehind && !wasFresh { return batch.handleAgain(item, id) }
            return batch.refuse(item, message, refusal, now: now)
        }
        // Another may have written down what came of it, and have died before it was sent.
        if !wasFresh, message.mayHaveMissed(decision) { return batch.handleAgain(item, id) }
        if decision.isKnown { batch.know(item, id, cause) }
        batch.add(decision.events, to: item, of: id, message)
        if message.isOfPeople, let request = held[id]?.state.header?.requestID {
            batch.acknowledge(item, message, of: id, request, now: now)
        }
        window.change(decision.orders)
        if let slot = decision.slot { batch.ask(slot, item, id, cause) }
        for task in decision.ready {
            // A wake-up is in no history, so it can carry no other's orders: what it wakes does not queue.
            let isOpen = message.isWake ? window.hasRoom(task.domain) : window.isOpen(task.domain)
            if isOpen {
                window.leave(task)
                held[id]?.waiting.remove(task.taskID)
                order(task, causation: cause, item, &batch)
            } else {
                wait(task)
            }
        }
    }

    private func order(_ task: ReadyTask, causation: MessageID, _ item: Received.ID, _ batch: inout Batch) {
        guard var workflow = held[task.workflowID] else { return }
        held[task.workflowID] = nil
        let decision = workflow.state.dispatch(task.taskID, causation: causation, now: now)
        held[task.workflowID] = workflow
        batch.add(decision.events, to: item, of: task.workflowID, nil)
        window.change(decision.orders)
        for next in decision.ready { wait(next) }
    }

    // MARK: Writing

    /// Writes what the batch has changed; what another has moved on meanwhile is read anew and handled again.
    func commit(_ batch: inout Batch) async throws {
        var changes: [(WorkflowID, Engine.Changes)] = []
        for id in batch.touched {
            guard var workflow = held[id] else { continue }
            held[id] = nil
            let change = workflow.state.takeChanges()
            held[id] = workflow
            if !change.isEmpty { changes.append((id, change)) }
        }
        let rows = changes.map { id, change in
            setWindowWake(id)
            return WorkflowRows(change, of: held[id]!, events: batch.events[id] ?? [], wakeAt: held[id]!.windowWake)
        }
        let outcome = try await store.commit(
            .init(
                workflows: rows.compactMap(\.workflow), tasks: rows.flatMap(\.tasks), events: rows.flatMap(\.events),
                freeSlotsOf: changes.map(\.0).filter { held[$0]?.state.hasDoneWithSlot == true }.map(\.text),
                approvals: rows.flatMap(\.approvals), audits: changes.flatMap { batch.audits[$0.0] ?? [] }))
        if let clock = outcome.clock { set(clock: clock) }
        let lost = Set(outcome.lost.compactMap { WorkflowID($0) })
        for (id, revision) in outcome.revisions { held[WorkflowID(unchecked: id)]?.revision = revision }
        for (id, change) in changes where !lost.contains(id) { watch(id, change) }
        try await extendLeases(changes.filter { !lost.contains($0.0) })
        let stale = lost.union(batch.reread)
        drop(stale)
        doubted.formUnion(stale)
        batch.close(lost: lost)
        try await wakeNext(for: outcome.freedKeys)
    }

    /// Workflows in memory are its own; others see them through this.
    func waitsForSlot(_ id: WorkflowID) -> Bool { held[id]?.state.waitsForSlot == true }

    func grant(
        _ slot: Int, to id: WorkflowID, causation: MessageID, _ item: Received.ID, _ batch: inout Batch
    ) {
        guard var workflow = held[id] else { return }
        held[id] = nil
        let decision = workflow.state.grantSlot(slot, causation: causation, now: now)
        held[id] = workflow
        batch.add(decision.events, to: item, of: id, nil)
        window.change(decision.orders)
        for task in decision.ready { wait(task) }
    }

    private func watch(_ id: WorkflowID, _ change: Engine.Changes) {
        for task in change.tasks { wakes.set(id, task.id, attempt: task.attempt, due: task.wakeAt, now: now) }
        if let workflow = held[id] { wakes.set(id, nil, attempt: 0, due: workflow.windowWake, now: now) }
    }

    static let windowPatience = Duration.seconds(20)

    /// Tasks that wait for room have no rows: when we die, this is what makes another look at their workflow. It stays
    /// where it is while it is some way off: a column with an index that moves costs an entry in every index of the row.
    private func setWindowWake(_ id: WorkflowID) {
        guard let workflow = held[id], !workflow.waiting.isEmpty, !workflow.state.isTerminal else {
            held[id]?.windowWake = nil
            return
        }
        if let wake = workflow.windowWake, wake - now > .seconds(7) { return }
        held[id]?.windowWake = now + Self.windowPatience
    }

    private func extendLeases(_ changes: [(WorkflowID, Engine.Changes)]) async throws {
        let leases: [RowLease] = changes.flatMap { id, change in
            change.leases.compactMap { lease -> RowLease? in
                held[id]?.state.task(lease.taskID)?.executor.map { executor in
                    RowLease(
                        workflowID: id.text, taskID: lease.taskID.text, attempt: lease.attempt, executor: executor.text,
                        until: lease.leaseUntil.milliseconds)
                }
            }
        }
        _ = try await store.extendLeases(leases)
    }

    // MARK: Saying again, and filling up

    /// What a message that was taken before had caused is published once more, under the same ids.
    private func republish(_ batch: inout Batch) async throws {
        guard !batch.known.isEmpty else { return }
        let events = try await store.events(causedBy: batch.known.map(\.message.text))
        for (item, _, message) in batch.known {
            batch.addAgain(events.filter { $0.causation == message.text }, to: item)
        }
    }

    /// Orders what waits for room that the batch has made: at once where a message about the same workflow is the cause,
    /// for the two are written together.
    private func fill(_ batch: inout Batch) {
        let carriers = batch.carriers
        while let task = window.next() {
            guard held[task.workflowID]?.waiting.contains(task.taskID) == true else { continue }
            if let (item, cause) = carriers[task.workflowID] {
                held[task.workflowID]?.waiting.remove(task.taskID)
                order(task, causation: cause, item, &batch)
            } else {
                // Until then its row says that it waits.
                window.change([task.domain: 1])
                reserved.append(task)
            }
        }
    }

    /// And of other workflows, in a transaction of its own: what these orders are caused by is written down by then, so a
    /// redelivery of it finds them.
    private func fillOthers(_ batch: inout Batch) async throws {
        let others = takeReserved()
        guard let (item, cause) = batch.carrier else { return others.forEach(wait) }
        batch.begin()
        // And what has become ready since, such as the tasks of a workflow that was given a slot.
        var next = others[...]
        while let task = next.popFirst() ?? window.next() {
            guard held[task.workflowID]?.waiting.remove(task.taskID) != nil else { continue }
            order(task, causation: cause, item, &batch)
        }
        if !batch.touched.isEmpty { try await commit(&batch) }
    }

    /// The tasks that room was kept for; the room is free again.
    private func takeReserved() -> [ReadyTask] {
        defer { reserved = [] }
        for task in reserved { window.change([task.domain: -1]) }
        return reserved
    }

    // MARK: What the services around it ask for

    /// - Parameter room: how many orders of each domain this dispatcher may have out.
    func setRoom(_ room: [DomainName: Int]) { window.setRoom(room) }

    /// To be called every few seconds. What has orders out and is silent from one call to the next is read anew.
    func look() { looks = (last: uses, before: looks.last, isDue: true) }
}
