package import AMQP
import Contracts
package import Logging
package import Postgres
import Relay
package import ServiceLifecycle
import Store

/// A notifier: it brings revisions to the console and to Slack.
package enum NotifierProcess {
    /// - Parameters:
    ///   - slack: `nil`: the console alone.
    ///   - channel: for workflows that name none.
    ///   - print: writes a line for people.
    package static func services(
        broker: AMQPSettings, database: PostgresSettings, slack: SlackSettings?, channel: String?, logger: Logger,
        print: @escaping @Sendable (String) -> Void
    ) -> [any Service] {
        let store = Store(PostgresPool(database, limit: 2, logger: logger))
        let sender = slack.map { SlackSender(store: store, slack: SlackClient($0), logger: logger) }
        let announcer = Announcer(store: store, sender: sender, standardChannel: channel, print: print)
        let relay = Relay(
            queue: QueueName.notifier, consumer: Consumer(broker, prefetch: 500, logger: logger),
            publisher: Publisher(broker, logger: logger), handler: announcer,
            pace: .milliseconds(100), logger: logger
        ) { try await store.database.check() }
        return [relay] + (sender.map { [$0] } ?? [])
    }
}
