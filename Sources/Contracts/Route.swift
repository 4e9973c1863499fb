/// The exchanges of the topology.
package enum Exchange: String, Sendable, CaseIterable {
    case workflow, task, dispatcher, gatherer
    case deadLetter = "dead-letter"
    /// The broker's own exchange without a name: a routing key is a queue's name.
    case standard = ""
}

/// Where a message goes: no one else writes a routing key.
package struct Route: Hashable, Sendable {
    package let exchange: Exchange
    package let key: String

    package init(exchange: Exchange, key: String) {
        self.exchange = exchange
        self.key = key
    }

    /// `workflow.*`, `approval.*`, `control.*`, `signal.*`: the type is the key.
    package static func workflow(_ type: MessageType) -> Route { Route(exchange: .workflow, key: type.rawValue) }

    /// What is said of a task, `task.completed.payments.ledger-summary`; a task that no executor runs has neither word.
    package static func task(_ type: MessageType, domain: DomainName?, skill: SkillID?) -> Route {
        guard let domain else { return Route(exchange: .task, key: type.rawValue) }
        let suffix = skill.map { ".\($0.text)" } ?? ""
        return Route(exchange: .task, key: "\(type.rawValue).\(domain.text)\(suffix)")
    }

    /// What is said to or of all executors of a domain: `task.cancel.payments`, `executor.heartbeat.payments`.
    package static func domain(_ type: MessageType, _ domain: DomainName) -> Route {
        Route(exchange: .task, key: "\(type.rawValue).\(domain.text)")
    }

    /// A revision: `workflow.progress.early.running`.
    package static func progress(_ pane: Pane, _ status: ProgressStatus) -> Route {
        let type = MessageType.workflowProgress.rawValue
        return Route(exchange: .workflow, key: "\(type).\(pane.rawValue).\(status.rawValue)")
    }

    /// A wake-up, straight to the partition of its `correlation_id`.
    package static func wake(_ type: MessageType) -> Route { Route(exchange: .dispatcher, key: type.rawValue) }

    /// An answer, if that is a queue that answers may go to: direct reply-to, or one named `reply.…`.
    package static func reply(to queue: String) -> Route? {
        let isReply = queue.hasPrefix("reply.") || queue.hasPrefix("amq.rabbitmq.reply-to")
        return isReply && queue.utf8.count <= 255 ? Route(exchange: .standard, key: queue) : nil
    }

    /// A message given up on, as it lies in the dead-letter queue.
    package static func dead(queue: String) -> Route { Route(exchange: .deadLetter, key: "dead.\(queue)") }
}

/// A message that knows its route by itself; those of executors need the order's domain and skill (`Route.task`).
package protocol RoutedBody: MessageBody {
    var route: Route { get }
}

/// A routing key taken apart.
package struct RoutingKey: Hashable, Sendable {
    package let type: MessageType
    /// The third word of a key of the exchange `task`.
    package let domain: DomainName?
    package let skill: SkillID?

    /// - Returns: `nil` for a key that no route makes.
    package init?(_ key: String) {
        var words = key[...].utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)[
            ...]
        guard words.count >= 2, let type = MessageType(rawValue: Self.text(words[0]) + "." + Self.text(words[1])) else {
            return nil
        }
        self.type = type
        words = words.dropFirst(2)
        guard ["task", "artifact", "executor"].contains(key.prefix { $0 != "." }), let domain = words.popFirst() else {
            (self.domain, skill) = (nil, nil)
            return
        }
        guard let domain = DomainName(Self.text(domain)) else { return nil }
        self.domain = domain
        guard let rest = words.first else {
            skill = nil
            return
        }
        guard let skill = SkillID(Self.text(rest)) else { return nil }
        self.skill = skill
    }

    private static func text(_ bytes: Substring.UTF8View) -> String { String(Substring(bytes)) }
}

/// The names of the queues.
package enum QueueName {
    package static let planner = "planner"
    package static let notifier = "notifier"
    package static let logs = "logs"
    package static let deadLetter = "dead-letter"
    package static func dispatcher(_ partition: Int) -> String { "dispatcher.\(partition)" }
    package static func gatherer(_ partition: Int) -> String { "gatherer.\(partition)" }
    package static func executor(_ domain: DomainName) -> String { "executor.\(domain)" }
    package static func control(_ domain: DomainName, replica: ExecutorID) -> String {
        "executor.\(domain).control.\(replica)"
    }
    package static func watch(_ id: String) -> String { "watch.\(id)" }
    package static func reply(_ id: String) -> String { "reply.\(id)" }
}
