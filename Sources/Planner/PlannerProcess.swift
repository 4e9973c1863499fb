package import AMQP
import Contracts
import Foundation
package import Logging
package import Postgres
import Relay
package import ServiceLifecycle
import Store

/// A planner: one of the replicas that compete for requests.
package enum PlannerProcess {
    package static func services(
        replica: String, broker: AMQPSettings, database: PostgresSettings, logger: Logger
    ) -> [any Service] {
        let publisher = Publisher(broker, logger: logger)
        let store = Store(PostgresPool(database, limit: 2, logger: logger))
        let handler = PlannerHandler(
            library: RegisteredLibrary(store: store, publisher: publisher), source: "/planner/\(replica)"
        ) { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
        return [
            Relay(
                queue: QueueName.planner, consumer: Consumer(broker, prefetch: 200, batchLimit: 200, logger: logger),
                publisher: publisher, handler: handler, logger: logger
            ) { try await store.database.check() }
        ]
    }
}
