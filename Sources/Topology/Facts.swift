import JSON

/// The properties of one thing as text, so that any two of them can be compared and shown.
struct Facts {
    private var values: [(property: String, value: String)] = []

    var isEmpty: Bool { values.isEmpty }

    init(_ values: KeyValuePairs<String, String> = [:]) {
        self.values = values.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) }
    }

    init(_ permissions: Topology.Permissions?) {
        guard let permissions else { return }
        values = [
            ("configure", permissions.configure), ("write", permissions.write), ("read", permissions.read),
        ]
    }

    init(_ permission: Topology.TopicPermission?) {
        guard let permission else { return }
        values = [("write", permission.write), ("read", permission.read)]
    }

    init(_ exchange: Topology.Exchange?) {
        guard let exchange else { return }
        values = [("type", exchange.type)]
        add(exchange.arguments)
    }

    init(_ queue: Topology.Queue?) {
        guard let queue else { return }
        values = [("type", queue.type)]
        add(queue.arguments)
    }

    init(_ policy: Topology.Policy?) {
        guard let policy else { return }
        values = [
            ("pattern", policy.pattern), ("apply-to", policy.applyTo), ("priority", String(policy.priority)),
        ]
        add(policy.definition)
    }

    private mutating func add(_ members: JSONObject) {
        values += members.sortedMembers.map { ($0.name, $0.value.string ?? $0.value.canonicalText) }
    }

    func differences(to wanted: Facts) -> [TopologyChange.Difference] {
        let properties = wanted.values.map(\.property) + values.map(\.property).filter { wanted.value($0) == nil }
        return properties.compactMap { property in
            let (actual, desired) = (value(property), wanted.value(property))
            return actual == desired ? nil : .init(property: property, actual: actual, desired: desired)
        }
    }

    private func value(_ property: String) -> String? { values.first { $0.property == property }?.value }
}
