import Contracts
import JSON
import Testing

private let workflow = WorkflowID("wf-0123456789abcdef0123456789abcdef")!
private let payments = DomainName("payments")!
private let ledger = SkillID("ledger-summary")!
private let now = Timestamp("2026-01-05T09:00:05.120Z")!

/// What an executor of payments says when it begins.
private func started() throws -> WireMessage {
    let body = TaskStarted(
        workflowID: workflow, taskID: TaskID("fetch")!, attempt: 1, executor: ExecutorID("payments-7f3a")!, delivery: 0)
    let envelope = Envelope(
        of: body, id: MessageID("01922b1c-0000-7000-8000-000000000001")!, source: "/executor/payments/7f3a", time: now,
        causation: MessageID("01922b1c-0000-7000-8000-000000000000")!, userID: "executor-payments")
    return envelope.message(to: .task(.taskStarted, domain: payments, skill: ledger), body: try body.encoded())
}

private func changed(_ message: WireMessage, _ change: (inout WireMessage) -> Void) -> WireMessage {
    var message = message
    change(&message)
    return message
}

private func violation(_ message: WireMessage) -> ContractViolation? {
    do throws(ContractViolation) {
        _ = try InboundMessage.decode(message)
        return nil
    } catch {
        return error
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A message` {
    @Test func `comes back from the wire as it was sent`() throws {
        let message = try InboundMessage.decode(started())
        guard case .taskStarted(let body) = message.body else { Issue.record("\(message.body)"); return }
        #expect(body.workflowID == workflow && body.executor.text == "payments-7f3a")
        #expect(message.envelope.time == now && message.envelope.subject == "\(workflow)/fetch")
        #expect(message.envelope.causation?.text == "01922b1c-0000-7000-8000-000000000000")
        #expect(
            message.envelope.message(to: .task(.taskStarted, domain: payments, skill: ledger), body: message.wire.body)
                == message.wire)
    }

    @Test func `may have its attributes in headers alone`() throws {
        let message = changed(try started()) { ($0.messageID, $0.type, $0.contentType) = (nil, nil, nil) }
        #expect(try InboundMessage.decode(message).envelope.id.text == "01922b1c-0000-7000-8000-000000000001")
    }

    @Test func `may have its attributes in properties alone`() throws {
        let message = changed(try started()) { $0.headers = [:] }
        let read = try InboundMessage.decode(message)
        #expect(read.envelope.type == .taskStarted && read.envelope.time == Timestamp("2026-01-05T09:00:05Z"))
    }

    @Test func `may be a structured event`() throws {
        let event = """
            {"specversion": "1.0", "id": "r-1", "source": "shell", "type": "workflow.requested", "time": "2026-01-05T09:00:05Z",
             "data": {"request_id": "r-1", "workspace": "demo", "definition": "hello@1", "actor": {"id": "ada"}}}
            """
        let message = WireMessage(
            exchange: "workflow", routingKey: "workflow.requested",
            contentType: "application/cloudevents+json; charset=utf-8", replyTo: "reply.1", body: Array(event.utf8))
        let read = try InboundMessage.decode(message)
        guard case .workflowRequested(let request) = read.body else { Issue.record("\(read.body)"); return }
        #expect(request.definition == "hello@1" && read.envelope.replyTo == "reply.1")
        #expect(violation(changed(message) { $0.messageID = "r-2" })?.code == .envelope)
    }

    @Test func `needs an id and a type that agree with themselves`() throws {
        let good = try started()
        #expect(violation(changed(good) { $0.messageID = "another" })?.code == .envelope)
        #expect(violation(changed(good) { $0.type = "task.failed" })?.code == .envelope)
        #expect(violation(changed(good) { ($0.messageID, $0.headers) = (nil, [:]) })?.code == .envelope)
        #expect(violation(changed(good) { ($0.type, $0.headers) = (nil, [:]) })?.code == .envelope)
        #expect(violation(changed(good) { ($0.type, $0.headers) = ("task.dreamt", [:]) })?.code == .unknownType)
        #expect(violation(changed(good) { $0.headers["ce-specversion"] = "0.3" })?.code == .envelope)
        #expect(violation(changed(good) { $0.headers["ce-time"] = "yesterday" })?.code == .envelope)
        #expect(violation(changed(good) { $0.contentType = "text/plain" })?.code == .envelope)
    }

    @Test func `with a lying correlation id is refused`() throws {
        #expect(violation(changed(try started()) { $0.correlationID = "wf-another" })?.code == .correlation)
        #expect(violation(changed(try started()) { $0.correlationID = nil })?.code == .correlation)
    }

    @Test func `under the key of another type is refused`() throws {
        #expect(
            violation(changed(try started()) { $0.routingKey = "task.completed.payments.ledger-summary" })?.code
                == .envelope)
        #expect(violation(changed(try started()) { $0.routingKey = "nonsense" })?.code == .envelope)
    }

    @Test func `of an executor is believed only about its own domain`() throws {
        #expect(violation(changed(try started()) { $0.routingKey = "task.started.data-read.x" })?.code == .domain)
        #expect(violation(changed(try started()) { $0.userID = "executor-data-read" })?.code == .domain)
        let heartbeat = ExecutorHeartbeat(
            executor: ExecutorID("a")!, runnerDomain: payments, concurrency: 4, running: 0, at: now,
            interval: Seconds(.seconds(15)))
        let message = Envelope(of: heartbeat, id: MessageID("h-1")!, source: "/x", time: now, correlationID: "a")
            .message(to: .domain(.executorHeartbeat, DomainName("data-read")!), body: try heartbeat.encoded())
        #expect(violation(message)?.code == .domain)
        #expect(violation(message)?.pointer.text == "/runner_domain")
    }

    @Test(arguments: [
        ("not JSON", ContractViolation.Code.notJSON, ""), ("{\"a\": 1, \"a\": 1}", .notJSON, "/a"),
        ("[]", .invalid, ""), ("{}", .invalid, ""),
        (
            #"{"workflow_id": "wf-1", "task_id": "a b", "attempt": 1, "executor": "e", "delivery": 0}"#, .invalid,
            "/task_id"
        ),
        (
            #"{"workflow_id": 7, "task_id": "a", "attempt": 1, "executor": "e", "delivery": 0}"#, .invalid,
            "/workflow_id"
        ),
    ])
    func `that is not what the contract says is refused with its place`(
        body: String, code: ContractViolation.Code, place: String
    ) throws {
        let violation = violation(changed(try started()) { $0.body = Array(body.utf8) })
        #expect(violation?.code == code)
        #expect(violation?.pointer.text == place)
    }

    @Test func `beyond a limit is refused`() throws {
        let deep = String(repeating: "[", count: 10_000)
        #expect(violation(changed(try started()) { $0.body = Array(deep.utf8) })?.code == .tooDeep)
        let large = [UInt8](repeating: UInt8(ascii: " "), count: 2_000_000)
        #expect(violation(changed(try started()) { $0.body = large })?.code == .tooLarge)
        #expect(violation(changed(try started()) { $0.body = [0x22, 0xFF, 0x22] })?.code == .notJSON)
    }

    @Test func `of our own processes may have more members than one of somebody else's`() throws {
        let plan = JSONValue.object(
            JSONObject((0..<6000).map { ("t\($0)", ["skill": "a.b"]) }))
        let body = WorkflowCreated(
            workflowID: workflow, requestID: RequestID("r")!, workspace: Workspace("default")!,
            requestDigest: String(repeating: "d", count: 64),
            name: "large", version: 1, plan: ["tasks": plan], input: [:], actor: Actor(id: "ada"))
        let envelope = Envelope(
            of: body, id: MessageID("01922b1c-0000-7000-8000-000000000001")!, source: "/planner", time: now)
        let message = envelope.message(to: .workflow(.workflowCreated), body: try body.encoded())
        #expect(violation(message)?.code == .tooManyKeys)
        #expect(violation(changed(message) { $0.userID = "executor-payments" })?.code == .tooManyKeys)
        #expect(violation(changed(message) { $0.userID = "planner" }) == nil)
    }

    @Test func `with 100,000 characters where a name is asked is refused`() throws {
        let body = #"{"workflow_id": "wf-1", "task_id": "LONG", "attempt": 1, "executor": "e", "delivery": 0}"#
            .replacing("LONG", with: String(repeating: "a", count: 100_000))
        let violation = violation(changed(try started()) { $0.body = Array(body.utf8) })
        #expect(violation?.code == .invalid && violation?.pointer.text == "/task_id")
        #expect(violation!.message.count <= 500)
    }

    @Test func `keeps the exact digits of its numbers`() throws {
        let digits = "12345678901234567890.123456789012345678901234567890"
        let body = TaskCompleted(
            workflowID: workflow, taskID: TaskID("a")!, attempt: 1,
            output: ["sum": .number(JSONNumber(uncheckedLiteral: digits))])
        let copy = try JSONValueDecoder().decode(TaskCompleted.self, from: body.encoded())
        #expect(copy.output["sum"]?.number?.literal == digits)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A message id` {
    @Test func `of an event is the same whenever its cause is handled again`() {
        let cause = MessageID("m-1")!
        let id = MessageID.caused(by: cause, index: 0, at: now)
        #expect(id == MessageID.caused(by: cause, index: 0, at: now))
        #expect(id != MessageID.caused(by: cause, index: 1, at: now))
        #expect(id != MessageID.caused(by: MessageID("m-2")!, index: 0, at: now))
        #expect(
            id.text.wholeMatch(of: /019b8d62-8e80-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil, "\(id)")
    }

    @Test func `is never drawn twice`() {
        let ids = Set((0..<1000).map { _ in MessageID.random(at: now) })
        #expect(ids.count == 1000)
    }

    @Test func `of what has a name depends on the name alone`() {
        #expect(MessageID.derived(from: "wf-1", "7") == MessageID.derived(from: "wf-1", "7"))
        #expect(MessageID.derived(from: "wf-1", "7") != MessageID.derived(from: "wf-17"))
    }

    @Test func `leads to the workflow of a request`() {
        let id = WorkflowID(workspace: Workspace("demo")!, requestID: RequestID("r-1")!)
        #expect(id.text == "wf-\(SHA256.hex("demo\0r-1").prefix(32))")
        #expect(WorkflowID(id.text) == id)
    }
}
