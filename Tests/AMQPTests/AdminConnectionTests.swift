import FaultyNetwork
import TestSupport
import Testing

@testable import AMQP

@Suite(.timeLimit(.minutes(1)))
struct `An admin connection` {
    @Test func `declares, binds, counts, purges and deletes`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(ExchangeDeclaration(name: "task", type: "topic"))
            try await admin.declare(ExchangeDeclaration(name: "copy", type: "fanout"))
            try await admin.bind(exchange: "copy", to: "task", key: "task.#")
            let made = try await admin.declare(QueueDeclaration(name: "", isDurable: false, isExclusive: true))
            #expect(made.name.hasPrefix("amq.gen-"))
            try await admin.bind(queue: made.name, to: "copy", key: "")
            #expect(try await admin.exchangeExists("task"))
            #expect(try await admin.exchangeExists("tusk") == false)
            let publisher = Publisher(broker.settings)
            let messages = (0..<3).map { Message(exchange: "task", routingKey: "task.\($0)", body: []) }
            #expect(await publisher.publish(messages).allSatisfy { $0 == .confirmed })
            #expect(
                try await admin.status(ofQueue: made.name) == QueueStatus(name: made.name, messages: 3, consumers: 0))
            #expect(try await admin.purge(queue: made.name) == 3)
            try await admin.unbind(queue: made.name, from: "copy", key: "")
            #expect(await publisher.publish([messages[0]]) != [.confirmed])
            #expect(try await admin.delete(queue: made.name) == 0)
            #expect(try await admin.status(ofQueue: made.name) == nil)
            try await admin.delete(exchange: "copy")
            await publisher.close()
            await admin.close()
            await #expect(throws: AMQPError.closedHere) { try await admin.exchangeExists("task") }
        }
    }

    @Test func `gets one message, and acks it or puts it back`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            #expect(try await admin.get(queue: "work")?.body == nil)
            let publisher = Publisher(broker.settings)
            #expect(await publisher.publish([Message(exchange: "", routingKey: "work", body: [5])]) == [.confirmed])
            let first = try #require(try await admin.get(queue: "work"))
            #expect(first.body == [5] && !first.isRedelivered)
            try await admin.requeue(first)
            let second = try #require(try await admin.get(queue: "work"))
            #expect(second.isRedelivered)
            // A refusal closes the channel: the message goes back, and can no longer be acked.
            let error = await #expect(throws: AMQPError.self) { try await admin.get(queue: "missing") }
            #expect(error?.code == .refused)
            let late = await #expect(throws: AMQPError.self) { try await admin.ack(second) }
            #expect(late?.code == .channelLost)
            let third = try #require(try await admin.get(queue: "work"))
            try await admin.ack(third)
            #expect(try await admin.get(queue: "work")?.body == nil)
            await publisher.close()
            await admin.close()
        }
    }

    @Test func `answers many calls at once, each its own`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            let declared = (0..<50).map { number in
                Task { try await admin.declare(QueueDeclaration(name: "q-\(number)")).name }
            }
            for (number, task) in declared.enumerated() {
                let name = try await task.value
                #expect(name == "q-\(number)")
            }
            await admin.close()
        }
    }

    @Test func `is told what a declaration with other arguments differs in`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let error = await #expect(throws: AMQPError.self) {
                try await admin.declare(QueueDeclaration(name: "work", isDurable: false))
            }
            #expect(error?.code == .refused && error?.operation == "queue.declare")
            #expect(error?.detail.hasPrefix("406 PRECONDITION_FAILED - inequivalent arg 'durable'") == true)
            await admin.close()
        }
    }

    @Test func `gives up at its deadline, and connects again later`() async throws {
        try await withVirtualHost { broker in
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.callTimeout = .seconds(3)
            let admin = AdminConnection(settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            await proxy.stall()
            let error = await #expect(throws: AMQPError.self) { try await admin.status(ofQueue: "work") }
            #expect(error?.code == .timedOut)
            await proxy.resume()
            let second = AdminConnection(broker.settings)
            #expect(try await second.status(ofQueue: "work")?.messages == 0)
            // The stalled connection may still be on its way out; the next call makes a new one.
            while (try? await admin.status(ofQueue: "work")) == nil { try Task.checkCancellation() }
            await admin.close()
            await second.close()
        }
    }

    @Test(arguments: ["127.0.0.1", "no-such-host.invalid"])
    func `says why it cannot connect`(host: String) async throws {
        var settings = AMQPSettings()
        settings.host = host
        settings.port = 1
        let error = await #expect(throws: AMQPError.self) { try await AdminConnection(settings).exchangeExists("x") }
        #expect(error?.code == .connectionLost && error?.operation == "connection.open")
    }

    @Test func `is refused a virtual host that does not exist`() async throws {
        try await withVirtualHost { broker in
            var settings = broker.settings
            settings.virtualHost += "-not"
            let error = await #expect(throws: AMQPError.self) {
                try await AdminConnection(settings).exchangeExists("x")
            }
            #expect(error?.code == .refused)
            #expect(error?.detail.hasPrefix("530 NOT_ALLOWED") == true)
        }
    }
}
