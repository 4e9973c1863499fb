package import AMQP
import Contracts
import Handover
package import Logging
package import Objects
import Postgres
import Relay
import ServiceLifecycle
package import Store

/// Merges the artifacts of workflows as they arrive, and publishes what the result is so far.
package struct Gatherer: Service {
    private let broker: AMQPSettings
    private let store: Store
    private let objects: any ObjectStore
    private let replica: String
    private let partitions: Int
    private let settings: GathererSettings
    private let logger: Logger

    /// - Parameters:
    ///   - replica: unique among all gatherers that live.
    ///   - partitions: how many queues `gatherer.0 …` there are.
    package init(
        broker: AMQPSettings, store: Store, objects: any ObjectStore, replica: String, partitions: Int,
        settings: GathererSettings = GathererSettings(), logger: Logger
    ) {
        self.broker = broker
        self.store = store
        self.objects = objects
        self.replica = replica
        self.partitions = partitions
        self.settings = settings
        self.logger = logger
    }

    package func run() async throws {
        let consumer = Consumer(broker, prefetch: 500, batchLimit: settings.batchLimit, logger: logger)
        let publisher = Publisher(broker, logger: logger)
        let desk = GatherDesk(
            store: store, objects: objects, settings: settings, source: "/gatherer/\(replica)", logger: logger)
        let keeper = PartitionKeeper(
            consumer: consumer, directory: GathererDirectory(store: store), replica: replica,
            queues: (0..<partitions).map(QueueName.gatherer), logger: logger)
        let relay = Relay(
            consumer: consumer, publisher: publisher, handler: DeskHandler(desk: desk),
            batchLimit: settings.batchLimit, logger: logger)
        // They stop in reverse: no more is taken in, then what is dirty goes out.
        let group = ServiceGroup(
            services: [
                RevisionSender(desk: desk, publisher: publisher, logger: logger),
                Sweeper(desk: desk, every: settings.sweepEvery, logger: logger), keeper, relay,
            ], logger: logger)
        do {
            try await group.run()
            await consumer.close()
            await publisher.close()
        } catch {
            await consumer.close()
            await publisher.close()
            throw error
        }
    }
}

private struct DeskHandler: MessageHandler {
    let desk: GatherDesk

    func handle(_ batch: [Received]) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        try await desk.handle(batch)
    }
}

private struct GathererDirectory: ReplicaDirectory {
    let store: Store

    func announce(_ replica: String) async throws -> Set<String> {
        Set(try await store.announce(replica, .gatherer))
    }
    func leave(_ replica: String) async throws { try await store.withdraw(replica) }
}

/// Makes revisions when they are due, and sends them until the broker has them.
private struct RevisionSender: Service {
    let desk: GatherDesk
    let publisher: Publisher
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var again: Timestamp?
            while !Task.isCancelled {
                await desk.waitUntilDue(or: again)
                let isLate = again.map { $0 <= Timestamp.now } ?? false
                let isDone = await round(isLate: isLate)
                if isDone { again = nil } else if isLate || again == nil { again = Timestamp.now + .seconds(1) }
            }
        }
        // What is still dirty is better said now than by a sweep later.
        await round(isLate: true, isLast: true)
    }

    /// - Parameter isLate: what the broker has is to be written down now; as a rule that goes along with later revisions,
    ///   for a sweep looks only at what is older than some seconds.
    /// - Returns: whether nothing is left over.
    @discardableResult
    private func round(isLate: Bool, isLast: Bool = false) async -> Bool {
        do {
            try await desk.makeRevisions(isLast: isLast)
            let sent = await desk.takeUnsent()
            if !sent.isEmpty {
                let confirmations = await publisher.publish(sent.map { Message($0.message) })
                let confirmed = confirmations.map { if case .confirmed = $0 { true } else { false } }
                await desk.settle(sent, confirmed: confirmed)
                if confirmed.contains(false) {
                    logger.warning("Revisions were not confirmed", metadata: ["count": "\(confirmed.count { !$0 })"])
                }
            }
            if isLate { try await desk.recordConfirmed() }
            return await desk.outbox.isEmpty
        } catch {
            logger.warning("Revisions wait", metadata: ["error": "\(error)"])
            return false
        }
    }
}

/// Looks regularly for what others left behind.
private struct Sweeper: Service {
    let desk: GatherDesk
    let every: Duration
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: every)
                do {
                    try await desk.sweep()
                } catch {
                    logger.warning("A sweep was given up", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
