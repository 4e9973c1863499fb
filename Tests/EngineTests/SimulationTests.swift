import Contracts
import Engine
import JSON
import Testing

/// SplitMix64 (Steele, Lea, Flood, “Fast Splittable Pseudorandom Number Generators”): the same seed, the same run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// A dispatcher with its rows, a broker that loses nothing but order and uniqueness, and executors that may do anything.
struct Simulation {
    var random: SeededGenerator
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
        random = SeededGenerator(state: seed)
        plan = try Self.plan(&random)
        state = WorkflowState(id: id)
        checker = HistoryChecker(plan)
        let body = WorkflowCreated(
            workflowID: id, requestID: RequestID("r")!, workspace: Workspace("w")!, requestDigest: "d", name: "s",
            version: 1, plan: plan.json, input: ["n": 1, "list": [1, 2, 3]], actor: Actor(id: "ada"))
        inbox = [Input(id: MessageID("created")!, kind: .created(body), actor: "planner")]
    }

    static func plan(_ random: inout SeededGenerator) throws -> Plan {
        let count = Int.random(in: 1...10, using: &random)
        var tasks = JSONObject()
        for index in 0..<count {
            let needs = (0..<index).filter { _ in random.chance(35) }
            var task = Self.kind(&random, needs: needs)
            let isSkill = task["skill"] != nil
            task["needs"] = .array(needs.map { .string("t\($0)") })
            if isSkill {
                task["retry"] = [
                    "attempts": .number(JSONNumber(Int.random(in: 1...3, using: &random))), "backoff": "2s",
                ]
            }
            if random.chance(20) { task["onFailure"] = "continue" }
            if random.chance(30) {
                task["if"] = .string(
                    ["always()", "failure()", "input.n == 1", "input.n == 2", "success() || failure()", "input.n.x"]
                        .randomElement(using: &random)!)
            }
            if random.chance(25) {
                task["forEach"] = [["a", "b", "c"], [], "${{ input.list }}", "${{ input.n }}"].randomElement(
                    using: &random)!
                if random.chance(50) { task["limit"] = 1 }
            }
            if isSkill, let need = needs.first { task["with"] = ["x": .string("${{ tasks.t\(need).output }}")] }
            if isSkill, random.chance(15) {
                task["skill"] = nil
                task["workflow"] = "check@1"
            }
            if isSkill, task["forEach"] == nil, random.chance(40) {
                task["undo"] = .string("u\(index)")
                tasks["u\(index)"] = ["skill": "d2.b", "with": ["x": .string("${{ tasks.t\(index).output }}")]]
            } else if random.chance(10) {
                task["onFailure"] = ["run": .string("h\(index)")]
                tasks["h\(index)"] = ["skill": "d2.b"]
            } else if random.chance(10) {
                task["onFailure"] = "pause"
            }
            tasks["t\(index)"] = .object(task)
        }
        var definition = JSONObject([("tasks", .object(tasks))])
        if random.chance(25) { definition["concurrency"] = ["key": "${{ input.n }}", "limit": 1] }
        return try Definition.read(.object(definition), catalog: catalog, isNamed: false) { _, _ in [] }.plan
    }

    /// Any kind of task.
    private static func kind(_ random: inout SeededGenerator, needs: [Int]) -> JSONObject {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12:
            var rule: JSONObject = ["by": ["boss"], "expires": "100s"]
            rule["quorum"] = .number(JSONNumber(Int.random(in: 1...2, using: &random)))
            if let need = needs.first { rule["of"] = .string("${{ tasks.t\(need).output }}") }
            return ["approval": .object(rule)]
        case 12..<22:
            let checks: [JSONValue] = [
                ["expression": "input.n == 1"], ["expression": "input.n.x"],
                [
                    "metric_threshold": ["value": "${{ input.n }}", "threshold": 2],
                    "required": random.chance(50) ? true : false,
                ],
                ["artifact_exists": [:], "required": false],
            ]
            return ["gate": .array([checks.randomElement(using: &random)!])]
        case 22..<34:
            let waits: [JSONValue] = [
                "10s", ["for": "40s"], ["signal": "s1", "expires": "60s"], ["signal": "s2", "expires": "200s"],
            ]
            return ["wait": waits.randomElement(using: &random)!]
        default:
            let skills = ["d1.a", "d2.a", "d3.b", "d1.stubborn", "d1.risky", "d1.planner", "d1.planner"]
            return ["skill": .string(skills.randomElement(using: &random)!)]
        }
    }

    // MARK: People

    /// Somebody does something, sensible or not.
    mutating func command() {
        let actor = Actor(
            id: ["ada", "bob"].randomElement(using: &random)!, roles: random.chance(90) ? ["boss"] : ["intern"])
        let all = state.tasks.map(\.id)
        let task = all.randomElement(using: &random)!
        let kind: Input.Kind
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40:
            let asked = state.tasks.filter { $0.status == .awaitingApproval }.map(\.id)
            let decision = random.chance(70) ? .continue : ApprovalDecision.allCases.randomElement(using: &random)!
            kind = .decided(
                ApprovalDecided(
                    workflowID: id, taskID: random.chance(90) ? asked.randomElement(using: &random) ?? task : task,
                    decision: decision, modifications: random.chance(30) ? ["x": 1, "y": .null] : nil, actor: actor))
        case 40..<55:
            let name = SignalName(["s1", "s2", "s3"].randomElement(using: &random)!)!
            kind = .signal(
                SignalReceived(workflowID: id, name: name, payload: .number(JSONNumber(people)), actor: actor))
        case 55..<65: kind = .pause(ControlPause(workflowID: id, actor: actor))
        case 65..<75: kind = .resume(ControlResume(workflowID: id, actor: actor))
        case 75..<85:
            kind = .retry(ControlRetry(workflowID: id, taskID: random.chance(70) ? task : nil, actor: actor))
        case 85..<94: kind = .skip(ControlSkip(workflowID: id, taskID: random.chance(80) ? task : nil, actor: actor))
        default: kind = .cancel(ControlCancel(workflowID: id, taskID: random.chance(70) ? task : nil, actor: actor))
        }
        people += 1
        let input = fresh(kind, actor: actor.id)
        inbox.append(input)
        if random.chance(15) { inbox.append(input) }
    }

    /// People who are reasonable: they decide, and let go on what they have paused.
    mutating func help() {
        let actor = Actor(id: ["ada", "bob"].randomElement(using: &random)!, roles: ["boss"])
        if state.status == .paused { inbox.append(fresh(.resume(ControlResume(workflowID: id, actor: actor)))) }
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

    // MARK: Children

    /// A child ends; somebody may say so twice.
    mutating func endChild() {
        let parent = children.remove(at: Int.random(in: children.indices, using: &random))
        let kind: Input.Kind =
            random.chance(70)
            ? .completed(
                TaskCompleted(workflowID: id, taskID: parent.taskID, attempt: parent.attempt, output: ["child"]))
            : .failed(
                TaskFailed(
                    workflowID: id, taskID: parent.taskID, attempt: parent.attempt,
                    error: TaskError(code: "broken", message: "b")))
        let input = fresh(kind, actor: "dispatcher")
        inbox.append(input)
        if random.chance(20) { inbox.append(input) }
    }

    /// What a planner adds: good tasks, or what is refused.
    mutating func expansion() -> JSONValue {
        var tasks = JSONObject()
        for index in 0..<Int.random(in: 0...3, using: &random) {
            let name = random.chance(90) ? "x\(counts.messages)-\(index)" : "t0"
            let skill = ["d1.a", "d2.b", "d1.planner"].randomElement(using: &random)!
            tasks[name] = ["skill": .string(skill), "retry": ["attempts": 2]]
        }
        return ["tasks": .object(tasks)]
    }

    // MARK: The executors

    mutating func begin() {
        let index = Int.random(in: orders.indices, using: &random)
        let (order, id, delivery) = orders[index]
        if random.chance(25), delivery < 5 {
            orders[index].delivery += 1  // this run will be thought dead, and the order handed out again
        } else {
            orders.remove(at: index)
        }
        if delivery >= 3, random.chance(50) {
            inbox.append(Input(id: .derived(from: id.text, "poisoned"), kind: .poisoned(order), actor: "broker"))
            return
        }
        if random.chance(3) { return inbox.append(.noRoute(order, id: id)) }
        if random.chance(5) { return }  // lost
        runs.append((order, ExecutorID("e\(Int.random(in: 0..<4, using: &random))")!, delivery, false))
    }

    mutating func work() {
        let index = Int.random(in: runs.indices, using: &random)
        let (order, executor, delivery, hasStarted) = runs[index]
        let (task, attempt) = (order.taskID, order.attempt)
        func message(_ kind: Input.Kind, _ simulation: inout Simulation) {
            var input = simulation.fresh(kind, actor: executor.text, domain: order.runnerDomain)
            if case .completed = kind { input.catalog = catalog }
            simulation.inbox.append(input)
            if simulation.random.chance(15) { simulation.inbox.append(input) }
        }
        if !hasStarted {
            runs[index].hasStarted = true
            return message(
                .started(
                    TaskStarted(workflowID: id, taskID: task, attempt: attempt, executor: executor, delivery: delivery)),
                &self)
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
            message(
                .heartbeat(
                    TaskHeartbeat(
                        workflowID: id, taskID: task, attempt: attempt, executor: executor, delivery: delivery)), &self)
        case 3: runs.remove(at: index)  // falls silent
        case 4...5:
            runs.remove(at: index)
            let error = TaskError(code: "broken", message: "b", permanent: random.chance(10))
            message(
                .failed(
                    TaskFailed(
                        workflowID: id, taskID: task, attempt: attempt, executor: executor, delivery: delivery,
                        error: error)), &self)
        default:
            runs.remove(at: index)
            let output: JSONValue = .array([.string(task.text), .number(JSONNumber(attempt))])
            message(
                .completed(
                    TaskCompleted(
                        workflowID: id, taskID: task, attempt: attempt, executor: executor, delivery: delivery,
                        output: output,
                        expansion: order.skillID.text == "d1.planner" && random.chance(50) ? expansion() : nil)), &self)
        }
    }

    /// Time passes; what is due is said, perhaps twice, and so is what is not due yet.
    mutating func pass() {
        now = now + .milliseconds(Int.random(in: 0...20_000, using: &random))
        for task in taskRows.values.sorted(by: { $0.id < $1.id }) {
            guard let wakeAt = task.wakeAt, wakeAt <= now || random.chance(5) else { continue }
            inbox.append(fresh(.taskWake(TaskWake(workflowID: id, taskID: task.id, attempt: task.attempt))))
        }
        if random.chance(50) { inbox.append(fresh(.workflowWake)) }
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

@Suite(.timeLimit(.minutes(2)))
struct `In any order, twice, and after crashes` {
    @Test(arguments: 0..<2)
    func `every workflow ends once, as its history says`(block: UInt64) throws {
        var counts = (known: 0, stale: 0, crashes: 0, retries: 0)
        var growth = (children: 0, cancelled: 0, expanded: 0, undone: 0)
        var seen: [String: Int] = [:]
        for seed in block * 60..<(block + 1) * 60 {
            var simulation = try Simulation(seed: seed)
            try simulation.run()
            counts.known += simulation.counts.known
            counts.stale += simulation.counts.stale
            counts.crashes += simulation.counts.crashes
            counts.retries += simulation.counts.retries
            growth.children += simulation.reached[.workflowRequested] ?? 0
            growth.cancelled += simulation.reached[.controlCancel] ?? 0
            growth.expanded += simulation.expanded
            growth.undone += simulation.undone
            seen.merge(simulation.seen) { $0 + $1 }
        }
        #expect(growth.children > 0 && growth.expanded > 0 && growth.undone > 0, "\(growth)")
        // The faults have hit.
        #expect(counts.known > 30 && counts.stale > 30 && counts.crashes > 50 && counts.retries > 5, "\(counts)")
        // And what people do.
        for type: MessageType in [
            .approvalRequested, .approvalDecided, .signalReceived, .taskWaiting, .taskReset, .taskSkipped,
            .taskCancelled, .workflowPaused, .workflowResumed, .workflowReopened, .slotGranted, .controlRetry,
            .controlSkip, .controlCancel,
        ] {
            #expect(seen[type.rawValue, default: 0] > 0, "\(type.rawValue) never happened")
        }
        #expect(seen["not_applicable", default: 0] > 0 && seen["role_not_allowed", default: 0] > 0)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `The checker of histories` {
    private func history() throws -> (Plan, [Event]) {
        var bench = try Bench("tasks: { a: { skill: d1.a, retry: { attempts: 2 } }, b: { skill: d1.a, needs: a } }")
        bench.dispatch("a")
        bench.fail("a")
        bench.wait(60)
        bench.run("a")
        bench.run("b")
        return (bench.state.plan, bench.history)
    }

    private func violations(_ change: (inout [Event]) -> Void) throws -> String {
        var (plan, events) = try history()
        change(&events)
        var checker = HistoryChecker(plan)
        for (index, event) in events.enumerated() {
            var event = event
            event.seq = event.seq == nil ? nil : index + 1
            checker.check(event)
        }
        return checker.violations.joined(separator: "; ")
    }

    @Test func `finds nothing in a good one`() throws { #expect(try violations { _ in } == "") }

    @Test func `finds what was planted`() throws {
        func at(_ events: [Event], _ type: MessageType, _ number: Int = 0) -> Int {
            events.indices.filter { events[$0].type == type }[number]
        }
        #expect(try violations { $0.append($0[$0.count - 1]) }.contains("a second end"))
        #expect(
            try violations { $0.swapAt(at($0, .taskCompleted), at($0, .taskDispatched, 2)) }.contains("2: b before a"))
        #expect(try violations { $0.remove(at: at($0, .taskRetrying)) }.contains("after its end"))
        #expect(try violations { $0.remove(at: at($0, .taskFailed)) }.contains("3: "))
        #expect(try violations { $0.remove(at: at($0, .taskCompleted, 1)) }.contains("ended while"))
        #expect(try violations { $0[2].id = $0[1].id }.contains("4: "))
        let (plan, events) = try history()
        var checker = HistoryChecker(plan)
        for event in events.dropFirst() { checker.check(event) }
        #expect(checker.violations.first == "4: seq 2 after 0")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A history` {
    @Test func `with a gap, without its beginning or with a strange event makes no state`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.run("a")
        let history = try bench.history.map { try RecordedEvent($0) }
        let id = bench.id
        #expect(try WorkflowState.rebuilt(id: id, from: history).status == .succeeded)
        func error(_ change: (inout [RecordedEvent]) -> Void) throws -> HistoryError {
            var changed = history
            change(&changed)
            return try #require(throws: HistoryError.self) { try WorkflowState.rebuilt(id: id, from: changed) }
        }
        #expect(try error { $0.remove(at: 2) }.message == "event 4 stands in place 3")
        #expect(try error { $0[0].type = .workflowCompleted }.seq == 1)
        #expect(try error { $0[1].data = [:] }.seq == 2)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `The cost of a task` {
    /// The nanoseconds that a task takes from the end of the one before, in a chain beside so many others.
    private func cost(tasks: Int) throws -> Double {
        var lines = (0..<10).map { "  c\($0): { skill: d1.a\($0 == 0 ? "" : ", needs: c\($0 - 1)") }" }
        lines += (0..<(tasks - 10)).map { "  t\($0): { skill: d2.a, needs: c9 }" }
        var best = Double.infinity
        for _ in 0..<5 {
            var bench = try Bench("tasks:\n" + lines.joined(separator: "\n"))
            let clock = ContinuousClock()
            let span = clock.measure { for index in 0..<9 { bench.run("c\(index)") } }
            best = min(best, Double(span.components.attoseconds) / 1e9 / 9)
        }
        return best
    }

    @Test func `does not depend on how many others its workflow has`() throws {
        let (small, large) = (try cost(tasks: 11), try cost(tasks: 1000))
        #expect(large < small * 4, "\(large) ns in a workflow of 1,000 tasks, \(small) ns in one of 11")
    }
}
