import CRabbitMQ
import FaultyNetwork
import IOThread
import TestSupport
import Testing

@testable import AMQP

@Suite(.timeLimit(.minutes(1)))
struct `A consumer` {
    private func publish(_ count: Int, to key: String, exchange: String = "", by broker: Broker) async {
        let publisher = Publisher(broker.settings)
        let messages = (0..<count).map {
            Message(
                exchange: exchange, routingKey: key, properties: MessageProperties(messageID: "m-\($0)"), body: [1])
        }
        for confirmation in await publisher.publish(messages) { #expect(confirmation == .confirmed) }
        await publisher.close()
    }

    /// Takes until it has `count`.
    private func take(_ count: Int, from consumer: Consumer) async throws -> [Delivery] {
        var taken: [Delivery] = []
        while taken.count < count { taken += try await consumer.nextBatch() }
        return taken
    }

    private func declare(_ queues: [String], on broker: Broker) async throws -> AdminConnection {
        let admin = AdminConnection(broker.settings)
        for queue in queues {
            try await admin.declare(QueueDeclaration(name: queue, arguments: ["x-queue-type": .string("quorum")]))
        }
        return admin
    }

    private func ids(_ deliveries: [Delivery]) -> [String] { deliveries.compactMap(\.properties.messageID) }

    @Test func `takes in batches no larger than asked, each message once, in order`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            await publish(100, to: "work", by: broker)
            let consumer = Consumer(broker.settings, prefetch: 100, batchLimit: 30)
            try await consumer.subscribe(.queue("work"))
            var taken: [Delivery] = []
            while taken.count < 100 {
                let batch = try await consumer.nextBatch()
                #expect((1...30).contains(batch.count))
                taken += batch
            }
            #expect(ids(taken) == (0..<100).map { "m-\($0)" })
            try await consumer.ack(taken)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `is handed no more than its prefetch until it acks`() async throws {
        try await withVirtualHost { broker in
            _ = try await declare(["work"], on: broker)
            await publish(10, to: "work", by: broker)
            let consumer = Consumer(broker.settings, prefetch: 4, batchLimit: 100)
            try await consumer.subscribe(.queue("work"))
            let first = try await take(4, from: consumer)
            #expect(first.count == 4)
            // Every other one: the rest of the channel stays unsettled.
            try await consumer.ack([first[1], first[3]])
            let second = try await take(2, from: consumer)
            #expect(ids(second) == ["m-4", "m-5"])
            try await consumer.ack(first + second)
            let third = try await take(4, from: consumer)
            #expect(ids(third) == ["m-6", "m-7", "m-8", "m-9"])
            try await consumer.ack(third)
            await consumer.close()
        }
    }

    @Test func `keeps acks that may wait until others go along, many have come together, or it is closed`() async throws
    {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            await publish(12, to: "work", by: broker)
            // Two acks are a quarter of the prefetch.
            let consumer = Consumer(broker.settings, prefetch: 8, batchLimit: 100)
            try await consumer.subscribe(.queue("work"))
            let first = try await take(8, from: consumer)
            try await consumer.ack([first[0]], within: .seconds(3600))
            try await consumer.ack([first[1]], within: .seconds(3600))
            let second = try await take(2, from: consumer)
            #expect(ids(second) == ["m-8", "m-9"])

            try await consumer.ack([first[2]], within: .seconds(3600))
            try await consumer.ack([first[3]])
            #expect(ids(try await take(2, from: consumer)) == ["m-10", "m-11"])

            try await consumer.ack([first[4]], within: .seconds(3600))
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 7)
            #expect(try await admin.get(queue: "work")?.properties.messageID == "m-5")
        }
    }

    @Test func `writes an ack that may wait when its time has come`() async throws {
        try await withVirtualHost { broker in
            _ = try await declare(["work"], on: broker)
            await publish(20, to: "work", by: broker)
            let consumer = Consumer(broker.settings, prefetch: 16, batchLimit: 100)
            try await consumer.subscribe(.queue("work"))
            let first = try await take(16, from: consumer)
            try await consumer.ack([first[0]], within: .milliseconds(20))
            #expect(ids(try await take(1, from: consumer)) == ["m-16"])
            await consumer.close()
        }
    }

    @Test func `hands back what it releases, and nothing else`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            await publish(5, to: "work", by: broker)
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            let taken = try await take(5, from: consumer)
            try await consumer.ack([taken[0], taken[4]])
            await consumer.release([taken[1], taken[3]])
            let again = try await take(2, from: consumer)
            #expect(Set(ids(again)) == ["m-1", "m-3"])
            #expect(again.allSatisfy { $0.isRedelivered && $0.deliveryCount == 1 })
            #expect(taken.allSatisfy { $0.deliveryCount == 0 })
            try await consumer.ack(again + [taken[2]])
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `consumes several queues by one connection, and gives one up`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["one", "two"], on: broker)
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("one"))
            try await consumer.subscribe(.queue("two"))
            try await consumer.subscribe(.queue("two"))
            await publish(1, to: "one", by: broker)
            await publish(1, to: "two", by: broker)
            let taken = try await take(2, from: consumer)
            #expect(Set(taken.map(\.queue)) == ["one", "two"])
            await consumer.unsubscribe(queue: "two")
            #expect(consumer.held(taken).map(\.queue) == ["one"])
            try await consumer.ack(taken)
            // The channel is closed: what it held is back.
            let back = try #require(try await admin.get(queue: "two"))
            #expect(back.isRedelivered)
            try await admin.ack(back)
            try await consumer.subscribe(.queue("two"))
            await publish(1, to: "two", by: broker)
            #expect(try await take(1, from: consumer)[0].queue == "two")
            await consumer.close()
            try await admin.wait(untilQueue: "one", holds: 0)
        }
    }

    @Test func `is told when its first subscription is refused`() async throws {
        try await withVirtualHost { broker in
            let consumer = Consumer(broker.settings)
            let error = await #expect(throws: AMQPError.self) { try await consumer.subscribe(.queue("missing")) }
            #expect(error?.code == .refused)
            #expect(error?.detail.hasPrefix("404 NOT_FOUND - no queue 'missing'") == true)
            // The consumer is none the worse for it.
            _ = try await declare(["work"], on: broker)
            try await consumer.subscribe(.queue("work"))
            await publish(1, to: "work", by: broker)
            #expect(try await consumer.nextBatch().count == 1)
            await consumer.close()
        }
    }

    @Test func `gets everything once more after its connection was closed, and acks nothing twice`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            await publish(20, to: "work", by: broker)
            var settings = broker.settings
            settings.connectionName = "victim"
            let consumer = Consumer(settings, prefetch: 20, batchLimit: 20)
            try await consumer.subscribe(.queue("work"))
            let first = try await take(20, from: consumer)
            try await broker.closeConnection(named: "victim")
            let second = try await take(20, from: consumer)
            #expect(Set(ids(second)) == Set(ids(first)))
            #expect(second.allSatisfy { $0.isRedelivered })
            #expect(consumer.held(first).isEmpty)
            #expect(consumer.held(second).count == 20)
            // Tags of the lost channel: as numbers they exist on the new one too.
            try await consumer.ack(first)
            try await consumer.ack(Array(second[..<5]))
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 15)
        }
    }

    @Test func `loses no message while its connection is cut again and again`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            let consumer = Consumer(settings, prefetch: 50, batchLimit: 50)
            try await consumer.subscribe(.queue("work"))
            async let published: Void = publish(1000, to: "work", by: broker)
            var seen: Set<String> = []
            var cuts = 0
            while seen.count < 1000 {
                let batch = try await consumer.nextBatch()
                seen.formUnion(ids(batch))
                try await consumer.ack(batch)
                if seen.count > cuts * 200, cuts < 4 {
                    cuts += 1
                    await proxy.cut()
                }
            }
            await published
            #expect(await proxy.accepted > cuts)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `subscribes again when its queue was deleted and made again`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            await publish(1, to: "work", by: broker)
            let first = try await take(1, from: consumer)
            try await admin.delete(queue: "work")
            // RabbitMQ 3.10 mixes the two queues up when the second is there before consumers know of the first's end.
            while !consumer.held(first).isEmpty { _ = try await admin.exchangeExists("amq.topic") }
            _ = try await declare(["work"], on: broker)
            await publish(1, to: "work", by: broker)
            let second = try await take(1, from: consumer)
            try await consumer.ack(first + second)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `goes on after the broker has closed its channel`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            await publish(1, to: "work", by: broker)
            let first = try await take(1, from: consumer)
            // A delivery that never was: 406 PRECONDITION_FAILED - unknown delivery tag.
            await consumer.ackBlindly(tag: 99, on: 1)
            let second = try await take(1, from: consumer)
            #expect(ids(first) == ids(second))
            #expect(second[0].epoch != first[0].epoch)
            try await consumer.ack(second)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `declares and binds its exclusive queue at each connect`() async throws {
        try await withVirtualHost { broker in
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            let consumer = Consumer(settings)
            try await consumer.subscribe(
                .exclusive(
                    name: "mine", bindings: [("amq.topic", "task.cancel.#"), ("amq.topic", "task.go.#")],
                    arguments: ["x-max-length": .int(100)]))
            await publish(1, to: "task.cancel.payments", exchange: "amq.topic", by: broker)
            #expect(try await take(1, from: consumer)[0].routingKey == "task.cancel.payments")
            await proxy.cut()
            await proxy.connections(2)
            // Until it is there again the message comes back as having no route.
            let publisher = Publisher(broker.settings)
            let message = Message(exchange: "amq.topic", routingKey: "task.go.payments", body: [2])
            while await publisher.publish([message]) != [.confirmed] { try Task.checkCancellation() }
            #expect(try await take(1, from: consumer)[0].body == [2])
            await consumer.close()
            #expect(try await publisher.queueExists("mine") == false)
            await publisher.close()
        }
    }

    @Test func `stands by for a queue with a single active consumer`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(
                QueueDeclaration(
                    name: "work",
                    arguments: ["x-queue-type": .string("quorum"), "x-single-active-consumer": .bool(true)]))
            let active = Consumer(broker.settings)
            try await active.subscribe(.queue("work"))
            let standby = Consumer(broker.settings)
            try await standby.subscribe(.queue("work"))
            await publish(2, to: "work", by: broker)
            let taken = try await take(2, from: active)
            try await active.ack([taken[0]])
            await active.close()
            let rest = try await take(1, from: standby)
            #expect(ids(rest) == ["m-1"])
            try await standby.ack(rest)
            await standby.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `takes no more once deliveries are cancelled, and settles what it has`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            await publish(10, to: "work", by: broker)
            let consumer = Consumer(broker.settings, prefetch: 10, batchLimit: 4)
            try await consumer.subscribe(.queue("work"))
            let taken = try await consumer.nextBatch()
            await consumer.cancelDeliveries()
            await #expect(throws: AMQPError.self) { try await consumer.nextBatch() }
            try await consumer.ack(taken)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 10 - taken.count)
            // Of the others each was handed to us once, and not again on the way down.
            let next = Consumer(broker.settings)
            try await next.subscribe(.queue("work"))
            let rest = try await take(10 - taken.count, from: next)
            #expect(rest.allSatisfy { $0.deliveryCount == 1 })
            await next.close()
        }
    }

    @Test func `leaves at once when it is closed while deliveries are being cancelled`() async throws {
        try await withVirtualHost { broker in
            _ = try await declare(["work"], on: broker)
            let clock = ContinuousClock()
            for _ in 0..<5 {
                let consumer = Consumer(broker.settings)
                try await consumer.subscribe(.queue("work"))
                let taken = await clock.measure {
                    async let cancelled: Void = consumer.cancelDeliveries()
                    _ = try? await consumer.nextBatch()
                    await consumer.close()
                    await cancelled
                }
                // The limit of an answer that does not come is 5 s.
                #expect(taken < .seconds(4))
            }
        }
    }

    @Test func `ends a waiting batch when its task is cancelled, and when it is closed`() async throws {
        try await withVirtualHost { broker in
            _ = try await declare(["work"], on: broker)
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            let cancelled = Task { try await consumer.nextBatch() }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            // What comes later is not lost to the one that has gone.
            await publish(1, to: "work", by: broker)
            let batch = try await consumer.nextBatch()
            #expect(batch.count == 1)
            let waiting = Task { try await consumer.nextBatch() }
            await consumer.close()
            let error = await #expect(throws: AMQPError.self) { try await waiting.value }
            #expect(error?.code == .closed)
            await #expect(throws: AMQPError.self) { try await consumer.ack(batch) }
            await #expect(throws: AMQPError.self) { try await consumer.subscribe(.queue("work")) }
        }
    }

    @Test func `gives up subscribing at its deadline when nobody answers`() async throws {
        let silence = try TCPProxy(to: nil)
        var settings = AMQPSettings()
        settings.host = "127.0.0.1"
        settings.port = silence.port
        settings.callTimeout = .milliseconds(200)
        settings.connectTimeout = .milliseconds(500)
        let consumer = Consumer(settings)
        let error = await #expect(throws: AMQPError.self) { try await consumer.subscribe(.queue("work")) }
        #expect(error?.code == .timedOut)
        await consumer.close()
    }

    @Test func `notices a broker that has fallen silent, and goes on with the next connection`() async throws {
        try await withVirtualHost { broker in
            let admin = try await declare(["work"], on: broker)
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.heartbeat = .seconds(1)
            settings.connectTimeout = .seconds(1)
            let consumer = Consumer(settings)
            try await consumer.subscribe(.queue("work"))
            await proxy.stall()
            await publish(1, to: "work", by: broker)
            await proxy.connections(2)
            await proxy.resume()
            let taken = try await take(1, from: consumer)
            #expect(ids(taken) == ["m-0"])
            try await consumer.ack(taken)
            await consumer.close()
            try await admin.wait(untilQueue: "work", holds: 0)
        }
    }

    @Test func `cuts off headers that are nested without end`() async throws {
        try await withVirtualHost { broker in
            _ = try await declare(["work"], on: broker)
            // 35 KB of nesting kill a thread with a small stack (librabbitmq decodes by recursion); a frame takes 128 KiB.
            try await sendNested(25_000, key: "work", to: broker)
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            let taken = try await take(1, from: consumer)
            var value = try #require(taken[0].properties.headers["deep"])
            var depth = 0
            while case .array(let values) = value {
                value = try #require(values.first)
                depth += 1
            }
            #expect(depth == HeaderValue.maximumDepth && value == .null)
            try await consumer.ack(taken)
            await consumer.close()
        }
    }

    /// Publishes a message with a header `deep`: so many arrays within each other. A publisher of ours would not send it.
    private func sendNested(_ depth: Int, key: String, to broker: Broker) async throws {
        let thread = IOThread(name: "test")
        defer { thread.stop() }
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            thread.perform {
                done.resume(
                    with: Result {
                        let handle = try ConnectionHandle.open(broker.settings, deadline: .now + .seconds(10))
                        _ = try handle.send(.channelOpen, on: 1)
                        try handle.publish(nested: depth, key: key)
                        _ = try handle.send(.channelClose, on: 1)
                        // The answer to the close: the broker has the message.
                        var answers = 0
                        while answers < 2 { if try handle.next() != nil { answers += 1 } }
                    })
            }
        }
    }

    @Test func `delivers large bodies and deeply nested headers`() async throws {
        try await withVirtualHost { broker in
            _ = try await declare(["work"], on: broker)
            let publisher = Publisher(broker.settings)
            let body = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0) }
            let deepest = (0..<HeaderValue.maximumDepth).reduce(HeaderValue.int(1)) { value, _ in .array([value]) }
            let message = Message(
                exchange: "", routingKey: "work", properties: MessageProperties(headers: ["deep": deepest]), body: body)
            #expect(await publisher.publish([message]) == [.confirmed])
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            let taken = try await take(1, from: consumer)
            #expect(taken[0].body == body)
            #expect(taken[0].properties.headers["deep"] == deepest)
            await consumer.close()
            await publisher.close()
        }
    }
}

