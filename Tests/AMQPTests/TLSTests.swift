import AMQP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A TLS connection` {
    private func settings(_ broker: Broker, by door: TLSDoor, trusting authority: String) -> AMQPSettings {
        var settings = broker.settings
        settings.host = "localhost"
        settings.port = door.port
        settings.tls = AMQPSettings.TLS(authorities: authority)
        return settings
    }

    /// - Returns: why the connection was not made.
    private func refusal(_ settings: AMQPSettings) async -> AMQPError? {
        let admin = AdminConnection(settings)
        do throws(AMQPError) {
            _ = try await admin.exchangeExists("amq.topic")
            return nil
        } catch {
            return error
        }
    }

    @Test func `carries messages both ways`() async throws {
        try await withVirtualHost { broker in
            let door = try await TLSDoor.open(to: broker.settings.port)
            let settings = settings(broker, by: door, trusting: door.authority)
            let admin = AdminConnection(settings)
            try await admin.declare(QueueDeclaration(name: "work"))
            let publisher = Publisher(settings)
            let messages = (0..<300).map { number in
                Message(
                    exchange: "", routingKey: "work", body: [UInt8](repeating: UInt8(number % 256), count: number * 100)
                )
            }
            #expect(await publisher.publish(messages).allSatisfy { $0 == .confirmed })
            let consumer = Consumer(settings)
            try await consumer.subscribe(.queue("work"))
            var bodies: [[UInt8]] = []
            while bodies.count < 300 {
                let batch = try await consumer.nextBatch()
                bodies += batch.map(\.body)
                try await consumer.ack(batch)
            }
            #expect(bodies == messages.map(\.body))
            await consumer.close()
            await publisher.close()
            await admin.close()
        }
    }

    @Test func `refuses a certificate of an authority that it does not know`() async throws {
        try await withVirtualHost { broker in
            let door = try await TLSDoor.open(to: broker.settings.port)
            let error = await refusal(settings(broker, by: door, trusting: door.otherAuthority))
            #expect(error?.code == .refused, "\(String(describing: error))")
        }
    }

    @Test func `refuses a certificate for another host`() async throws {
        try await withVirtualHost { broker in
            let door = try await TLSDoor.open(to: broker.settings.port, .otherName)
            let error = await refusal(settings(broker, by: door, trusting: door.authority))
            #expect(error?.code == .refused, "\(String(describing: error))")
        }
    }

    @Test func `refuses a certificate that has expired`() async throws {
        try await withVirtualHost { broker in
            let door = try await TLSDoor.open(to: broker.settings.port, .expired)
            let error = await refusal(settings(broker, by: door, trusting: door.authority))
            #expect(error?.code == .refused, "\(String(describing: error))")
        }
    }

    @Test func `is not made with less than TLS 1.2`() async throws {
        try await withVirtualHost { broker in
            let door = try await TLSDoor.open(to: broker.settings.port, oldest: "TLSv1", newest: "TLSv1_1")
            let error = await refusal(settings(broker, by: door, trusting: door.authority))
            #expect(error != nil)
            let modern = try await TLSDoor.open(to: broker.settings.port, oldest: "TLSv1_2", newest: "TLSv1_2")
            #expect(await refusal(settings(broker, by: modern, trusting: modern.authority)) == nil)
        }
    }

    @Test func `is not made without a file of authorities, or with a plain server`() async throws {
        try await withVirtualHost { broker in
            let door = try await TLSDoor.open(to: broker.settings.port)
            let error = await refusal(settings(broker, by: door, trusting: "/nowhere/ca.pem"))
            #expect(error?.code == .refused)
            var plain = settings(broker, by: door, trusting: door.authority)
            plain.port = broker.settings.port
            #expect(await refusal(plain) != nil)
        }
    }
}
