import Contracts
import Engine
import JSON
import YAML

/// What the tests call: skills `d1.anything` to `d3.anything` of the domains d1 to d3, and some special ones.
let catalog: SkillCatalog = {
    let domains = ["d1", "d2", "d3"].map { DomainName($0)! }
    var skills: [Skill] = []
    for domain in domains {
        for name in ["a", "b", "c"] { skills.append(Skill(id: SkillID("\(domain).\(name)")!, domain: domain)) }
    }
    skills.append(Skill(id: SkillID("d1.risky")!, domain: domains[0], risk: .high))
    skills.append(Skill(id: SkillID("d1.later")!, domain: domains[0], isDeferred: true))
    skills.append(Skill(id: SkillID("nowhere.a")!, domain: DomainName("nowhere")!))
    skills.append(
        Skill(
            id: SkillID("d1.stubborn")!, domain: domains[0], retry: RetryPolicy(attempts: 5), timeout: .seconds(20),
            startWithin: .seconds(30), lease: .seconds(10)))
    skills.append(
        Skill(id: SkillID("d1.planner")!, domain: domains[0], expands: [SkillPattern("*")], plans: true))
    skills.append(Skill(id: SkillID("d1.narrow")!, domain: domains[0], expands: [SkillPattern("d1.*")]))
    return SkillCatalog(skills, domains: domains)
}()

func define(_ text: String) throws -> Definition {
    try Definition.read(try YAMLReader.parse(text).value, catalog: catalog, isNamed: false) { _, _ in [] }
}

/// The problems of a definition as `path code`.
func problems(_ text: String, isNamed: Bool = false) -> [String] {
    do {
        let value = try YAMLReader.parse(text).value
        _ = try Definition.read(value, catalog: catalog, isNamed: isNamed) { _, _ in [] }
        return []
    } catch let refusal as PlanRefusal {
        return refusal.problems.map { "\($0.path) \($0.code)" }
    } catch {
        return ["\(error)"]
    }
}

/// One workflow, a clock, and an executor that does as it is told.
struct Bench {
    var state: WorkflowState
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    var history: [Event] = []
    var published: [Event] = []
    var decision = Decision()
    private var count = 0

    init(_ text: String, input: JSONValue = [:], priority: Int = 0, replyTo: String? = nil) throws {
        state = WorkflowState(id: WorkflowID(workspace: Workspace("w")!, requestID: RequestID("r")!))
        take(.created(try Self.created(text, input: input, priority: priority, replyTo: replyTo)))
    }

    static func created(
        _ text: String, input: JSONValue = [:], priority: Int = 0, replyTo: String? = nil, digest: String = "d"
    ) throws -> WorkflowCreated {
        WorkflowCreated(
            workflowID: WorkflowID(workspace: Workspace("w")!, requestID: RequestID("r")!),
            requestID: RequestID("r")!, workspace: Workspace("w")!, requestDigest: digest, name: "test", version: 1,
            plan: try define(text).plan.json, input: input, actor: Actor(id: "ada"), priority: priority,
            replyTo: replyTo, replyCorrelationID: replyTo == nil ? nil : "c1")
    }

    var id: WorkflowID { state.id }

    /// Hands in a message, as new unless an id is given.
    mutating func take(_ kind: Input.Kind, id: String? = nil, domain: String? = nil, actor: String = "x") {
        count += 1
        var input = Input(
            id: MessageID(id ?? "m\(count)")!, kind: kind, actor: actor, domain: domain.map { DomainName($0)! })
        if case .completed = kind { input.catalog = catalog }
        keep(state.take(input, now: now))
    }

    mutating func keep(_ decision: Decision) {
        self.decision = decision
        history += decision.events.filter(\.isHistory)
        published += decision.events.filter { $0.publication != nil }
    }

    /// Dispatches one task, or all that are ready.
    mutating func dispatch(_ task: String) {
        count += 1
        keep(state.dispatch(TaskID(task)!, causation: MessageID("m\(count)")!, now: now))
    }

    mutating func dispatchAll() { for ready in state.readyTasks(now: now).sorted() { dispatch(ready.taskID.text) } }

    mutating func wait(_ seconds: Int) { now = now + .seconds(seconds) }

