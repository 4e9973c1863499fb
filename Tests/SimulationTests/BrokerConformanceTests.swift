import AMQP
import Contracts
import Foundation
import Handover
import Logging
import TestSupport
import Testing
import Topology

@testable import Simulation

/// The simulated broker does what RabbitMQ does with the topology that ships: both are asked the same, and what comes
/// out of their queues is compared, with its order and its delivery counts.
@Suite(.timeLimit(.minutes(5)))
struct `The simulated broker` {
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `hands out, counts and gives up as the real one does`(seed: UInt64) async throws {
        try await withTopology { broker in
            var random = SplitMix64(seed: seed)
            let queue = QueueName.executor(DomainName(unchecked: "payments"))
            var published = 0
            var held = 0
            for _ in 0..<9 {
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    published += 1
                    held += 1
                    try await broker.publish(
                        "o\(published)", exchange: "task", key: "task.dispatched.payments.skill", correlation: "w1")
                }
                guard held > 0 else { continue }
                // One consumer's life: it takes all there is, acks some, and is gone.
                let taken = try await broker.take(held, from: queue)
                let acks = taken.indices.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
                let given = try await broker.leave(acking: acks)
                held = given
            }
            // What nobody acks is given up at last: to the dead letters, and to the dispatcher of its workflow.
            for _ in 0..<7 where held > 0 {
                _ = try await broker.take(held, from: queue)
                held = try await broker.leave(acking: [])
            }
            let gaveUp = broker.simulated.queues[QueueName.deadLetter]?.ready.count ?? 0
            #expect(held == 0 && gaveUp > 0)
            _ = try await broker.take(gaveUp, from: QueueName.deadLetter)
            _ = try await broker.leave(acking: Array(0..<gaveUp))
        }
    }

    @Test func `routes every message of the contracts to the same queues`() async throws {
        try await withTopology { broker in
            var keys: [(String, String)] = []
            for type in MessageType.allCases {
                let exchange =
                    type.rawValue.hasPrefix("task.") || type.rawValue.hasPrefix("artifact.")
                        || type.rawValue.hasPrefix("executor.") ? "task" : "workflow"
                keys.append((exchange, type.rawValue))
                keys.append((exchange, "\(type.rawValue).payments"))
                keys.append((exchange, "\(type.rawValue).payments.some.skill"))
                keys.append(("dispatcher", type.rawValue))
            }
            for (index, (exchange, key)) in keys.enumerated() {
                let isTaken = try await broker.publish("m\(index)", exchange: exchange, key: key, correlation: "w1")
                #expect(isTaken == (broker.simulated.told.contains("m\(index)")), "\(exchange) \(key)")
            }
            for (name, queue) in broker.simulated.queues
            where !name.hasPrefix("dispatcher.") && !name.hasPrefix("gatherer.") {
                try await broker.expect(queue.ready.compactMap(\.message.properties.messageID), in: name)
            }
            for kind in ["dispatcher", "gatherer"] {  // which partition is a matter of the hash
                let names = (0..<2).map { "\(kind).\($0)" }
                let counts = names.map { broker.simulated.queues[$0]?.ready.count ?? 0 }
                let real = try await names.asyncMap { try await broker.count($0) }
                #expect(counts.sorted() == real.sorted())
            }
        }
    }
}

/// Both brokers with the same topology.
private final class BrokerPair: @unchecked Sendable {
    let simulated: SimulatedBroker
    private let settings: AMQPSettings
    private let publisher: Publisher
    private let admin: AdminConnection
    private var consumer: Consumer?
    private var deliveries: [Delivery] = []
    private var epoch: UInt64 = 0
    private var mirrored: [Delivery] = []
    private var queue = ""

    init(_ topology: Topology, _ settings: AMQPSettings) {
        simulated = SimulatedBroker(topology)
        self.settings = settings
        publisher = Publisher(settings)
        admin = AdminConnection(settings)
    }

    func close() async {
        await consumer?.close()
        await publisher.close()
        await admin.close()
    }

    @discardableResult
    func publish(_ id: String, exchange: String, key: String, correlation: String) async throws -> Bool {
        let message = Message(
            exchange: exchange, routingKey: key,
            properties: MessageProperties(correlationID: correlation, messageID: id), body: [])
        simulated.publish(message)
        switch await publisher.publish([message])[0] {
        case .confirmed: return true
        case .returned: return false
        case .unknown(let error): throw error
        }
    }

    /// Both consumers take so many messages, and see the same.
    func take(_ count: Int, from queue: String) async throws -> [Delivery] {
        self.queue = queue
        let consumer = Consumer(settings, prefetch: count, batchLimit: count)
        self.consumer = consumer
        try await consumer.subscribe(.queue(queue))
        deliveries = []
        while deliveries.count < count { deliveries += try await consumer.nextBatch() }
        epoch = simulated.subscribe(queue)
        mirrored = simulated.consume(epoch, limit: count, now: 0)
        func told(_ delivery: Delivery) -> String {
            "\(delivery.properties.messageID ?? "?") \(delivery.routingKey) \(delivery.deliveryCount) \(delivery.isRedelivered)"
        }
        #expect(deliveries.map(told) == mirrored.map(told))
        return deliveries
    }

    /// - Returns: how many came back to the queue.
    func leave(acking indices: [Int]) async throws -> Int {
        try await consumer?.ack(indices.map { deliveries[$0] })
        await consumer?.close()
        for index in indices { simulated.ack(mirrored[index]) }
        simulated.close(epoch, isKnown: true)
        let left = simulated.queues[queue]?.ready.count ?? 0
        try await admin.wait(untilQueue: queue, holds: left)
        return left
    }

    func count(_ queue: String) async throws -> Int { try await admin.status(ofQueue: queue)?.messages ?? -1 }

    func expect(_ ids: [String], in queue: String) async throws {
        try await admin.wait(untilQueue: queue, holds: ids.count)
        guard !ids.isEmpty else { return }
        let consumer = Consumer(settings, prefetch: ids.count, batchLimit: ids.count)
        try await consumer.subscribe(.queue(queue))
        var found: [String] = []
        while found.count < ids.count { found += try await consumer.nextBatch().compactMap(\.properties.messageID) }
        await consumer.close()
        #expect(found == ids, "\(queue)")
    }
}

private func withTopology(_ body: (BrokerPair) async throws -> Void) async throws {
    try await withVirtualHost { broker in
        var topology = TopologyFiles.builtIn().expand(
            TopologySettings(virtualHost: broker.virtualHost, partitions: 2))
        topology.users = []
        let api = ManagementAPI(
            try ManagementSettings(url: try TestServers.url("BATON_TEST_MANAGEMENT_URL")))
        _ = try await TopologyApplier(topology, on: api, passwords: UserPasswords([:])).apply()
        let pair = BrokerPair(topology, broker.settings)
        do {
            try await body(pair)
            await pair.close()
        } catch {
            await pair.close()
            throw error
        }
    }
}

extension Sequence where Element: Sendable {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
