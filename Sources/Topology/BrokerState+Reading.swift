import JSON

extension BrokerState {
    package static func read(
        _ api: ManagementAPI, virtualHost: String
    ) async throws(ManagementError) -> BrokerState {
        do {
            return try await reading(api, virtualHost)
        } catch let error as ManagementError {
            throw error
        } catch {
            preconditionFailure("reading throws nothing else: \(error)")
        }
    }

    private static func reading(_ api: ManagementAPI, _ host: String) async throws -> BrokerState {
        async let overview = api.get("overview")
        async let whoami = api.get("whoami")
        async let users = api.get("users")
        let hasVirtualHost = try await api.get("vhosts", host) != nil
        let overall = try await overview
        var state = BrokerState(
            version: overall?["rabbitmq_version"]?.string ?? "unknown", address: api.settings.address.absoluteString,
            actingUser: try await whoami?["name"]?.string ?? api.settings.user,
            exchangeTypes: Set(overall?["exchange_types"]?.array?.compactMap { $0["name"]?.string } ?? []),
            hasVirtualHost: hasVirtualHost)
        state.read(users: try await users)
        guard hasVirtualHost else { return state }
        async let exchanges = api.get("exchanges", host)
        async let queues = api.get("queues", host)
        async let bindings = api.get("bindings", host)
        async let consumers = api.get("consumers", host)
        async let policies = api.get("policies", host)
        async let permissions = api.get("vhosts", host, "permissions")
        async let topics = api.get("vhosts", host, "topic-permissions")
        state.read(exchanges: try await exchanges, queues: try await queues, bindings: try await bindings)
        state.read(consumers: try await consumers)
        state.read(policies: try await policies)
        state.read(permissions: try await permissions, topics: try await topics)
        return state
    }

    private mutating func read(users: JSONValue?) {
        for user in users?.array ?? [] {
            // 3.8 writes the tags as one string.
            let words = user["tags"]?.string?.split(separator: ",").map(String.init)
            self.users[user.name] = User(
                tags: words ?? user["tags"]?.array?.compactMap(\.string) ?? [],
                passwordHash: user["password_hash"]?.string ?? "",
                hashingAlgorithm: user["hashing_algorithm"]?.string ?? "")
        }
    }

    private mutating func read(exchanges: JSONValue?, queues: JSONValue?, bindings: JSONValue?) {
        for exchange in exchanges?.array ?? [] where exchange["durable"]?.bool == true {
            let name = exchange.name
            guard !name.isEmpty, !name.hasPrefix("amq.") else { continue }
            self.exchanges[name] = Topology.Exchange(
                name: name, type: exchange["type"]?.string ?? "", arguments: exchange["arguments"]?.object ?? .init())
        }
        for queue in queues?.array ?? [] where queue["durable"]?.bool == true && queue["exclusive"]?.bool != true {
            self.queues[queue.name] = Queue(queue)
        }
        for value in bindings?.array ?? [] {
            guard let binding = Topology.Binding(value), connects(binding) else { continue }
            self.bindings.append(binding)
        }
    }

    /// Told at once, unlike the number in the queue's own statistics.
    private mutating func read(consumers: JSONValue?) {
        for consumer in consumers?.array ?? [] {
            queues[consumer["queue"]?["name"]?.string ?? ""]?.consumers += 1
        }
    }

    private func connects(_ binding: Topology.Binding) -> Bool {
        guard exchanges[binding.source] != nil || binding.source.hasPrefix("amq.") else { return false }
        return switch binding.destination {
        case .queue(let name): queues[name] != nil
        case .exchange(let name): exchanges[name] != nil
        }
    }

    private mutating func read(policies: JSONValue?) {
        for policy in policies?.array ?? [] {
            self.policies[policy.name] = Topology.Policy(
                name: policy.name, pattern: policy["pattern"]?.string ?? "",
                applyTo: policy["apply-to"]?.string ?? "", priority: policy["priority"]?.int ?? 0,
                definition: policy["definition"]?.object ?? JSONObject())
        }
    }

    private mutating func read(permissions: JSONValue?, topics: JSONValue?) {
        for value in permissions?.array ?? [] {
            self.permissions[value["user"]?.string ?? ""] = Topology.Permissions(
                configure: value["configure"]?.string ?? "", write: value["write"]?.string ?? "",
                read: value["read"]?.string ?? "")
        }
        for value in topics?.array ?? [] {
            let permission = Topology.TopicPermission(
                write: value["write"]?.string ?? "", read: value["read"]?.string ?? "")
            topicPermissions[value["user"]?.string ?? "", default: [:]][value["exchange"]?.string ?? ""] = permission
        }
    }
}

extension BrokerState.Queue {
    init(_ value: JSONValue) {
        var arguments = value["arguments"]?.object ?? JSONObject()
        let type = arguments["x-queue-type"]?.string ?? "classic"
        arguments["x-queue-type"] = nil
        self.init(
            queue: Topology.Queue(name: value.name, type: type, arguments: arguments),
            messages: value["messages"]?.int ?? 0)
    }
}

extension Topology.Binding {
    fileprivate init?(_ value: JSONValue) {
        guard let source = value["source"]?.string, let destination = value["destination"]?.string else { return nil }
        self.init(
            source: source,
            destination: value["destination_type"]?.string == "exchange" ? .exchange(destination) : .queue(destination),
            key: value["routing_key"]?.string ?? "", arguments: value["arguments"]?.object ?? JSONObject())
    }
}

extension JSONValue {
    fileprivate var name: String { self["name"]?.string ?? "" }
}
