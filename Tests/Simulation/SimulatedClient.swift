import AMQP
import Contracts
import Handover
import JSON
import Relay

/// Producers and people: requests, each said until it is confirmed, and what people ask for at random moments.
final class SimulatedClient: SimulatedProcess, @unchecked Sendable {  // one logical thread
    struct Request {
        let workflow: WorkflowID
        let message: Message
        var isAccepted = false
    }

    private(set) var requests: [Request] = []
    private var waiting: [(at: Int64, index: Int)] = []
    private var producer: SimulatedPublisher?
    private var people: SimulatedPublisher?
    private var nextCommand: Int64 = 0

    /// Where answers go.
    static let replies = QueueName.reply("client")

    override var canCrash: Bool { false }

    override func start() async {
        producer = SimulatedPublisher(self, user: BrokerUser.producer)
        people = SimulatedPublisher(self, user: BrokerUser.operator)
        _ = world.broker.declareExclusive(Self.replies, bindings: [])
        let now = world.database.now
        for index in 0..<world.settings.workflows {
            let plan = Scenario.plan(&world.planning, domains: world.domains, limit: world.settings.tasks)
            // Some know where they want to go, and not how.
            let isGoal = Int.random(in: 0..<7, using: &world.planning) == 0
            let request = WorkflowRequested(
                requestID: RequestID(unchecked: "r\(index)"), workspace: Workspace(unchecked: "default"),
                plan: isGoal ? nil : plan, goal: isGoal ? "all is well" : nil,
                input: ["n": 1, "list": [1, 2, 3]], actor: Actor(id: "ada"),
                priority: Int.random(in: -1...1, using: &world.planning))
            let workflow = WorkflowID(workspace: request.workspace, requestID: request.requestID)
            world.name(workflow.text, "w\(index)")
            guard
                let message = message(request, world.makeID(self.now), correlation: "c\(index)", reply: index % 3 == 0)
            else { continue }
            requests.append(Request(workflow: workflow, message: message))
            let at = now + Int64.random(in: 0...20_000, using: &world.planning)
            waiting.append((at, requests.count - 1))
            // The same request once more, by a sender who is not sure.
            if index % 4 == 1 { waiting.append((at + 3000, requests.count - 1)) }
            // Another under the same id: whoever comes first has it.
            if index % 5 == 2 {
                var other = request
                other.input = ["n": 2, "list": []]
                if let message = self.message(other, world.makeID(self.now), correlation: "d\(index)", reply: true) {
                    requests.append(Request(workflow: workflow, message: message))
                    waiting.append((at + Int64.random(in: -500...500, using: &world.planning), requests.count - 1))
                }
            }
        }
        nextCommand = now + 1000
    }

    /// They hold this.
    override func stop() { (producer, people) = (nil, nil) }

    private func message(_ request: WorkflowRequested, _ id: MessageID, correlation: String, reply: Bool) -> Message? {
        let envelope = Envelope(
            of: request, id: id, source: "/client", time: now, correlationID: correlation,
            replyTo: reply ? Self.replies : nil)
        return (try? request.encoded()).map { Message(envelope.message(to: request.route, body: $0)) }
    }

    override func hasWork(_ now: Int64) -> Bool {
        waiting.contains { $0.at <= now } || nextCommand <= now
    }

    override var timer: Int64? { (waiting.map(\.at) + [nextCommand]).min() }
    var isDone: Bool { incarnation > 0 && waiting.isEmpty }

    override func work() async {
        let now = world.database.now
        if let place = waiting.firstIndex(where: { $0.at <= now }) {
            let (_, index) = waiting.remove(at: place)
            if await producer?.publish([requests[index].message]).first == .confirmed {
                requests[index].isAccepted = true
            } else {
                waiting.append((now + 1000, index))
            }
        } else if nextCommand <= now {
            nextCommand = now + Int64(world.random(2000...20_000))
            if world.isHealing { await resume() } else { await command() }
        }
    }

    private func command() async {
        if world.roll(.garbage, oneIn: 6) { await sayGarbage() }
        guard world.roll(.command, oneIn: 2),
            let id = world.database.workflows.keys.sorted().randomElement(using: &world.scheduling)
        else {
            return
        }
        guard let message = Commands.random(for: id, world).flatMap({ said($0) }) else { return }
        // Now and then twice: by somebody who is not sure.
        let count = world.random(0...5) == 0 ? 2 : 1
        if await people?.publish(Array(repeating: message, count: count)).first == .confirmed {
            world.hit(.command, "somebody says \(world.describe(WireMessage(message)))")
        }
    }

    private func said(_ body: any WorkflowBody & RoutedBody) -> Message? {
        let envelope = Envelope(of: body, id: world.makeID(now), source: "/cli", time: now, replyTo: Self.replies)
        return (try? body.encoded()).map { Message(envelope.message(to: body.route, body: $0)) }
    }

    /// In the end somebody looks after what is paused: nothing else lets it go on.
    private func resume() async {
        for row in world.database.workflows.values.sorted(by: { $0.id < $1.id }) where row.status == "paused" {
            let body = ControlResume(workflowID: WorkflowID(unchecked: row.id), actor: Actor(id: "eve"))
            if let message = said(body) { _ = await people?.publish([message]) }
        }
    }

    /// Into any queue that a person or a producer may reach.
    private func sayGarbage() async {
        let keys = [
            (Exchange.workflow, "workflow.requested"), (.workflow, "control.cancel"), (.workflow, "signal.received"),
        ]
        let (exchange, key) = keys[world.random(0...keys.count - 1)]
        let message = Message(
            exchange: exchange.rawValue, routingKey: key,
            properties: MessageProperties(
                correlationID: "x", messageID: "garbage-\(world.makeID(now))", type: nil), body: Array("{\"a\":".utf8))
        if await people?.publish([message]).first == .confirmed { world.hit(.garbage, "garbage under \(key)") }
    }
}
