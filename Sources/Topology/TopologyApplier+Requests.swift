package import JSON

extension TopologyApplier {
    /// Asks the broker for one thing as the topology has it, or without it.
    func make(_ change: TopologyChange) async throws {
        if change.kind == .remove {
            guard case .binding(let binding) = change.subject else { return }
            return try await remove(binding)
        }
        let host = desired.virtualHost
        switch change.subject {
        case .virtualHost(let name):
            try await api.put(["vhosts", name], ["description": "Baton"])
            try await enter()
        case .user(let name):
            try await put(user: name)
        case .permissions(let name):
            guard let wanted = user(name)?.permissions else { return }
            try await api.put(
                ["permissions", host, name],
                [
                    "configure": .string(wanted.configure), "write": .string(wanted.write),
                    "read": .string(wanted.read),
                ])
        case .topicPermission(let name, let exchange):
            guard let wanted = user(name)?.topics[exchange] else { return }
            try await put(wanted, of: name, on: exchange)
        case .exchange(let name):
            guard let exchange = desired.exchanges.first(where: { $0.name == name }) else { return }
            try await put(exchange)
        case .policy(let name):
            guard let policy = desired.policies.first(where: { $0.name == name }) else { return }
            try await put(policy)
        case .queue(let name):
            guard let queue = desired.queues.first(where: { $0.name == name }) else { return }
            try await put(queue)
        case .binding(let binding):
            try await put(binding)
        }
    }

    private func user(_ name: String) -> Topology.User? { desired.users.first { $0.name == name } }

    /// A user who exists keeps the password, unless told otherwise: the broker wants it, or its hash, with the tags.
    private func put(user name: String) async throws {
        guard let user = user(name) else { return }
        var body: JSONObject = ["tags": .string(user.tags.joined(separator: ","))]
        let existing = try await api.get("users", name)
        if let password = passwords.byUser[name], existing == nil || passwords.replacesExisting {
            body["password"] = .string(password)
        } else if let existing {
            body["password_hash"] = existing["password_hash"]
            body["hashing_algorithm"] = existing["hashing_algorithm"]
        } else {
            throw TopologyApplyError(usersWithoutPassword: [name])
        }
        do {
            try await api.put(["users", name], .object(body))
        } catch {
            guard error.code == .refused, existing == nil else { throw error }
            // Of two who make the same user at once the broker refuses one; once more, it is a change.
            try await api.put(["users", name], .object(body))
        }
    }

    func put(_ permission: Topology.TopicPermission, of user: String, on exchange: String) async throws {
        try await api.put(
            ["topic-permissions", desired.virtualHost, user],
            [
                "exchange": .string(exchange), "write": .string(permission.write), "read": .string(permission.read),
            ])
    }

    func put(_ exchange: Topology.Exchange) async throws {
        try await api.put(
            ["exchanges", desired.virtualHost, exchange.name],
            ["type": .string(exchange.type), "durable": true, "arguments": .object(exchange.arguments)])
    }

    private func put(_ policy: Topology.Policy) async throws {
        try await api.put(["policies", desired.virtualHost, policy.name], policy.json)
    }

    func put(_ queue: Topology.Queue) async throws {
        try await api.put(
            ["queues", desired.virtualHost, queue.name],
            ["durable": true, "arguments": .object(queue.declaredArguments)])
    }

    func put(_ binding: Topology.Binding) async throws {
        try await api.post(
            path(of: binding), ["routing_key": .string(binding.key), "arguments": .object(binding.arguments)])
    }

    /// The broker has a name of its own for a binding, which only it can tell.
    func remove(_ binding: Topology.Binding) async throws {
        let path = path(of: binding)
        let existing = try await api.get(path)?.array ?? []
        let found = existing.first {
            $0["routing_key"]?.string == binding.key && ($0["arguments"]?.object ?? .init()) == binding.arguments
        }
        guard let key = found?["properties_key"]?.string else { return }
        try await api.delete(path + [key])
    }

    private func path(of binding: Topology.Binding) -> [String] {
        let destination =
            switch binding.destination {
            case .queue(let name): ["q", name]
            case .exchange(let name): ["e", name]
            }
        return ["bindings", desired.virtualHost, "e", binding.source] + destination
    }
}

extension Topology.Queue {
    /// What a client declares it with.
    package var declaredArguments: JSONObject {
        var arguments: JSONObject = ["x-queue-type": .string(type)]
        for (name, value) in self.arguments.members { arguments[name] = value }
        return arguments
    }
}

extension Topology.Policy {
    var json: JSONValue {
        [
            "pattern": .string(pattern), "apply-to": .string(applyTo), "priority": .number(JSONNumber(priority)),
            "definition": .object(definition),
        ]
    }
}
