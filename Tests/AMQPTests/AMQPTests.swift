import AMQP
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(1)))
struct `A published message` {
    @Test func `is confirmed and delivered with all its properties`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work", arguments: ["x-queue-type": .string("quorum")]))
            let properties = MessageProperties(
                contentType: "application/json", contentEncoding: "utf-8", correlationID: "wf-1", replyTo: "answers",
                messageID: "m-1", type: "task.dispatched", timestamp: 1_700_000_000, appID: "baton",
                expiration: "60000", priority: 3,
                headers: [
                    "text": .string("grün"), "number": .int(-7), "yes": .bool(true), "ratio": .double(0.25),
                    "raw": .bytes([0, 255]), "at": .timestamp(12), "none": .null,
                    "list": .array([.int(1), .table(["deep": .string("er")])]),
                ])
            let publisher = Publisher(broker.settings)
            let message = Message(exchange: "", routingKey: "work", properties: properties, body: [1, 2, 3])
            #expect(await publisher.publish([message]) == [.confirmed])

            let consumer = Consumer(broker.settings, prefetch: 10, batchLimit: 10)
            try await consumer.subscribe(.queue("work"))
            let batch = try await consumer.nextBatch()
            #expect(batch.count == 1)
            let delivery = try #require(batch.first)
            var expected = properties
            expected.userID = broker.settings.user
            #expect(delivery.properties == expected)
            #expect(delivery.body == [1, 2, 3])
            #expect(delivery.routingKey == "work")
            #expect(delivery.queue == "work")
            #expect(!delivery.isRedelivered)
            try await consumer.ack(batch)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
            await admin.close()
            await publisher.close()
        }
    }

    @Test func `comes back when no queue is bound for it`() async throws {
        try await withVirtualHost { broker in
            let publisher = Publisher(broker.settings)
            let confirmations = await publisher.publish([
                Message(exchange: "amq.topic", routingKey: "to.nobody", body: []),
                Message(exchange: "amq.topic", routingKey: "to.nobody", body: [], isMandatory: false),
            ])
            #expect(
                confirmations == [
                    .returned(code: 312, text: "NO_ROUTE: exchange \"amq.topic\", routing key \"to.nobody\""),
                    .confirmed,
                ])
            await publisher.close()
        }
    }
}
