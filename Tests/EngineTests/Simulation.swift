import Contracts
import Engine
import Handover
import JSON
import Testing

extension SplitMix64 {
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// A dispatcher with its rows, a broker that loses nothing but order and uniqueness, and executors that may do anything.
struct Simulation {
    var random: SplitMix64
    let id = WorkflowID(workspace: Workspace("w")!, requestID: RequestID("r")!)
    let plan: Plan
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    var steps = 0

    // The database.
    var row: WorkflowSnapshot?
    var taskRows: [TaskID: TaskSnapshot] = [:]
    var history: [Event] = []
    // The dispatcher's memory, and the broker.
    var state: WorkflowState
    /// What is ready, as the decisions told it.
    var heap: Set<TaskID> = []
    var inbox: [Input] = []
    var orders: [(order: TaskDispatched, id: MessageID, delivery: Int)] = []
    var runs: [(order: TaskDispatched, executor: ExecutorID, delivery: Int, hasStarted: Bool)] = []
    /// Children that have been asked for, and have not told their end.
    var children: [ParentReference] = []
    var publishedIDs: Set<MessageID> = []
    var checker: HistoryChecker
    var isQuiet = false
    var counts = (known: 0, stale: 0, crashes: 0, retries: 0, messages: 0)
    var reached: [MessageType: Int] = [:]
    var undone = 0
    var expanded = 0
    /// What happened, by type; what was refused, by code.
    var seen: [String: Int] = [:]
    var people = 0

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        plan = try Self.plan(&random)
        state = WorkflowState(id: id)
        checker = HistoryChecker(plan)
        let body = WorkflowCreated(
            workflowID: id, requestID: RequestID("r")!, workspace: Workspace("w")!, requestDigest: "d", name: "s",
            version: 1, plan: plan.json, input: ["n": 1, "list": [1, 2, 3]], actor: Actor(id: "ada"))
        inbox = [Input(id: MessageID("created")!, kind: .created(body), actor: "planner")]
    }

    // MARK: The dispatcher

    mutating func fresh(_ kind: Input.Kind, actor: String = "x", domain: DomainName? = nil) -> Input {
        counts.messages += 1
        return Input(id: MessageID("m\(counts.messages)")!, kind: kind, actor: actor, domain: domain)
    }

    mutating func reload() throws {
        counts.crashes += 1
        heap = []
        guard let row else { return state = WorkflowState(id: id) }
        let taken = history.flatMap { [$0.id, $0.causation] }
        state = try WorkflowState(workflow: row, tasks: Array(taskRows.values), taken: taken)
        heap = Set(state.readyTasks(now: now).map(\.taskID))
    }

    /// consume -> decide -> commit -> publish -> ack, and a crash between any two.
    mutating func deliver() throws {
        let index = Int.random(in: inbox.indices, using: &random)
        let input = inbox[index]
        let pure = random.chance(10) ? state : nil
        var decision = state.take(input, now: now)
        if let pure {
            let same = pure.handle(input, now: now)
            #expect(same.events.map(\.id) == decision.events.map(\.id))
            var folded = pure
            for event in same.events { folded.apply(event) }
            #expect(folded.rows == state.rows)
        }
        if let refusal = decision.refusal {
            #expect(refusal.mayBeBehind || refusal.isCourtesy, "\(refusal.problem)")
            seen[refusal.problem.code, default: 0] += 1
        }
        if !decision.isKnown, decision.refusal == nil {
            heap.formUnion(decision.ready.map(\.taskID))
            for ready in state.readyTasks(now: now) where state.task(ready.taskID)?.status == .pending {
                #expect(heap.contains(ready.taskID), "\(ready.taskID) is ready, and nobody said so")
            }
            // A window of random size.
            for task in heap.sorted() where random.chance(60) {
                let order = state.dispatch(task, causation: input.id, now: now)
                heap.remove(task)
                heap.formUnion(order.ready.map(\.taskID))
                decision.events += order.events
            }
        }
        if random.chance(8) { return try reload() }
        try commit(decision)
        if random.chance(8) { return try reload() }
        if decision.isKnown {
            counts.known += 1
            for event in history where event.causation == input.id { publish(event) }
        }
        for event in decision.events {
            if random.chance(3) { return try reload() }
            publish(event)
        }
        if decision.slot != nil, random.chance(70) {
            let grant = state.grantSlot(1, causation: input.id, now: now)
            heap.formUnion(grant.ready.map(\.taskID))
            try commit(grant)
            if random.chance(8) { return try reload() }
            for event in grant.events { publish(event) }
        }
        if random.chance(90) { inbox.remove(at: index) }
    }

    mutating func commit(_ decision: Decision) throws {
        let changes = state.takeChanges()
        #expect(changes.baseRevision == row?.standing.revision ?? 0)
        if let created = changes.created { row = created }
        if let standing = changes.standing { row?.standing = standing }
        if let plan = changes.plan { row?.plan = plan }
        for task in changes.tasks { taskRows[task.id] = task }
        for lease in changes.leases {
            #expect(taskRows[lease.taskID]?.attempt == lease.attempt && taskRows[lease.taskID]?.status == .running)
            taskRows[lease.taskID]?.leaseUntil = lease.leaseUntil
        }
        for event in decision.events where event.isHistory {
            history.append(event)
            checker.check(event)
            if event.isStale { counts.stale += 1 }
            seen[event.type.rawValue, default: 0] += 1
            if event.type == .taskRetrying { counts.retries += 1 }
            reached[event.type, default: 0] += 1
            if event.type == .taskDispatched, event.taskID?.text.hasPrefix("u") == true { undone += 1 }
            if case .workflowExpanded(let body) = event.body, body.joins != nil { expanded += 1 }
        }
        if isQuiet, !checker.violations.isEmpty { throw Endless(state: "violated") }
        #expect(checker.violations == [])
        #expect(row?.standing.revision ?? 0 == history.count)
    }

