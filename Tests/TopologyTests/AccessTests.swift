import AMQP
import Logging
import Testing

@testable import Topology

/// What a process of ours, or somebody else with its password, may try.
enum Attempt: Sendable, CustomStringConvertible {
    case publish(String, String)
    case consume(String)
    /// Declares an exclusive queue and binds it.
    case watch(String, exchange: String?, key: String)

    var description: String {
        switch self {
        case .publish(let exchange, let key):
            "publish \(key) to \(exchange.isEmpty ? "the default exchange" : exchange)"
        case .consume(let queue): "consume \(queue)"
        case .watch(let queue, let exchange, let key): "declare \(queue) and bind it to \(exchange ?? "nothing") \(key)"
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `Each user of the topology` {
    @Test func `may do what its process does and no more`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (user, rights) in Self.rights {
                    group.addTask { try await Self.check(user, rights, in: space) }
                }
                try await group.waitForAll()
            }
        }
    }

    /// By user: what must work, and what must be refused.
    static let rights: [String: (allowed: [Attempt], refused: [Attempt])] = [
        "planner": (
            [
                .consume("planner"), .publish("workflow", "workflow.created"), .publish("dead-letter", "dead.planner"),
                .publish("", "planner"),
            ],
            [
                .consume("notifier"), .publish("workflow", "workflow.completed"),
                .publish("task", "task.dispatched.payments.x"),
                .publish("dead-letter", "dead.notifier"), .watch("spy", exchange: nil, key: ""),
            ]
        ),
        "dispatcher": (
            [
                .consume("dispatcher.0"), .consume("dispatcher.1"),
                .publish("task", "task.dispatched.payments.ledger.sum"),
                .publish("task", "task.skipped"), .publish("dispatcher", "task.wake"),
                .publish("workflow", "workflow.completed"), .publish("workflow", "approval.requested"),
                .publish("dead-letter", "dead.dispatcher.0"), .publish("", "planner"),
            ],
            [
                .consume("gatherer.0"), .consume("executor.payments"), .publish("workflow", "workflow.created"),
                .publish("task", "task.started.payments.x"), .publish("gatherer", "x"),
                .publish("dead-letter", "dead.planner"),
            ]
        ),
        "gatherer": (
            [
                .consume("gatherer.1"), .publish("workflow", "workflow.progress.early.running"),
                .publish("workflow", "workflow.gather_error"), .publish("dead-letter", "dead.gatherer.1"),
            ],
            [
                .consume("dispatcher.0"), .publish("workflow", "workflow.completed"),
                .publish("task", "task.log.payments.x"),
                .publish("", "planner"),
            ]
        ),
        "notifier": (
            [.consume("notifier"), .publish("dead-letter", "dead.notifier")],
            [.publish("workflow", "workflow.requested"), .consume("logs"), .publish("dead-letter", "dead.logs")]
        ),
        "api": (
            [
                .consume("logs"), .publish("workflow", "workflow.requested"), .publish("workflow", "control.cancel"),
                .publish("workflow", "approval.decided"),
                .watch("api.1", exchange: "workflow", key: "workflow.progress.#"),
                .watch("api.2", exchange: "task", key: "task.#"), .publish("dead-letter", "dead.logs"),
            ],
            [
                .consume("planner"), .publish("workflow", "workflow.created"),
                .publish("task", "task.completed.payments.x"),
                .watch("watch.1", exchange: nil, key: ""), .watch("api.3", exchange: "task", key: "#"),
                .watch("api.4", exchange: "dead-letter", key: "#"),
            ]
        ),
        "executor-payments": (
            [
                .consume("executor.payments"), .publish("task", "task.started.payments.ledger"),
                .publish("task", "task.log.payments.ledger"), .publish("task", "task.completed.payments.a.b"),
                .publish("task", "artifact.created.payments.ledger"), .publish("task", "executor.heartbeat.payments"),
                .publish("dead-letter", "task.dispatched.payments.ledger"),
                .publish("dead-letter", "dead.executor.payments"),
                .watch("executor.payments.control.r1", exchange: "task", key: "task.cancel.payments"),
                .watch("executor.payments.control.r2", exchange: "task", key: "task.go.payments"),
            ],
            [
                .consume("executor.data-read"), .consume("planner"),
                .publish("task", "task.completed.data-read.ledger"),
                .publish("task", "artifact.created.data-read.ledger"),
                .publish("task", "executor.heartbeat.payments-2"),
                .publish("task", "task.dispatched.payments.ledger"), .publish("workflow", "workflow.requested"),
                .publish("", "planner"), .publish("dead-letter", "task.dispatched.data-read.ledger"),
                .watch("executor.data-read.control.r1", exchange: nil, key: ""),
                .watch("executor.payments", exchange: nil, key: ""),
                .watch("executor.payments.control.r3", exchange: "task", key: "task.dispatched.payments.#"),
                .watch("executor.payments.control.r4", exchange: "task", key: "task.cancel.data-read"),
                .watch("executor.payments.control.r5", exchange: "workflow", key: "workflow.requested"),
            ]
        ),
        "producer": (
            [.publish("workflow", "workflow.requested"), .watch("reply.p1", exchange: nil, key: "")],
            [
                .publish("workflow", "workflow.created"), .publish("workflow", "control.cancel"),
                .publish("task", "task.completed.payments.x"), .publish("", "planner"), .consume("planner"),
                .watch("mine", exchange: nil, key: ""),
                .watch("reply.p2", exchange: "workflow", key: "workflow.requested"),
            ]
        ),
        "operator": (
            [
                .publish("workflow", "workflow.requested"), .publish("workflow", "control.retry"),
                .publish("workflow", "approval.decided"), .publish("workflow", "signal.received"),
                .watch("reply.o1", exchange: nil, key: ""),
                .watch("watch.1", exchange: "workflow", key: "workflow.progress.#"),
                .watch("watch.2", exchange: "task", key: "task.#"),
            ],
            [
                .publish("workflow", "workflow.completed"), .publish("task", "task.cancel.payments"),
                .consume("dead-letter"),
                .watch("watch.3", exchange: "dead-letter", key: "#"), .watch("api.9", exchange: nil, key: ""),
                .publish("", "planner"),
            ]
        ),
        "deploy": ([.consume("dead-letter"), .publish("", "planner"), .publish("task", "task.log.payments.x")], []),
    ]

