import Contracts
import Engine
import JSON

/// People, children and executors: whoever the dispatcher hears of.
extension Simulation {
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
}
