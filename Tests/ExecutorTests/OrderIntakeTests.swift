import AMQP
import TestSupport
import Testing

@testable import Executor

@Suite(.timeLimit(.minutes(1)))
struct `The intake of orders` {
    private func queue(_ count: Int, on broker: Broker) async throws -> AdminConnection {
        let admin = AdminConnection(broker.settings)
        try await admin.declare(QueueDeclaration(name: "orders", arguments: ["x-queue-type": .string("quorum")]))
        let publisher = Publisher(broker.settings)
        let messages = (0..<count).map {
            Message(
                exchange: "", routingKey: "orders", properties: MessageProperties(messageID: "m-\($0)"), body: [1])
        }
        for confirmation in await publisher.publish(messages) { #expect(confirmation == .confirmed) }
        await publisher.close()
        return admin
    }

    private func intake(_ concurrency: Int, of broker: Broker) -> OrderIntake {
        OrderIntake(queue: "orders", concurrency: concurrency, logger: .init(label: "tests")) {
            Consumer(broker.settings, prefetch: $0, batchLimit: $0)
        }
    }

    private func end(_ order: TakenOrder, _ intake: OrderIntake) async throws {
        try await order.consumer.ack([order.delivery])
        await intake.end(order)
    }

    @Test func `takes no more than run at once, also when a run is acked before its end`() async throws {
        try await withVirtualHost { broker in
            let admin = try await queue(6, on: broker)
            let intake = intake(2, of: broker)
            try await intake.open()
            var orders = intake.orders.makeAsyncIterator()
            let first = try #require(await orders.next())
            let second = try #require(await orders.next())
            try await intake.keep(first)
            try await end(second, intake)
            let third = try #require(await orders.next())
            // One runs without its order, one has it; had the ack made room, there would be one less.
            try await admin.wait(untilQueue: "orders", holds: 3)
            await intake.end(first)
            let fourth = try #require(await orders.next())
            try await admin.wait(untilQueue: "orders", holds: 2)
            try await end(third, intake)
            try await end(fourth, intake)
            for _ in 0..<2 { try await end(try #require(await orders.next()), intake) }
            try await admin.wait(untilQueue: "orders", holds: 0)
            await intake.drain()
            await intake.close()
        }
    }

    @Test func `gives back what is not acked when it closes, and keeps what was`() async throws {
        try await withVirtualHost { broker in
            let admin = try await queue(3, on: broker)
            let intake = intake(3, of: broker)
            try await intake.open()
            var orders = intake.orders.makeAsyncIterator()
            let first = try #require(await orders.next())
            for _ in 0..<2 { _ = await orders.next() }
            try await intake.keep(first)
            await intake.drain()
            #expect(await orders.next() == nil)
            await intake.close()
            try await admin.wait(untilQueue: "orders", holds: 2)
        }
    }
}
