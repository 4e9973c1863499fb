import AMQP
import JSON
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `A queue that is replaced` {
    @Test func `keeps its messages with their keys and senders, and those that come meanwhile`() async throws {
        try await withBrokerSpace { space in
            try await space.applyOverClassic("planner")
            try await space.request("before")
            async let replacement = space.asDeploy().apply(replacing: ["planner"])
            for number in 1...20 { try await space.request("during \(number)") }
            let outcome = try await replacement
            #expect(outcome.left.isEmpty)
            #expect(try await space.plan().isEmpty)
            try await space.request("after")
            let found = try await space.drain("planner", until: "after")
            #expect(Set(found.map(\.text)) == Set((1...20).map { "during \($0)" } + ["before", "after"]))
            #expect(found.allSatisfy { $0.routingKey == "workflow.requested" })
            #expect(found.allSatisfy { $0.properties.userID == space.virtualHost + "-producer" })
        }
    }

    @Test func `goes on where it was interrupted`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            // As after the old queue was deleted: its messages wait in the stopover, which is bound in its place.
            let stopover = QueueReplacement.stopover(of: "planner")
            let applier = try await space.asDeploy()
            try await space.api.delete(["queues", space.virtualHost, "planner"])
            try await applier.put(Topology.Queue(name: stopover, type: "quorum"))
            try await applier.put(.init(source: "workflow", destination: .queue(stopover), key: "workflow.requested"))
            try await space.request("waiting")
            #expect(try await space.plan().text.contains("`apply --replace planner` goes on with it"))
            #expect(try await applier.apply(replacing: ["planner"]).left.isEmpty)
            try await space.request("after")
            #expect(try await space.drain("planner", until: "after").map(\.text) == ["waiting", "after"])
        }
    }

    @Test func `is left alone while somebody consumes it`() async throws {
        try await withBrokerSpace { space in
            try await space.applyOverClassic("planner")
            let consumer = Consumer(try space.brokerSettings(as: "planner"))
            try await consumer.subscribe(.queue("planner"))
            while try await space.state().queues["planner"]?.consumers == 0 { try Task.checkCancellation() }
            let error = await #expect(throws: QueueReplacementError.self) {
                try await space.asDeploy().apply(replacing: ["planner"])
            }
            #expect(error?.reason == "it has 1 consumers, which have to stop first")
            await consumer.close()
            #expect(try await space.state().queues["planner"]?.queue.type == "classic")
        }
    }

    @Test func `gives its messages to the other partitions when there are fewer`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            let publisher = Publisher(try space.brokerSettings(as: "dispatcher"))
            let names = (0..<20).map { "wf-\($0)" }
            let messages = names.map {
                Message(
                    exchange: "dispatcher", routingKey: "task.wake",
                    properties: MessageProperties(correlationID: $0, messageID: $0), body: Array($0.utf8))
            }
            #expect(await publisher.publish(messages).allSatisfy { $0 == .confirmed })
            await publisher.close()
            var settings = space.settings
            settings.partitions = 1
            let smaller = TopologyFiles.builtIn().expand(settings)
            let outcome = try await space.asDeploy(smaller).apply(replacing: ["dispatcher.1", "gatherer.1"])
            #expect(outcome.left.isEmpty)
            #expect(try await space.plan(smaller).isEmpty)
            let last = Message(
                exchange: "dispatcher", routingKey: "task.wake",
                properties: MessageProperties(correlationID: "last", messageID: "last"), body: Array("last".utf8))
            let again = Publisher(try space.brokerSettings(as: "dispatcher"))
            #expect(await again.publish([last]) == [.confirmed])
            await again.close()
            let found = try await space.drain("dispatcher.0", until: "last")
            #expect(Set(found.map(\.text)) == Set(names + ["last"]))
            #expect(found.count == 21)
        }
    }
}

extension Delivery {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}

extension BrokerSpace {
    /// All is as the topology says, but for one queue, which is of another type.
    fileprivate func applyOverClassic(_ queue: String) async throws {
        try await api.put(["vhosts", virtualHost], [:])
        try await api.put(["queues", virtualHost, queue], ["durable": true])
        #expect(try await apply().left.map(\.subject) == [.queue(queue)])
    }

    fileprivate func asDeploy(_ topology: Topology? = nil) async throws -> TopologyApplier {
        let deploy = ManagementSettings(api.settings, as: virtualHost + "-deploy")
        let topology = topology ?? self.topology
        return TopologyApplier(topology, on: ManagementAPI(deploy), passwords: passwords(for: topology))
    }

    /// A producer's request, confirmed. While its queue is replaced it always has a route.
    fileprivate func request(_ text: String) async throws {
        let publisher = Publisher(try brokerSettings(as: "producer"))
        let message = Message(
            exchange: "workflow", routingKey: "workflow.requested", properties: MessageProperties(messageID: text),
            body: Array(text.utf8))
        #expect(await publisher.publish([message]) == [.confirmed])
        await publisher.close()
    }

    /// What is in a queue; a message that was in two queues for a moment comes once.
    fileprivate func drain(_ queue: String, until last: String) async throws -> [Delivery] {
        let deploy = ManagementAPI(ManagementSettings(api.settings, as: virtualHost + "-deploy"))
        let consumer = Consumer(try await deploy.brokerSettings(virtualHost: virtualHost))
        try await consumer.subscribe(.queue(queue))
        var found: [Delivery] = []
        while !found.contains(where: { $0.text == last }) {
            for delivery in try await consumer.nextBatch() where !found.contains(where: { $0.text == delivery.text }) {
                found.append(delivery)
            }
        }
        await consumer.close()
        return found
    }
}
