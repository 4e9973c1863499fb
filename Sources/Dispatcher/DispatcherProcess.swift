package import AMQP
import Contracts
package import Logging
package import Postgres
import Relay
package import ServiceLifecycle
import Store

/// A dispatcher: one of the replicas that share the partitions.
package enum DispatcherProcess {
    /// The services, in the order in which they lean on each other.
    ///
    /// - Parameters:
    ///   - replica: a name that no other has.
    ///   - partitions: as many as the topology has.
    package static func services(
        replica: String, partitions: Int, broker: AMQPSettings, database: PostgresSettings, logger: Logger
    ) -> [any Service] {
        let store = Store(PostgresPool(database, limit: 3, logger: logger))
        let source = "/dispatcher/\(replica)"
        let clock = SteadyClock()
        let dispatcher = Dispatcher(store: store, source: source, logger: logger) { clock.now }
        let consumer = Consumer(broker, prefetch: 500, batchLimit: 500, logger: logger)
        let publisher = Publisher(broker, logger: logger)
        let wakeups = WakeupPublisher(publisher: publisher, source: source, logger: logger)
        let sweeper = Sweeper(dispatcher: dispatcher, store: store, wakeups: wakeups, logger: logger)
        return [
            Relay(consumer: consumer, publisher: publisher, handler: dispatcher, logger: logger),
            Timekeeper(dispatcher: dispatcher, wakeups: wakeups),
            sweeper,
            PartitionKeeper(
                consumer: consumer, directory: DispatcherDirectory(store: store), replica: replica,
                queues: (0..<partitions).map(QueueName.dispatcher), logger: logger
            ) {
                // Not to be waited for: a broker that is slow to confirm would keep this replica from saying that it lives.
                Task { await sweeper.takeOver() }
            },
        ]
    }
}

private struct DispatcherDirectory: ReplicaDirectory {
    let store: Store
    func announce(_ replica: String, isNew: Bool) async throws -> [String: String] {
        try await store.announce(replica, .dispatcher, isNew: isNew)
    }
    func leave(_ replica: String) async throws { try await store.withdraw(replica) }
}
