/// Makes a broker match the topology.
///
/// Every step may be repeated, and two of these at once meet in the same end: each asks for what should be, and the
/// broker takes the second request for the same as done.
package struct TopologyApplier: Sendable {
    /// What was made, and what was left as it is because only a person can want it otherwise.
    package struct Outcome: Sendable, Equatable {
        package var made: [TopologyChange] = []
        package var left: [TopologyChange] = []
    }

    let api: ManagementAPI
    let desired: Topology
    let passwords: UserPasswords

    package init(_ desired: Topology, on api: ManagementAPI, passwords: UserPasswords = UserPasswords()) {
        (self.desired, self.api, self.passwords) = (desired, api, passwords)
    }

    /// Creates and changes; replaces only what it is told to, and deletes no queue that has messages.
    ///
    /// - Parameter replacing: queues that may be replaced, their messages moved, and queues of partitions that are no
    ///   more, their messages given to those that are left.
    /// - Throws: ``TopologyApplyError``, before anything is changed, when a user has no password;
    ///   ``ManagementError`` in the middle: run again, it goes on from there.
    package func apply(replacing names: Set<String> = []) async throws -> Outcome {
        if try await api.get("vhosts", desired.virtualHost) != nil { try await enter() }
        let actual = try await BrokerState.read(api, virtualHost: desired.virtualHost)
        var outcome = try await apply(TopologyPlanner.plan(desired, actual, passwords: passwords))
        guard !names.isEmpty else { return outcome }
        let settings = try await api.brokerSettings(virtualHost: desired.virtualHost)
        for name in names.sorted() {
            try await QueueReplacement(applier: self, settings: settings, name: name).run()
        }
        let rest = try await BrokerState.read(api, virtualHost: desired.virtualHost)
        let left = TopologyPlanner.plan(desired, rest, passwords: passwords).changes
        outcome.made += outcome.left.filter { !left.contains($0) }
        outcome.left = left
        return outcome
    }

    /// The broker lets whoever makes a virtual host in, but a moment later; another administrator, not at all.
    func enter() async throws {
        let me = try await api.get("whoami")?["name"]?.string ?? api.settings.user
        guard try await api.get("permissions", desired.virtualHost, me) == nil else { return }
        try await api.put(["permissions", desired.virtualHost, me], ["configure": ".*", "write": ".*", "read": ".*"])
    }

    func apply(_ plan: TopologyPlan) async throws -> Outcome {
        let (wanted, left) = plan.changes.partitioned { $0.kind != .extra && $0.kind != .replace }
        try requirePasswords(wanted)
        for stage in Stage.allCases {
            try await inParallel(wanted.filter { Stage(of: $0) == stage }) { try await make($0) }
        }
        return Outcome(made: wanted, left: left)
    }

    private func requirePasswords(_ changes: [TopologyChange]) throws(TopologyApplyError) {
        let missing = changes.compactMap { change -> String? in
            guard change.kind == .create, case .user(let name) = change.subject else { return nil }
            return passwords.byUser[name] == nil ? name : nil
        }
        guard missing.isEmpty else { throw TopologyApplyError(usersWithoutPassword: missing) }
    }

    func inParallel<Item: Sendable>(
        _ items: [Item], _ work: @escaping @Sendable (Item) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for item in items { group.addTask { try await work(item) } }
            try await group.waitForAll()
        }
    }
}

/// Users that are to be made, but for which no password was given.
package struct TopologyApplyError: Error, Equatable, Sendable, CustomStringConvertible {
    package var usersWithoutPassword: [String]

    package var description: String {
        let users = usersWithoutPassword.joined(separator: ", ")
        return "no password was given for these new users, and nothing was changed: \(users)"
    }
}

/// What has to be there before what.
private enum Stage: CaseIterable {
    case virtualHost, users, permissions, exchangesAndPolicies, queues, bindings, removals

    init(of change: TopologyChange) {
        self =
            switch change.subject {
            case _ where change.kind == .remove: .removals
            case .virtualHost: .virtualHost
            case .user: .users
            case .permissions, .topicPermission: .permissions
            case .exchange, .policy: .exchangesAndPolicies
            case .queue: .queues
            case .binding: .bindings
            }
    }
}

extension Array {
    fileprivate func partitioned(_ isFirst: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
