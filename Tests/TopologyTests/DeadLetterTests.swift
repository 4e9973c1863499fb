import AMQP
import JSON
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `The dead-letter queue` {
    @Test func `shows what was given up on, and why, as often as one looks`() async throws {
        try await withBrokerSpace { space in
            let letters = try await space.deadLetters()
            try await space.giveUp(on: "one", in: "planner")
            try await space.report("two", from: "gatherer.0", key: "artifact.created.payments.x", user: "gatherer")
            for _ in 1...3 {
                let list = try await letters.list()
                try #require(list.letters.count == 2)
                #expect(list.total == 2)
                #expect(list.letters.map(\.queue) == ["planner", "gatherer.0"])
                #expect(list.letters.map(\.reason) == ["rejected", "invalid"])
                #expect(list.letters.map(\.routingKey) == ["workflow.requested", "artifact.created.payments.x"])
                #expect(list.letters[1].reasonPointer == "/confidence")
                #expect(list.text.contains("2 of 2 messages"))
                #expect(list.json["letters"]?[1]?["reason_message"]?.string == "not a number")
            }
            #expect(try await letters.list(limit: 1).letters.count == 1)
        }
    }

    @Test func `gives a message back to the queue it died in and to no other`() async throws {
        try await withBrokerSpace { space in
            let letters = try await space.deadLetters()
            try await space.giveUp(on: "one", in: "planner")
            let chosen = try #require(try await letters.list().letters.first)
            #expect(try await letters.replay { $0.id == chosen.id }.map(\.result) == [.done])
            #expect(try await letters.list().total == 0)
            let admin = AdminConnection(try await space.deploySettings())
            let again = try #require(try await admin.get(queue: "planner"))
            await admin.close()
            #expect(again.body == Array("one".utf8))
            #expect(again.properties.headers["x-death"] == nil)
            #expect(again.properties.headers["ours"] == .string("kept"))
            #expect(again.properties.headers["x-baton-routing-key"] == .string("workflow.requested"))
            #expect(again.properties.userID == space.virtualHost + "-producer")
            #expect(again.properties.messageID == "one")
        }
    }

    @Test func `keeps an order, and what has no queue to go back to`() async throws {
        try await withBrokerSpace { space in
            let letters = try await space.deadLetters()
            try await space.report(
                "a", from: "executor.payments", key: "task.dispatched.payments.x", user: "executor-payments")
            try await space.report("b", from: "gone", key: "x", user: "planner", under: "dead.planner")
            let results = try await letters.replay { _ in true }.map(\.result)
            try #require(results.count == 2)
            #expect(results[0] == .refused("an order is not replayed: retry its task"))
            guard case .refused(let reason) = results[1] else { Issue.record("\(results[1])"); return }
            #expect(reason.hasPrefix("there is no queue gone"))
            #expect(try await letters.list().total == 2)
        }
    }

    @Test func `drops only what is chosen`() async throws {
        try await withBrokerSpace { space in
            let letters = try await space.deadLetters()
            for name in ["a", "b", "c"] {
                try await space.report(
                    name, from: "planner", key: "workflow.requested", user: "planner", under: "dead.planner")
            }
            let second = try #require(try await letters.list().letters.dropFirst().first)
            #expect(try await letters.drop { $0.id == second.id }.count == 1)
            #expect(
                try await letters.list().letters.map { String(decoding: $0.delivery.body, as: UTF8.self) } == [
                    "a", "c",
                ])
        }
    }
}

extension BrokerSpace {
    fileprivate func deploySettings() async throws -> AMQPSettings {
        let deploy = ManagementAPI(ManagementSettings(api.settings, as: virtualHost + "-deploy"))
        return try await deploy.brokerSettings(virtualHost: virtualHost)
    }

    /// Of a virtual host that the topology was applied to.
    fileprivate func deadLetters() async throws -> DeadLetters {
        try await apply()
        return DeadLetters(try await deploySettings())
    }

    /// A producer's request that its reader gives back once more than its queue allows.
    fileprivate func giveUp(on text: String, in queue: String) async throws {
        let publisher = Publisher(try brokerSettings(as: "producer"))
        let message = Message(
            exchange: "workflow", routingKey: "workflow.requested",
            properties: MessageProperties(messageID: text, headers: ["ours": .string("kept")]), body: Array(text.utf8))
        #expect(await publisher.publish([message]) == [.confirmed])
        await publisher.close()
        try await api.post(
            ["queues", virtualHost, queue, "get"], ["count": 1, "ackmode": "reject_requeue_false", "encoding": "auto"])
        try await untilDeadLetters(contain: text)
    }

    /// A process of ours gives a message up, with the reason.
    fileprivate func report(
        _ text: String, from queue: String, key: String, user: String, under deadKey: String? = nil
    ) async throws {
        let publisher = Publisher(try brokerSettings(as: user))
        let headers: [String: HeaderValue] = [
            "x-baton-reason": .string("invalid"), "x-baton-reason-pointer": .string("/confidence"),
            "x-baton-reason-message": .string("not a number"), "x-baton-queue": .string(queue),
            "x-baton-exchange": .string("task"),
            "x-baton-routing-key": .string(key),
        ]
        let isOrder = key.hasPrefix("task.dispatched.")
        let message = Message(
            exchange: "dead-letter", routingKey: deadKey ?? (isOrder ? key : "dead.\(queue)"),
            properties: MessageProperties(messageID: text, headers: headers), body: Array(text.utf8))
        #expect(await publisher.publish([message]) == [.confirmed])
        await publisher.close()
    }

    /// The broker dead-letters in its own time.
    private func untilDeadLetters(contain text: String) async throws {
        let letters = DeadLetters(try await deploySettings())
        while try await !letters.list().letters.contains(where: { $0.delivery.body == Array(text.utf8) }) {
            try Task.checkCancellation()
        }
    }
}
