import AMQP
import Contracts
import Handover
import IOThread
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import Relay

/// Passes each message on to `out`, doing what its body says.
private final class Passing: MessageHandler, Sendable {
    private struct Seen {
        var batches = 0
        var isAway = false
    }

    private let seen = Locked(Seen())
    var batches: Int { seen.withLock { $0.batches } }

    func handle(_ batch: [Received]) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        let isFirst = seen.withLock { seen in
            seen.batches += 1
            return seen.batches == 1
        }
        let bodies = batch.map { String(decoding: $0.message.body, as: UTF8.self) }
        if isFirst && bodies.contains("away") { throw .unavailable }
        if bodies.contains("poison") { throw .refused(Reason(code: "poison", pointer: "/a", message: "cannot be")) }
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        for (received, body) in zip(batch, bodies) {
            let message = WireMessage(
                exchange: body == "nowhere" ? "amq.direct" : "", routingKey: body == "nowhere" ? "nobody" : "out",
                messageID: "caused-\(received.message.messageID ?? "")", body: received.message.body)
            outcomes[received.id] = .done([Outgoing(message, ifReturned: body == "nowhere" ? .drop : .tryAgain)])
        }
        return outcomes
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A relay` {
    /// Runs a relay from `in` to `out` while `body` runs.
    private func withRelay(
        pace: Duration = .zero, _ handler: Passing = Passing(),
        _ body: (Publisher, Consumer, Consumer) async throws -> Void
    ) async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            for queue in ["in", "out", "dead"] {
                try await admin.declare(QueueDeclaration(name: queue, arguments: ["x-queue-type": .string("quorum")]))
            }
            try await admin.declare(ExchangeDeclaration(name: "dead-letter", type: "topic"))
            try await admin.bind(queue: "dead", to: "dead-letter", key: "#")
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("in"))
            let publisher = Publisher(broker.settings)
            let relay = Relay(
                consumer: consumer, publisher: publisher, handler: handler, pace: pace, logger: Logger(label: "relay"))
            let group = ServiceGroup(services: [relay], logger: Logger(label: "group"))
            let producer = Publisher(broker.settings)
            let output = Consumer(broker.settings)
            try await output.subscribe(.queue("out"))
            let dead = Consumer(broker.settings)
            try await dead.subscribe(.queue("dead"))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await body(producer, output, dead)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            for end in [producer, publisher] { await end.close() }
            for end in [consumer, output, dead] { await end.close() }
            await admin.close()
        }
    }

    private func send(_ bodies: String..., by producer: Publisher) async throws {
        let messages = bodies.enumerated().map { index, body in
            Message(
                exchange: "", routingKey: "in", properties: MessageProperties(messageID: "\(index)"),
                body: Array(body.utf8))
        }
        #expect(await producer.publish(messages).allSatisfy { $0 == .confirmed })
    }

    private func receive(_ count: Int, from output: Consumer) async throws -> [String] {
        var bodies: [String] = []
        while bodies.count < count {
            let batch = try await output.nextBatch()
            bodies += batch.map { String(decoding: $0.body, as: UTF8.self) }
            try await output.ack(batch)
        }
        return bodies
    }

    @Test func `hands on everything it takes`() async throws {
        try await withRelay { producer, output, _ in
            let bodies = (0..<200).map { "message \($0)" }
            for body in bodies { try await send(body, by: producer) }
            #expect(try await receive(200, from: output) == bodies)
        }
    }

    @Test func `takes one batch at a time in its pace, the first at once`() async throws {
        let passing = Passing()
        try await withRelay(pace: .seconds(3), passing) { producer, output, _ in
            try await send("first", by: producer)
            #expect(try await receive(1, from: output) == ["first"])
            let bodies = (0..<5).map { "message \($0)" }
            for body in bodies { try await send(body, by: producer) }
            #expect(try await receive(5, from: output) == bodies)
            #expect(passing.batches == 2)
        }
    }

    @Test func `keeps a batch while the world is away`() async throws {
        try await withRelay { producer, output, _ in
            try await send("away", "other", by: producer)
            #expect(try await receive(2, from: output).sorted() == ["away", "other"])
        }
    }

    @Test func `gives up on a poison message alone and says why`() async throws {
        try await withRelay { producer, output, dead in
            try await send("one", "poison", "two", by: producer)
            #expect(try await receive(2, from: output) == ["one", "two"])
            let letter = try #require(try await dead.nextBatch().first)
            #expect(letter.routingKey == "dead.in")
            #expect(letter.properties.headers[DeadLetterHeader.reason]?.string == "poison")
            #expect(letter.properties.headers[DeadLetterHeader.pointer]?.string == "/a")
            #expect(letter.properties.headers[DeadLetterHeader.queue]?.string == "in")
            #expect(String(decoding: letter.body, as: UTF8.self) == "poison")
            try await dead.ack([letter])
        }
    }

    @Test func `goes on when nobody listens to a courtesy`() async throws {
        try await withRelay { producer, output, _ in
            try await send("nowhere", "somewhere", by: producer)
            #expect(try await receive(1, from: output) == ["somewhere"])
        }
    }
}