    mutating func publish(_ event: Event) {
        guard let publication = event.publication else { return }
        switch event.body {
        case .workflowRequested(let body): if let parent = body.parent { children.append(parent) }
        case .taskDispatched(let order):
            // Nobody wants an order any more whose attempt no longer waits to start.
            guard state.task(order.taskID)?.status == .dispatched, state.task(order.taskID)?.attempt == order.attempt
            else { break }
            orders.append((order, event.id, 0))
        case .taskFailed(let body):  // what the dispatcher says to the exchange `task` comes back to it
            inbox.append(
                Input(
                    id: event.id, kind: .failed(body), actor: "dispatcher",
                    domain: RoutingKey(publication.route.key)?.domain))
        case .taskCompleted(let body):
            inbox.append(
                Input(
                    id: event.id, kind: .completed(body), actor: "dispatcher",
                    domain: RoutingKey(publication.route.key)?.domain))
        case .taskCancel(let body):
            if random.chance(70) {
                runs.removeAll {
                    $0.order.taskID == body.taskID && $0.order.attempt == body.attempt
                        && (body.executor == nil || body.executor == $0.executor)
                }
            }
        default: break
        }
        publishedIDs.insert(event.id)
    }

    // MARK: A run

    mutating func run() throws {
        while !(row?.standing.status.isTerminal ?? false && inbox.isEmpty && orders.isEmpty && runs.isEmpty
            && children.isEmpty)
        {
            steps += 1
            guard steps < 20_000 else { throw Endless(state: state.rows) }
            if random.chance(1), random.chance(30) {
                inbox.append(fresh(.cancel(ControlCancel(workflowID: id, actor: Actor(id: "ada")))))
            }
            if state.exists, people < 25, random.chance(6) { command() }
            if state.exists, random.chance(3) { help() }
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4 where !inbox.isEmpty: try deliver()
            case 5...6 where !orders.isEmpty: begin()
            case 7...8 where !runs.isEmpty: work()
            case 6...8 where !children.isEmpty: endChild()
            case 9: pass()
            default: break
            }
            if steps % 32 == 0 { try compare() }
        }
        try compare()
        checkEnd()
    }

    struct Endless: Error { var state: String }

    /// The history folded, the rows, and the rows read back are one state (leases aside).
    func compare() throws {
        guard let row else { return }
        let stored = try WorkflowState(
            workflow: row, tasks: Array(taskRows.values), taken: history.flatMap { [$0.id, $0.causation] })
        #expect(stored.rows == state.rows)
        #expect(stored.taken == state.taken)
        #expect(stored.out == state.out)
        #expect(stored.readyTasks(now: now).sorted() == state.readyTasks(now: now).sorted())
        let folded = WorkflowState.replayed(history, id: id)
        #expect(folded.withoutLeases == state.withoutLeases)
        #expect(folded.readyTasks(now: now).sorted() == state.readyTasks(now: now).sorted())
        let recorded = try history.map { try RecordedEvent($0) }
        #expect(try WorkflowState.rebuilt(id: id, from: recorded).withoutLeases == state.withoutLeases)
        for task in taskRows.values {
            #expect(!task.status.isTerminal || task.wakeAt == nil && task.leaseUntil == nil, "7: \(task.id)")
            #expect(task.leaseUntil == nil || task.status == .running, "7: \(task.id)")
        }
    }

    func checkEnd() {
        #expect(checker.ends == 1 + (seen["workflow.reopened"] ?? 0), "1")
        #expect(state.out.isEmpty)
        #expect(Set(taskRows.keys).isSuperset(of: state.plan.tasks.map(\.id)), "every task has a row in the end")
        for event in history where event.publication != nil && event.type != .taskDispatched {
            #expect(publishedIDs.contains(event.id), "5: \(event.type.rawValue) was never published")
        }
    }
}

extension RecordedEvent {
    /// The event as its row has it: whether it was stale is not written down.
    init(_ event: Event) throws {
        self.init(
            id: event.id, seq: event.seq ?? 0, type: event.type,
            data: try JSONReader.parse(event.body.message.encoded()), causation: event.causation, actor: event.actor,
            recordedAt: event.recordedAt, isPublished: event.publication != nil)
    }
}

extension WorkflowState {
    var withoutLeases: String {
        taskSnapshots.sorted { $0.id < $1.id }.map { task in
            var task = task
            (task.leaseUntil, task.wakeAt) = (nil, nil)
            return (try? JSONValueEncoder().encode(task).canonicalText) ?? "?"
        }.joined(separator: "\n") + ((try? JSONValueEncoder().encode(snapshot).canonicalText) ?? "?")
    }
}
