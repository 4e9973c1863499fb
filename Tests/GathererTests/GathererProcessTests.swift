import AMQP
import Contracts
import Foundation
import Gathering
import JSON
import Logging
import ServiceLifecycle
import Store
import Relay
import TestSupport
import Testing

@testable import Gatherer

@Suite(.serialized, .timeLimit(.minutes(5)))
struct `Gatherers on a broker` {
    @Test func `merge what is published, though one of them is killed, and leave when asked`() async throws {
        try await withVirtualHost { broker in
            try await declareTopology(broker.settings)
            try await withStore { store in
                let benches = (0..<12).map { number in
                    Workbench(
                        store: store, objects: MemoryObjects(), workflow: WorkflowID(unchecked: "wf-process-\(number)"))
                }
                for bench in benches { try await bench.plan(["t0", "t1", "t2"]) }
                let watcher = Consumer(broker.settings)
                try await watcher.subscribe(.queue("watch"))
                let publisher = Publisher(broker.settings)

                let (doomed, _) = start(broker, store, "one")
                let (lasting, group) = start(broker, store, "two")
                for bench in benches {
                    try await send(bench, [bench.artifact("t0", ["a": 1]), bench.completed("t0")], publisher)
                }
                // One of them has said something of every workflow; then it dies, whichever it is.
                var watch = Watch()
                try await watch.follow(watcher) { watch in benches.allSatisfy { watch.revision(of: $0.workflow) > 0 } }
                doomed.cancel()

                for bench in benches {
                    try await send(
                        bench,
                        [
                            bench.artifact("t1", ["a": 1, "b": 2]), bench.completed("t1"),
                            bench.artifact("t2", ["a": 7], confidence: "0.3"), bench.completed("t2"),
                        ], publisher)
                    try await bench.settle(["t0", "t1", "t2"].map { ($0, "succeeded", 1) })
                    try await send(bench, [bench.ended()], publisher)
                }
                var broken = try benches[0].artifact("t1", ["a": 1])
                broken.body = Array("nonsense".utf8)
                try await send(benches[0], [broken], publisher)

                try await watch.follow(watcher) { watch in benches.allSatisfy { watch.isClosed($0.workflow) } }
                for bench in benches {
                    let alone = bench.desk()
                    _ = try await alone.load([bench.workflow])
                    let expected = await alone.live[bench.workflow]?.gathering.view
                    #expect(watch.followers[bench.workflow]?.view == expected)
                    #expect(watch.panes[bench.workflow]?.filter { $0 == .onTime }.count == 1)
                    let (_, follower) = try await bench.published()
                    #expect(follower.view == expected)
                }
                let dead = try await deadLetter(broker.settings)
                #expect(dead.properties.headers[DeadLetterHeader.reason]?.string == "not_json")

                await group.triggerGracefulShutdown()
                try await lasting.value
                _ = await doomed.result
                await watcher.close()
                await publisher.close()
            }
        }
    }

    private func start(_ broker: Broker, _ store: Store, _ name: String) -> (Task<Void, any Error>, ServiceGroup) {
        let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        let gatherer = Gatherer(
            broker: broker.settings, store: store, objects: MemoryObjects(), replica: name, partitions: 2,
            logger: logger)
        let group = ServiceGroup(services: [gatherer], logger: logger)
        return (Task { try await group.run() }, group)
    }

    private func send(_ bench: Workbench, _ messages: [WireMessage], _ publisher: Publisher) async throws {
        let confirmations = await publisher.publish(messages.map { Message($0) })
        for confirmation in confirmations {
            guard case .confirmed = confirmation else {
                Issue.record("\(confirmation)")
                return
            }
        }
    }

    private func deadLetter(_ settings: AMQPSettings) async throws -> Delivery {
        let consumer = Consumer(settings)
        try await consumer.subscribe(.queue("dead-letter"))
        let delivery = try #require(try await consumer.nextBatch().first)
        await consumer.close()
        return delivery
    }

    private func declareTopology(_ settings: AMQPSettings) async throws {
        let admin = AdminConnection(settings)
        for exchange in ["workflow", "task", "dead-letter"] {
            try await admin.declare(ExchangeDeclaration(name: exchange, type: "topic"))
        }
        try await admin.declare(
            ExchangeDeclaration(
                name: "gatherer", type: "x-consistent-hash", arguments: ["hash-property": .string("correlation_id")]))
        for key in ["artifact.created.#", "task.completed.#", "task.failed.#", "task.retrying.#"] {
            try await admin.bind(exchange: "gatherer", to: "task", key: key)
        }
        try await admin.bind(exchange: "gatherer", to: "workflow", key: "workflow.completed")
        for partition in 0..<2 {
            try await admin.declare(
                QueueDeclaration(
                    name: QueueName.gatherer(partition),
                    arguments: ["x-queue-type": .string("quorum"), "x-single-active-consumer": .bool(true)]))
            try await admin.bind(queue: QueueName.gatherer(partition), to: "gatherer", key: "1")
        }
        for (queue, exchange, key) in [
            ("watch", "workflow", "workflow.progress.#"), ("dead-letter", "dead-letter", "#"),
        ] {
            try await admin.declare(QueueDeclaration(name: queue))
            try await admin.bind(queue: queue, to: exchange, key: key)
        }
        await admin.close()
    }
}

/// What a subscriber sees of several workflows.
private struct Watch {
    var followers: [WorkflowID: ProgressFollower] = [:]
    var panes: [WorkflowID: [Pane]] = [:]

    func revision(of workflow: WorkflowID) -> Int { followers[workflow]?.revision ?? 0 }
    func isClosed(_ workflow: WorkflowID) -> Bool { panes[workflow]?.contains(.onTime) ?? false }

    mutating func follow(_ consumer: Consumer, until isDone: (Watch) -> Bool) async throws {
        while !isDone(self) {
            let batch = try await consumer.nextBatch()
            for delivery in batch {
                let message = try InboundMessage.decode(WireMessage(delivery))
                guard case .workflowProgress(let progress) = message.body else { continue }
                let step = followers[progress.workflowID, default: ProgressFollower()].take(progress)
                if step == .advanced { panes[progress.workflowID, default: []].append(progress.pane) }
                #expect(step != .needsSnapshot)
            }
            try await consumer.ack(batch)
        }
    }
}
