import JSON

extension TopologyFiles {
    /// Writes the placeholders out.
    package func expand(_ settings: TopologySettings = TopologySettings()) -> Topology {
        let partitions = settings.partitions ?? self.partitions
        var topology = Topology(virtualHost: settings.virtualHost, partitions: partitions, domains: domains)
        for template in exchanges {
            topology.exchanges.append(template.exchange)
            for binding in template.bindings {
                topology.addBindings(binding, to: .exchange(template.exchange.name), domains: domains)
            }
        }
        for template in queues {
            let placeholder = Placeholder.first(in: template.queue.name)
            if placeholder == .partition {
                topology.partitionPrefixes.append(Placeholder.partition.written(as: "", in: template.queue.name))
            }
            for value in values(of: placeholder, partitions: partitions) {
                topology.add(template.written(placeholder, as: value))
            }
        }
        for user in users {
            let placeholder = Placeholder.first(in: user.name)
            for value in values(of: placeholder, partitions: partitions) {
                var user = user.written(placeholder, as: value)
                user.name = settings.userPrefix + user.name
                topology.users.append(user)
            }
        }
        return topology
    }

    private func values(of placeholder: Placeholder?, partitions: Int) -> [String] {
        switch placeholder {
        case .partition?: (0..<partitions).map(String.init)
        case .domain?: domains.map(\.name)
        default: [""]
        }
    }
}

extension TopologyFiles.QueueTemplate {
    fileprivate func written(_ placeholder: Placeholder?, as value: String) -> Self {
        guard let placeholder else { return self }
        var template = self
        template.queue.name = placeholder.written(as: value, in: queue.name)
        template.queue.arguments = placeholder.written(as: value, in: queue.arguments)
        template.policy = placeholder.written(as: value, in: policy)
        template.bindings = bindings.map { .init(source: $0.source, key: placeholder.written(as: value, in: $0.key)) }
        return template
    }
}

extension Topology.User {
    fileprivate func written(_ placeholder: Placeholder?, as value: String) -> Self {
        guard let placeholder else { return self }
        func written(_ text: String) -> String { placeholder.written(as: value, in: text) }
        return Topology.User(
            name: written(name), tags: tags,
            permissions: Topology.Permissions(
                configure: written(permissions.configure), write: written(permissions.write),
                read: written(permissions.read)),
            topics: topics.mapValues { Topology.TopicPermission(write: written($0.write), read: written($0.read)) })
    }
}

extension Topology {
    fileprivate mutating func add(_ template: TopologyFiles.QueueTemplate) {
        let name = template.queue.name
        queues.append(template.queue)
        if !template.policy.isEmpty {
            policies.append(
                Policy(name: name, pattern: "^" + Self.escaped(name) + "$", definition: template.policy))
        }
        for binding in template.bindings { addBindings(binding, to: .queue(name), domains: domains) }
    }

    /// One binding, or one for each domain when its key still has that placeholder.
    fileprivate mutating func addBindings(
        _ template: TopologyFiles.BindingTemplate, to destination: Binding.Destination, domains: [Domain]
    ) {
        let keys =
            template.key.contains(Placeholder.domain.text)
            ? domains.map { Placeholder.domain.written(as: $0.name, in: template.key) } : [template.key]
        bindings += keys.map { Binding(source: template.source, destination: destination, key: $0) }
    }

    /// A name as a regular expression that matches it alone.
    static func escaped(_ name: String) -> String {
        name.reduce(into: "") { $0 += "\\.^$*+?()[]{}|".contains($1) ? "\\\($1)" : String($1) }
    }
}
