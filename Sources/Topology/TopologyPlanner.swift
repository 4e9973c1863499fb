import JSON

/// Compares what should be with what is; pure.
package struct TopologyPlanner {
    private let desired: Topology
    private let actual: BrokerState
    private let passwords: UserPasswords
    private var changes: [TopologyChange] = []

    package static func plan(
        _ desired: Topology, _ actual: BrokerState, passwords: UserPasswords = UserPasswords()
    ) -> TopologyPlan {
        var planner = TopologyPlanner(desired: desired, actual: actual, passwords: passwords)
        planner.compareVirtualHost()
        planner.compareUsers()
        planner.compareExchanges()
        planner.comparePolicies()
        planner.compareQueues()
        planner.compareBindings()
        return TopologyPlan(
            virtualHost: desired.virtualHost, address: actual.address, brokerVersion: actual.version,
            changes: planner.changes)
    }

    private init(desired: Topology, actual: BrokerState, passwords: UserPasswords) {
        (self.desired, self.actual, self.passwords) = (desired, actual, passwords)
    }

    private mutating func add(
        _ kind: TopologyChange.Kind, _ subject: TopologyChange.Subject,
        _ differences: [TopologyChange.Difference] = [], note: String? = nil
    ) {
        changes.append(TopologyChange(kind: kind, subject: subject, differences: differences, note: note))
    }

    private mutating func compareVirtualHost() {
        if !actual.hasVirtualHost { add(.create, .virtualHost(desired.virtualHost)) }
    }
}

/// Users and what they may do.
extension TopologyPlanner {
    private mutating func compareUsers() {
        for user in desired.users {
            compare(user)
            compare(
                .permissions(user: user.name), Facts(actual.permissions[user.name]), Facts(user.permissions))
            let topics = actual.topicPermissions[user.name] ?? [:]
            for (exchange, permission) in user.topics.sorted(by: { $0.key < $1.key }) {
                compare(
                    .topicPermission(user: user.name, exchange: exchange), Facts(topics[exchange]), Facts(permission))
            }
            for exchange in topics.keys.sorted() where user.topics[exchange] == nil {
                add(.extra, .topicPermission(user: user.name, exchange: exchange))
            }
        }
        let names = Set(desired.users.map(\.name))
        // An administrator can let himself in anyway, and whoever runs this must have got in.
        for user in actual.permissions.keys.sorted() where !names.contains(user) && user != actual.actingUser {
            guard actual.users[user]?.tags.contains("administrator") != true else { continue }
            add(.extra, .permissions(user: user), Facts(actual.permissions[user]).differences(to: Facts()))
        }
    }

    private mutating func compare(_ user: Topology.User) {
        let wanted = Facts(["tags": user.tags.sorted().joined(separator: ", ")])
        guard let existing = actual.users[user.name] else {
            add(.create, .user(user.name), Facts().differences(to: wanted))
            return
        }
        var differences = Facts(["tags": existing.tags.sorted().joined(separator: ", ")]).differences(to: wanted)
        if passwords.mustChange(existing, of: user.name) {
            differences.append(.init(property: "password", actual: "another", desired: "the one given"))
        }
        if !differences.isEmpty { add(.change, .user(user.name), differences) }
    }

    private mutating func compare(_ subject: TopologyChange.Subject, _ existing: Facts, _ wanted: Facts) {
        let differences = existing.differences(to: wanted)
        if !differences.isEmpty { add(existing.isEmpty ? .create : .change, subject, differences) }
    }
}

/// Exchanges, policies, queues and bindings.
extension TopologyPlanner {
    private mutating func compareExchanges() {
        for exchange in desired.exchanges {
            let existing = actual.exchanges[exchange.name]
            let differences = Facts(existing).differences(to: Facts(exchange))
            if !differences.isEmpty {
                add(existing == nil ? .create : .replace, .exchange(exchange.name), differences)
            }
        }
        let names = Set(desired.exchanges.map(\.name))
        for name in actual.exchanges.keys.sorted() where !names.contains(name) { add(.extra, .exchange(name)) }
    }

    private mutating func comparePolicies() {
        for policy in desired.policies {
            compare(.policy(policy.name), Facts(actual.policies[policy.name]), Facts(policy))
        }
        let names = Set(desired.policies.map(\.name))
        for name in actual.policies.keys.sorted() where !names.contains(name) {
            add(.extra, .policy(name), Facts(actual.policies[name]).differences(to: Facts()))
        }
    }

    private mutating func compareQueues() {
        for queue in desired.queues {
            let existing = actual.queues[queue.name]
            let differences = Facts(existing?.queue).differences(to: Facts(queue))
            if !differences.isEmpty {
                add(existing == nil ? .create : .replace, .queue(queue.name), differences, note: existing?.holding)
            }
        }
        let names = Set(desired.queues.map(\.name))
        for (name, queue) in actual.queues.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
            add(.extra, .queue(name), note: note(onExtra: name, queue))
        }
    }

    private func note(onExtra name: String, _ queue: BrokerState.Queue) -> String? {
        let origin: String? =
            if desired.isPastPartition(name) {
                "a partition that is no more: `apply --replace \(name)` gives its messages to the others"
            } else if let moved = QueueReplacement.original(of: name) {
                "what was moved out of \(moved) while it was replaced: `apply --replace \(moved)` goes on with it"
            } else {
                nil
            }
        let notes = [origin, queue.holding].compactMap { $0 }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    private mutating func compareBindings() {
        let existing = Set(actual.bindings)
        for binding in desired.bindings where !existing.contains(binding) { add(.create, .binding(binding)) }
        let wanted = Set(desired.bindings)
        let sources = Set(desired.exchanges.map(\.name))
        for binding in actual.bindings.sorted(by: { "\($0)" < "\($1)" }) where !wanted.contains(binding) {
            let isRetired = sources.contains(binding.source) && desired.isPastPartition(binding.destination.name)
            add(isRetired ? .remove : .extra, .binding(binding), note: isRetired ? "a partition that is no more" : nil)
        }
    }
}

extension Topology {
    /// Whether a queue is named like one of a partition, but its number is not among them.
    func isPastPartition(_ queue: String) -> Bool {
        partitionPrefixes.contains { prefix in
            guard queue.hasPrefix(prefix), let number = Int(queue.dropFirst(prefix.count)) else { return false }
            return number >= partitions
        }
    }
}

extension BrokerState.Queue {
    /// Who would notice if it went.
    fileprivate var holding: String? {
        let facts = [
            messages == 0 ? nil : "\(messages) message\(messages == 1 ? "" : "s")",
            consumers == 0 ? nil : "\(consumers) consumer\(consumers == 1 ? "" : "s")",
        ].compactMap { $0 }
        return facts.isEmpty ? nil : "has " + facts.joined(separator: " and ")
    }
}