    /// What an executor of the task's domain says of its present attempt, or of another.
    mutating func start(_ task: String, attempt: Int? = nil, executor: String = "e1", delivery: Int = 0) {
        take(
            .started(
                TaskStarted(
                    workflowID: id, taskID: TaskID(task)!, attempt: attempt ?? self[task].attempt,
                    executor: ExecutorID(executor)!, delivery: delivery)), domain: domain(task))
    }

    mutating func beat(_ task: String, attempt: Int? = nil, executor: String = "e1", delivery: Int = 0) {
        take(
            .heartbeat(
                TaskHeartbeat(
                    workflowID: id, taskID: TaskID(task)!, attempt: attempt ?? self[task].attempt,
                    executor: ExecutorID(executor)!, delivery: delivery)), domain: domain(task))
    }

    mutating func complete(
        _ task: String, _ output: JSONValue = [:], attempt: Int? = nil, executor: String = "e1", delivery: Int = 0,
        expansion: JSONValue? = nil
    ) {
        take(
            .completed(
                TaskCompleted(
                    workflowID: id, taskID: TaskID(task)!, attempt: attempt ?? self[task].attempt,
                    executor: ExecutorID(executor)!, delivery: delivery, output: output, expansion: expansion)),
            domain: domain(task))
    }

    /// Runs a ready task to its end, which adds tasks.
    ///
    /// - Parameter tasks: `{key: {…}}` in YAML.
    mutating func expand(_ task: String, _ tasks: String) throws {
        dispatch(task)
        start(task)
        complete(task, expansion: ["tasks": try YAMLReader.parse(tasks).value])
    }

    mutating func fail(
        _ task: String, _ error: TaskError = TaskError(code: "broken", message: "it broke"), attempt: Int? = nil,
        executor: String = "e1", delivery: Int = 0
    ) {
        take(
            .failed(
                TaskFailed(
                    workflowID: id, taskID: TaskID(task)!, attempt: attempt ?? self[task].attempt,
                    executor: ExecutorID(executor)!, delivery: delivery, error: error)), domain: domain(task))
    }

    mutating func wake(_ task: String, attempt: Int? = nil) {
        take(.taskWake(TaskWake(workflowID: id, taskID: TaskID(task)!, attempt: attempt ?? self[task].attempt)))
    }

    mutating func cancel(_ reason: String? = nil) {
        take(.cancel(ControlCancel(workflowID: id, actor: Actor(id: "ada"), reason: reason)))
    }

    /// Runs a ready task to its end.
    mutating func run(_ task: String, _ output: JSONValue = [:]) {
        dispatch(task)
        start(task)
        complete(task, output)
    }

    subscript(task: String) -> TaskState { state.task(TaskID(task)!)! }

    func status(_ task: String) -> TaskStatus { self[task].status }
    private func domain(_ task: String) -> String { state.plan.domain(of: task) }

    var ready: [String] { state.readyTasks(now: now).sorted().map(\.taskID.text) }
    /// The last decision's events by type.
    var said: [String] { decision.events.map(\.type.rawValue) }
    func order(_ task: String) -> TaskDispatched? {
        for event in published.reversed() {
            if case .taskDispatched(let order) = event.body, order.taskID.text == task { return order }
        }
        return nil
    }
    var completion: WorkflowCompleted? {
        for event in history { if case .workflowCompleted(let body) = event.body { return body } }
        return nil
    }
}

extension Plan {
    func domain(of task: String) -> String {
        let key = task.prefix { $0 != "." }
        return tasks.first { $0.id.text == key }!.call!.domain.text
    }
}

extension WorkflowState {
    /// Everything that rows hold, as text to compare.
    var rows: String {
        let encoder = JSONValueEncoder()
        let tasks = taskSnapshots.sorted { $0.id < $1.id }
        return ((try? encoder.encode(snapshot).canonicalText) ?? "?") + "\n"
            + tasks.map { (try? encoder.encode($0).canonicalText) ?? "?" }.joined(separator: "\n")
    }

    /// The state that its own rows give.
    func reloaded() throws -> WorkflowState {
        try WorkflowState(workflow: snapshot!, tasks: taskSnapshots, taken: taken)
    }

    /// The state that a history gives.
    static func replayed(_ history: [Event], id: WorkflowID) -> WorkflowState {
        var state = WorkflowState(id: id)
        for event in history { state.apply(event) }
        return state
    }
}
