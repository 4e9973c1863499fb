/// What lies between a broker and the topology.
package struct TopologyPlan: Sendable, Equatable {
    package var virtualHost: String
    package var address: String
    package var brokerVersion: String
    /// In the order in which they are made.
    package var changes: [TopologyChange] = []

    package var isEmpty: Bool { changes.isEmpty }

    package func count(_ kind: TopologyChange.Kind) -> Int { changes.count { $0.kind == kind } }
}

/// One thing that is not as it should be.
package struct TopologyChange: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case create
        /// In place, losing nothing.
        case change
        /// Of ours, and not wanted any more: a binding of a partition that is no more.
        case remove
        /// Its type or arguments differ, which only a new one can change.
        case replace
        /// Nobody declared it.
        case extra
    }

    package enum Subject: Sendable, Hashable {
        case virtualHost(String)
        case user(String)
        case permissions(user: String)
        case topicPermission(user: String, exchange: String)
        case exchange(String)
        case policy(String)
        case queue(String)
        case binding(Topology.Binding)
    }

    /// One property: what the broker has and what the topology wants; `nil` where it has none.
    package struct Difference: Sendable, Equatable {
        package var property: String
        package var actual: String?
        package var desired: String?
    }

    package var kind: Kind
    package var subject: Subject
    package var differences: [Difference] = []
    /// What to know before it is made.
    package var note: String?
}

extension TopologyChange.Subject: CustomStringConvertible {
    package var kind: String {
        switch self {
        case .virtualHost: "virtual host"
        case .user: "user"
        case .permissions: "permissions"
        case .topicPermission: "topic permission"
        case .exchange: "exchange"
        case .policy: "policy"
        case .queue: "queue"
        case .binding: "binding"
        }
    }

    package var name: String {
        switch self {
        case .virtualHost(let name), .user(let name), .exchange(let name), .policy(let name), .queue(let name): name
        case .permissions(let user): "of \(user)"
        case .topicPermission(let user, let exchange): "of \(user) on \(exchange)"
        case .binding(let binding): "\(binding)"
        }
    }

    package var description: String { "\(kind) \(name)" }
}

extension Topology.Binding: CustomStringConvertible {
    package var description: String {
        let kind =
            switch destination {
            case .queue: "queue"
            case .exchange: "exchange"
            }
        let more = arguments.isEmpty ? "" : " \(arguments)"
        return "\(source) -> \(kind) \(destination.name): \(key)\(more)"
    }
}