extension Consumer {
    /// An ack of something that it was never given.
    fileprivate func ackBlindly(tag: UInt64, on channel: UInt16) {
        try? link?.write { handle throws(AMQPError) in try handle.ack(tag, isMultiple: false, on: channel) }
    }
}

extension ConnectionHandle {
    /// Made without recursion: each array around the one before.
    fileprivate func publish(nested depth: Int, key: String) throws {
        let fields = UnsafeMutablePointer<amqp_field_value_t>.allocate(capacity: depth)
        defer { unsafe fields.deallocate() }
        var field = unsafe amqp_field_value_t()
        unsafe field.kind = UInt8(AMQP_FIELD_KIND_VOID.rawValue)
        for level in 0..<depth {
            unsafe (fields + level).initialize(to: field)
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_ARRAY.rawValue)
            unsafe field.value.array = amqp_array_t(num_entries: 1, entries: fields + level)
        }
        let arena = Arena()
        var entry = unsafe amqp_table_entry_t(key: arena.bytes("deep"), value: field)
        let status = unsafe withUnsafeMutablePointer(to: &entry) { entry in
            var properties = unsafe amqp_basic_properties_t()
            unsafe properties._flags = UInt32(AMQP_BASIC_HEADERS_FLAG)
            unsafe properties.headers = amqp_table_t(num_entries: 1, entries: entry)
            return unsafe amqp_basic_publish(
                raw, 1, amqp_empty_bytes, arena.bytes(key), 0, 0, &properties, amqp_empty_bytes)
        }
        try #require(status == 0)
    }
}
