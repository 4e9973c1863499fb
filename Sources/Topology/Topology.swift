package import JSON

/// Everything that should exist on the broker: the files of `topology/` with their placeholders written out.
package struct Topology: Sendable, Equatable {
    package var virtualHost: String
    package var partitions: Int
    package var domains: [Domain] = []
    package var exchanges: [Exchange] = []
    package var queues: [Queue] = []
    package var bindings: [Binding] = []
    package var policies: [Policy] = []
    package var users: [User] = []
    /// Names of queues that belong to a partition past the last one: what a smaller `partitions` leaves behind.
    var partitionPrefixes: [String] = []
}

extension Topology {
    /// A runner domain.
    package struct Domain: Sendable, Equatable {
        package var name: String
        package var title: String
    }

    /// A durable exchange.
    package struct Exchange: Sendable, Equatable {
        package var name: String
        package var type: String
        package var arguments = JSONObject()
    }

    /// A durable queue.
    package struct Queue: Sendable, Equatable {
        package var name: String
        /// `classic`, `quorum` or `stream`.
        package var type: String
        /// All but `x-queue-type`.
        package var arguments = JSONObject()
    }

    package struct Binding: Sendable, Hashable {
        package enum Destination: Sendable, Hashable {
            case queue(String)
            case exchange(String)
        }
        package var source: String
        package var destination: Destination
        package var key: String
        package var arguments = JSONObject()
    }

    /// What may change of a queue while it exists.
    package struct Policy: Sendable, Equatable {
        package var name: String
        package var pattern: String
        package var applyTo = "queues"
        package var priority = 0
        package var definition = JSONObject()
    }

    /// Regular expressions over the names of exchanges and queues.
    package struct Permissions: Sendable, Equatable {
        package var configure: String
        package var write: String
        package var read: String
    }

    /// Regular expressions over the routing keys of one topic exchange.
    package struct TopicPermission: Sendable, Equatable {
        package var write: String
        package var read: String
    }

    package struct User: Sendable, Equatable {
        package var name: String
        package var tags: [String]
        package var permissions: Permissions
        /// By exchange.
        package var topics: [String: TopicPermission] = [:]
    }
}

extension Topology.Binding.Destination {
    package var name: String {
        switch self {
        case .queue(let name), .exchange(let name): name
        }
    }
}

/// What differs between two places that are given the same files.
package struct TopologySettings: Sendable {
    package var virtualHost: String
    /// Put before every user's name: users are global on a broker, virtual hosts are not.
    package var userPrefix: String
    /// Instead of the number in the file.
    package var partitions: Int?

    package init(virtualHost: String = "baton", userPrefix: String = "", partitions: Int? = nil) {
        self.virtualHost = virtualHost
        self.userPrefix = userPrefix
        self.partitions = partitions
    }
}
