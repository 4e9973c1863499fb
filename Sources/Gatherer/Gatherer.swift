package import AMQP
import Contracts
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
            consumer: consumer, publisher: publisher, handler: desk,
            batchLimit: settings.batchLimit, pace: settings.pace, logger: logger)
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

private struct GathererDirectory: ReplicaDirectory {
    let store: Store

    func announce(_ replica: String, isNew: Bool) async throws -> [String: String] {
        try await store.announce(replica, .gatherer, isNew: isNew)
    }
    func leave(_ replica: String) async throws { try await store.withdraw(replica) }
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