    private static func check(
        _ user: String, _ rights: (allowed: [Attempt], refused: [Attempt]), in space: BrokerSpace
    ) async throws {
        let settings = try space.brokerSettings(as: user)
        for attempt in rights.allowed {
            let answer = await settings.answer(to: attempt)
            #expect(answer == nil, "\(user): \(attempt)")
        }
        for attempt in rights.refused {
            let answer = await settings.answer(to: attempt)
            #expect(answer?.code == .refused, "\(user): \(attempt): \(String(describing: answer))")
        }
    }

    @Test func `has a topic permission for every topic exchange that it may touch`() async throws {
        let topology = TopologyFiles.builtIn().expand()
        let topics = topology.exchanges.filter { $0.type == "topic" }.map(\.name)
        for user in topology.users { #expect(user.topicsWithoutPermission(among: topics).isEmpty, "\(user.name)") }
    }

    @Test func `cannot speak in another's name`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            let publisher = Publisher(try space.brokerSettings(as: "executor-payments"), logger: .silent)
            let answer = await publisher.publish([
                Message(
                    exchange: "task", routingKey: "task.started.payments.x",
                    properties: MessageProperties(userID: "\(space.virtualHost)-dispatcher"), body: [])
            ])
            await publisher.close()
            guard case .unknown(let error)? = answer.first else {
                Issue.record("expected a refusal, not \(answer)")
                return
            }
            #expect(error.code == .refused)
        }
    }
}

extension AMQPSettings {
    /// What the broker says to it; `nil` when it does it. What no queue is bound for was allowed all the same.
    func answer(to attempt: Attempt) async -> AMQPError? {
        switch attempt {
        case .publish(let exchange, let key):
            let publisher = Publisher(self, logger: .silent)
            let answer = await publisher.publish([Message(exchange: exchange, routingKey: key, body: Array("{}".utf8))])
            await publisher.close()
            guard case .unknown(let error)? = answer.first else { return nil }
            return error
        case .consume(let queue):
            return await answer(to: .queue(queue))
        case .watch(let queue, let exchange, let key):
            let bindings = exchange.map { [(exchange: $0, key: key)] } ?? []
            return await answer(to: .exclusive(name: queue, bindings: bindings))
        }
    }

    private func answer(to subscription: Subscription) async -> AMQPError? {
        let consumer = Consumer(self, logger: .silent)
        defer { Task { await consumer.close() } }
        do throws(AMQPError) {
            try await consumer.subscribe(subscription)
            return nil
        } catch {
            return error
        }
    }
}

extension Logger {
    /// For what is meant to fail.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
