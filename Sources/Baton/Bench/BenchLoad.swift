import AMQP
import Contracts
import JSON
import Relay

/// Submits workflows and hears of their ends, over the broker and nothing else.
struct BenchLoad {
    let broker: AMQPSettings
    let shapes: [Shape]
    /// A plan sent along with each request, where no definition is registered.
    let sendsPlans: Bool
    let concurrency: Int
    /// Bytes of JSON that each task takes, about.
    let payload: Int
    /// Without any news for so long it is given up.
    let patience: Duration
    /// Whether artifacts are listened to, too: how far revisions lag behind them.
    let hearsArtifacts: Bool

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs `count` workflows to their ends.
    ///
    /// - Parameter progress: hears of every second.
    func run(_ count: Int, progress: (BenchTally) -> Void) async throws -> BenchTally {
        let name = Listening.name()
        let consumer = Consumer(broker, prefetch: 5000, batchLimit: 5000, logger: .silent)
        let publisher = Publisher(broker, logger: .silent)
        do {
            try await consumer.subscribe(queue(name))
            let tally = try await run(count, name, consumer, publisher, progress)
            await publisher.close()
            await consumer.close()
            return tally
        } catch {
            await publisher.close()
            await consumer.close()
            throw error
        }
    }

    private func queue(_ name: String) -> Subscription {
        let types = [MessageType.workflowCompleted, .workflowRejected, .workflowProgress, .approvalRequested]
        var bindings = types.map { (exchange: Exchange.workflow.rawValue, key: $0.rawValue + ".#") }
        if hearsArtifacts { bindings.append((Exchange.task.rawValue, MessageType.taskCompleted.rawValue + ".#")) }
        return .exclusive(name: QueueName.watch(name), bindings: bindings)
    }

    private func run(
        _ count: Int, _ name: String, _ consumer: Consumer, _ publisher: Publisher, _ progress: (BenchTally) -> Void
    ) async throws -> BenchTally {
        var tally = BenchTally(count: count, began: .now)
        try await submit(min(concurrency, count), name, publisher, &tally)
        var said = ContinuousClock.now
        // The last revisions may come after the last end: they are part of what it all costs.
        while tally.ended < count || !tally.open.isEmpty {
            let batch = try await heard(consumer, tally)
            let now = ContinuousClock.now
            let endedBefore = tally.ended
            for delivery in batch { try take(WireMessage(delivery), at: now, &tally) }
            let free = min(tally.ended - endedBefore, count - tally.submitted)
            if free > 0 { try await submit(free, name, publisher, &tally) }
            if tally.allWait { try await decide(publisher, &tally) }
            try await consumer.ack(batch)
            if now - said >= .seconds(1) {
                progress(tally)
                said = now
            }
        }
        return tally
    }

    private func heard(_ consumer: Consumer, _ tally: BenchTally) async throws -> [Delivery] {
        try await withThrowingTaskGroup(of: [Delivery].self) { group in
            group.addTask { try await consumer.nextBatch() }
            group.addTask { [patience] in
                try await Task.sleep(for: patience)
                return []
            }
            defer { group.cancelAll() }
            let batch = try await group.next() ?? []
            guard !batch.isEmpty else {
                throw Failure(
                    description:
                        "nothing was heard for \(patience): \(tally.ended) of \(tally.count) workflows have ended")
            }
            return batch
        }
    }

    // MARK: Asking

    private func submit(_ count: Int, _ name: String, _ publisher: Publisher, _ tally: inout BenchTally) async throws {
        var left = count
        while left > 0 {
            let size = min(left, 100)
            left -= size
            var messages: [Message] = []
            for _ in 0..<size { messages.append(try request(tally.submitted + messages.count, name, &tally)) }
            tally.submitted += size
            try await publish(messages, publisher)
        }
    }

    /// What is not confirmed is said again under the same id, which is harmless.
    private func publish(_ messages: [Message], _ publisher: Publisher) async throws {
        var messages = messages
        for _ in 0..<10 where !messages.isEmpty {
            let answers = await publisher.publish(messages)
            messages = zip(messages, answers).filter { $1 != .confirmed }.map(\.0)
        }
        guard messages.isEmpty else { throw Failure(description: "the broker does not confirm what is published") }
    }

    /// Says `continue` to every question.
    private func decide(_ publisher: Publisher, _ tally: inout BenchTally) async throws {
        let questions = Array(tally.questions.values)
        tally.questions = [:]
        for start in stride(from: 0, to: questions.count, by: 100) {
            try await publish(
                try questions[start..<min(start + 100, questions.count)].map { question in
                    let body = ApprovalDecided(
                        workflowID: question.workflowID, taskID: question.taskID, attempt: question.attempt,
                        decision: .continue, actor: Self.actor)
                    return try message(body, to: body.route)
                }, publisher)
        }
    }

    private func request(_ number: Int, _ name: String, _ tally: inout BenchTally) throws -> Message {
        let shape = shapes[number % shapes.count]
        let wf = "\(name)-\(number)"
        let pad = String(repeating: "x", count: max(0, payload - wf.utf8.count - 60))
        let body = WorkflowRequested(
            requestID: RequestID(unchecked: wf), workspace: Workspace(unchecked: "default"),
            definition: sendsPlans ? nil : shape.name + "@1", plan: sendsPlans ? shape.definition : nil,
            input: ["wf": .string(wf), "pad": .string(pad)], actor: Self.actor)
        let id = WorkflowID(workspace: body.workspace, requestID: body.requestID)
        tally.open[id] = BenchTally.Open(wf: wf, shape: shape, submittedAt: .now)
        return try message(body, to: body.route)
    }

    private static let actor = Contracts.Actor(id: "bench", roles: ["operator"])

    private func message(_ body: some MessageBody, to route: Route) throws -> Message {
        let now = Timestamp(milliseconds: Moment.now)
        let envelope = Envelope(of: body, id: .random(at: now), source: "/bench", time: now)
        return Message(envelope.message(to: route, body: try body.encoded()))
    }

    // MARK: Hearing

    private func take(_ wire: WireMessage, at now: ContinuousClock.Instant, _ tally: inout BenchTally) throws {
        guard let id = wire.correlationID.flatMap({ WorkflowID($0) }), tally.open[id] != nil else {
            if wire.type == MessageType.workflowRejected.rawValue { try refused(wire, tally) }
            return
        }
        switch wire.type.flatMap(MessageType.init) {
        case .workflowProgress: try tally.revised(id, try InboundMessage.decode(wire, validating: false), at: now)
        case .taskCompleted: tally.open[id]?.artifacts.append(now)
        case .workflowCompleted: try tally.completed(id, try InboundMessage.decode(wire, validating: false), at: now)
        case .approvalRequested:
            guard case .approvalRequested(let question) = try InboundMessage.decode(wire, validating: false).body else {
                break
            }
            tally.questions[id] = question
        case .workflowRejected: try refused(wire, tally)
        default: break
        }
    }

    private func refused(_ wire: WireMessage, _ tally: BenchTally) throws {
        guard case .workflowRejected(let body)? = try? InboundMessage.decode(wire, validating: false).body,
            let id = body.workflowID, tally.open[id] != nil
        else { return }
        let problems = body.problems.map { "\($0.path): \($0.message)" }.joined(separator: "\n    ")
        throw Failure(description: "a request was refused:\n    \(problems)")
    }
}
