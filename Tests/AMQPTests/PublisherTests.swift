import AMQP
import FaultyNetwork
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A publisher` {
    private func message(_ key: String, _ id: String, exchange: String = "", size: Int = 16) -> Message {
        Message(
            exchange: exchange, routingKey: key, properties: MessageProperties(messageID: id),
            body: [UInt8](repeating: 7, count: size))
    }

    private func numbered(_ range: Range<Int>, key: String = "work", size: Int = 16) -> [Message] {
        range.map { message(key, "m-\($0)", size: size) }
    }

    @Test func `confirms many callers' messages, more than its window`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let publisher = Publisher(broker.settings, maxOutstanding: 10)
            let callers = (0..<20).map { caller in
                Task { await publisher.publish(numbered(caller * 100..<caller * 100 + 100)) }
            }
            for caller in callers {
                #expect(await caller.value == [AMQP.Confirmation](repeating: .confirmed, count: 100))
            }
            #expect(try await admin.status(ofQueue: "work")?.messages == 2000)
            #expect(await publisher.publish([]) == [])
            await publisher.close()
        }
    }

    @Test func `tells the messages apart that come back`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let publisher = Publisher(broker.settings)
            let confirmations = await publisher.publish([
                message("work", "same"), message("nowhere", "same"), message("work", "b"), message("nowhere", "c"),
                message("elsewhere", "c"),
            ])
            #expect(confirmations[0] == .confirmed)
            #expect(confirmations[1] == .returned(code: 312, text: #"NO_ROUTE: exchange "", routing key "nowhere""#))
            #expect(confirmations[2] == .confirmed)
            #expect(confirmations[3] == .returned(code: 312, text: #"NO_ROUTE: exchange "", routing key "nowhere""#))
            #expect(confirmations[4] == .returned(code: 312, text: #"NO_ROUTE: exchange "", routing key "elsewhere""#))
            await publisher.close()
        }
    }

    @Test func `finds the one message that the broker refuses, and delivers the others`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let publisher = Publisher(broker.settings)
            var messages = numbered(0..<20)
            messages[3].exchange = "missing"
            messages[11].properties.userID = "somebody-else"
            let confirmations = await publisher.publish(messages)
            for (index, confirmation) in confirmations.enumerated() {
                switch (index, confirmation) {
                case (3, .unknown(let error)):
                    #expect(error.code == .refused && error.detail.hasPrefix("404 NOT_FOUND - no exchange 'missing'"))
                case (11, .unknown(let error)):
                    #expect(error.code == .refused && error.detail.hasPrefix("406 PRECONDITION_FAILED - user_id"))
                default: #expect(confirmation == .confirmed)
                }
            }
            #expect(await publisher.publish(numbered(20..<21)) == [.confirmed])
            await publisher.close()
        }
    }

    @Test func `is refused what it may not write`() async throws {
        try await withVirtualHost { broker in
            let user = broker.virtualHost + "-reader"
            try await broker.addUser(user, password: "p", configure: "^$", write: "^$", read: ".*")
            var settings = broker.settings
            settings.user = user
            settings.password = "p"
            let publisher = Publisher(settings)
            guard case .unknown(let error) = await publisher.publish([message("k", "1", exchange: "amq.topic")])[0]
            else {
                throw UnexpectedConfirmation()
            }
            #expect(error.code == .refused && error.detail.hasPrefix("403 ACCESS_REFUSED"))
            await publisher.close()
            try await broker.deleteUser(user)
        }
    }

    @Test func `keeps to itself what the protocol has no room for`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let publisher = Publisher(broker.settings)
            var messages = numbered(0..<5)
            messages[1].routingKey = String(repeating: "k", count: 256)
            messages[2].properties.headers = ["big": .string(String(repeating: "h", count: 140_000))]
            messages[3].properties.headers = ["deep": (0..<20).reduce(.null) { value, _ in .array([value]) }]
            messages[4].properties.headers = ["nearly": .string(String(repeating: "h", count: 127_000))]
            let confirmations = await publisher.publish(messages)
            #expect(confirmations[0] == .confirmed)
            for index in 1...3 {
                guard case .unknown(let error) = confirmations[index] else { throw UnexpectedConfirmation() }
                #expect(error.code == .refused)
            }
            #expect(confirmations[4] == .confirmed)
            await publisher.close()
        }
    }

    @Test func `calls a message unknown that a full queue does not take`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(
                QueueDeclaration(
                    name: "work", arguments: ["x-max-length": .int(1), "x-overflow": .string("reject-publish")]))
            let publisher = Publisher(broker.settings)
            let confirmations = await publisher.publish(numbered(0..<3))
            #expect(confirmations[0] == .confirmed)
            for confirmation in confirmations[1...] {
                guard case .unknown(let error) = confirmation else { throw UnexpectedConfirmation() }
                #expect(error.code == .nacked && error.isRetriable)
            }
            // It goes on by another channel, and is not put off by the refusal.
            let consumer = Consumer(broker.settings)
            try await consumer.subscribe(.queue("work"))
            try await consumer.ack(try await consumer.nextBatch())
            while await publisher.publish(numbered(3..<4)) != [.confirmed] {}
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func `knows which queues exist, while it publishes`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let publisher = Publisher(broker.settings)
            async let confirmations = publisher.publish(numbered(0..<500))
            #expect(try await publisher.queueExists("work"))
            #expect(try await publisher.queueExists("play") == false)
            #expect(await confirmations == Array(repeating: .confirmed, count: 500))
            await publisher.close()
            await #expect(throws: AMQPError.self) { try await publisher.queueExists("work") }
        }
    }

    @Test func `connects again after its connection was closed, and loses nothing that it confirmed`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.connectionName = "victim"
            let publisher = Publisher(settings)
            #expect(await publisher.publish(numbered(0..<1)) == [.confirmed])
            async let stream = publish(by: publisher, untilConnections: 2, through: proxy)
            try await broker.closeConnection(named: "victim")
            let confirmed = try await stream
            // Everything that was confirmed is there: this ends.
            let reader = Consumer(broker.settings)
            try await reader.subscribe(.queue("work"))
            var missing = confirmed
            while !missing.isEmpty {
                let batch = try await reader.nextBatch()
                missing.subtract(batch.compactMap(\.properties.messageID))
                try await reader.ack(batch)
            }
            await publisher.close()
            await reader.close()
        }
    }

    /// - Returns: the ids of what was confirmed, before the loss and after it.
    private func publish(
        by publisher: Publisher, untilConnections count: Int, through proxy: TCPProxy
    ) async throws -> Set<String> {
        var confirmed: Set<String> = []
        for round in 0... {
            try Task.checkCancellation()
            let isLast = await proxy.accepted >= count
            let messages = (0..<20).map { message("work", "r-\(round)-\($0)") }
            let confirmations = await publisher.publish(messages)
            for (message, confirmation) in zip(messages, confirmations) where confirmation == .confirmed {
                confirmed.insert(message.properties.messageID ?? "")
            }
            if isLast { break }
        }
        return confirmed
    }

    @Test func `gives up at its deadline when nobody answers`() async throws {
        let silence = try TCPProxy(to: nil)
        var settings = AMQPSettings()
        settings.host = "127.0.0.1"
        settings.port = silence.port
        settings.callTimeout = .milliseconds(300)
        let publisher = Publisher(settings)
        let began = ContinuousClock.now
        guard case .unknown(let error) = await publisher.publish(numbered(0..<1))[0] else {
            throw UnexpectedConfirmation()
        }
        #expect(error.code == .timedOut)
        #expect(ContinuousClock.now - began < .seconds(5))
    }

    @Test func `gives up at once when its task is cancelled`() async throws {
        let silence = try TCPProxy(to: nil)
        var settings = AMQPSettings()
        settings.host = "127.0.0.1"
        settings.port = silence.port
        let publisher = Publisher(settings)
        let publishing = Task { await publisher.publish(numbered(0..<1)) }
        await silence.connections(1)
        publishing.cancel()
        guard case .unknown(let error) = await publishing.value[0] else { throw UnexpectedConfirmation() }
        #expect(error.code == .cancelled)
    }

    @Test func `tells at once that the broker does not know it`() async throws {
        try await withVirtualHost { broker in
            var settings = broker.settings
            settings.password = "wrong"
            let publisher = Publisher(settings)
            guard case .unknown(let error) = await publisher.publish(numbered(0..<1))[0] else {
                throw UnexpectedConfirmation()
            }
            #expect(error.code == .refused && error.detail.hasPrefix("403 ACCESS_REFUSED"))
        }
    }

    @Test func `is not held up by a broker that stops reading`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.callTimeout = .seconds(4)
            settings.heartbeat = .seconds(60)
            let publisher = Publisher(settings)
            #expect(await publisher.publish(numbered(0..<1)) == [.confirmed])
            await proxy.stall()
            // One body larger than all the buffers on the way: the write itself hangs.
            let stuck = await publisher.publish([message("work", "stuck", size: 32 << 20)])
            guard case .unknown(let error) = stuck[0] else { throw UnexpectedConfirmation() }
            #expect(error.isRetriable)
            await proxy.resume()
            #expect(await publisher.publish(numbered(1..<2)) == [.confirmed])
            #expect(await proxy.accepted == 2)
            await publisher.close()
        }
    }

    @Test func `notices a broker that has fallen silent, by its heartbeat`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.heartbeat = .seconds(1)
            let publisher = Publisher(settings)
            #expect(await publisher.publish(numbered(0..<1)) == [.confirmed])
            await proxy.stall()
            guard case .unknown(let error) = await publisher.publish(numbered(1..<2))[0] else {
                throw UnexpectedConfirmation()
            }
            #expect(error.code == .connectionLost)
            await proxy.resume()
            #expect(await publisher.publish(numbered(2..<3)) == [.confirmed])
            await publisher.close()
        }
    }

    @Test func `does not wait long for the confirm of what is on its way`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.callTimeout = .seconds(300)
            settings.heartbeat = .seconds(300)
            let publisher = Publisher(settings, patience: .milliseconds(300))
            #expect(await publisher.publish(numbered(0..<1)) == [.confirmed])
            await proxy.stall()
            guard case .unknown(let error) = await publisher.publish(numbered(1..<2))[0] else {
                throw UnexpectedConfirmation()
            }
            #expect(error.code == .timedOut && error.isRetriable)
            await proxy.resume()
            while await publisher.publish(numbered(2..<3)) != [.confirmed] {}
            await publisher.close()
        }
    }

    @Test func `keeps an idle connection alive`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.heartbeat = .seconds(2)
            let publisher = Publisher(settings)
            #expect(await publisher.publish(numbered(0..<1)) == [.confirmed])
            // Three frames of ours; the broker closes a connection that says nothing for so long.
            await proxy.bytes(atLeast: 3 * 8)
            #expect(await publisher.publish(numbered(1..<2)) == [.confirmed])
            #expect(await proxy.accepted == 1)
            await publisher.close()
        }
    }

    /// A frame of channel 0 that the broker sends when it runs short of memory or disk, or has some again.
    private func frame(method: UInt8, _ arguments: [UInt8] = []) -> [UInt8] {
        [1, 0, 0, 0, 0, 0, UInt8(4 + arguments.count), 0, 10, 0, method] + arguments + [0xCE]
    }

    @Test func `waits while the broker blocks it, and no longer than its deadline`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            settings.callTimeout = .seconds(3)
            let publisher = Publisher(settings)
            #expect(await publisher.publish(numbered(0..<1)) == [.confirmed])
            let reason = Array("low on memory".utf8)
            await proxy.tellClients(frame(method: 60, [UInt8(reason.count)] + reason))
            // The first may still slip through before the frame is read.
            _ = await publisher.publish(numbered(1..<2))
            guard case .unknown(let error) = await publisher.publish(numbered(2..<3))[0] else {
                throw UnexpectedConfirmation()
            }
            #expect(error.code == .timedOut && error.detail == "the broker blocks publishers: low on memory")
            async let later = publisher.publish(numbered(3..<4))
            await proxy.tellClients(frame(method: 61))
            #expect(await later == [.confirmed])
            #expect(await proxy.accepted == 1)
            await publisher.close()
        }
    }

    @Test(arguments: [
        Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [UInt8](repeating: 255, count: 4096), [1, 0, 0, 255],
    ])
    func `is not shaken by a server that speaks something else`(words: [UInt8]) async throws {
        let stranger = try TCPProxy(to: nil)
        var settings = AMQPSettings()
        settings.host = "127.0.0.1"
        settings.port = stranger.port
        settings.callTimeout = .seconds(1)
        let publisher = Publisher(settings)
        async let confirmations = publisher.publish(numbered(0..<1))
        await stranger.connections(1)
        await stranger.tellClients(words)
        guard case .unknown(let error) = await confirmations[0] else { throw UnexpectedConfirmation() }
        #expect(error.isRetriable)
    }

    @Test func `lets go of its connection and its thread when nobody needs it any more`() async throws {
        try await withVirtualHost { broker in
            let admin = AdminConnection(broker.settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let proxy = try TCPProxy(to: broker.settings.port)
            var settings = broker.settings
            settings.host = "127.0.0.1"
            settings.port = proxy.port
            for round in 1...20 {
                #expect(await Publisher(settings).publish(numbered(0..<10)) == Array(repeating: .confirmed, count: 10))
                try await Consumer(settings).subscribe(.queue("work"))
                #expect(try await AdminConnection(settings).exchangeExists("amq.topic"))
                await proxy.endings(3 * round)
            }
        }
    }

    @Test func `ends what is under way when it is closed`() async throws {
        let silence = try TCPProxy(to: nil)
        var settings = AMQPSettings()
        settings.host = "127.0.0.1"
        settings.port = silence.port
        settings.connectTimeout = .milliseconds(200)
        let publisher = Publisher(settings)
        async let confirmations = publisher.publish(numbered(0..<2))
        await silence.connections(1)
        await publisher.close()
        #expect(
            await confirmations.allSatisfy {
                $0 == .unknown(AMQPError(.closed, "connection.close", "closed by this process"))
            })
        #expect(
            await publisher.publish(numbered(2..<3)) == [
                .unknown(AMQPError(.closed, "connection.close", "closed by this process"))
            ])
    }
}

struct UnexpectedConfirmation: Error {}
