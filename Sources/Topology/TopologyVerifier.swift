import JSON

/// Looks at a broker as `verify` shows it.
package struct TopologyVerifier {
    private let desired: Topology
    private let state: BrokerState
    private var findings: [TopologyVerification.Finding] = []

    package static func verify(
        _ desired: Topology, on api: ManagementAPI
    ) async throws(ManagementError) -> TopologyVerification {
        let state = try await BrokerState.read(api, virtualHost: desired.virtualHost)
        var verifier = TopologyVerifier(desired: desired, state: state)
        verifier.checkDrift()
        verifier.checkQueues()
        verifier.checkAccess()
        verifier.checkBroker(nodes: try await api.get("nodes"), flags: try await api.get("feature-flags"))
        return TopologyVerification(
            virtualHost: desired.virtualHost, address: state.address, brokerVersion: state.version,
            findings: verifier.findings)
    }

    private init(desired: Topology, state: BrokerState) { (self.desired, self.state) = (desired, state) }

    private mutating func find(_ severity: TopologyVerification.Severity, _ subject: String, _ message: String) {
        findings.append(.init(severity: severity, subject: subject, message: message))
    }

    private mutating func checkDrift() {
        for change in TopologyPlanner.plan(desired, state).changes {
            let properties = change.differences.map(\.property).joined(separator: ", ")
            let message =
                switch change.kind {
                case .create: "is missing"
                case .change: "differs in \(properties)"
                case .remove: "belongs to a partition that is no more"
                case .replace: "needs replacing: differs in \(properties)"
                case .extra: "is not in the topology"
                }
            find(.error, "\(change.subject)", message)
        }
    }

    private mutating func checkQueues() {
        let last = desired.deadLetterQueues
        for queue in desired.queues {
            guard let actual = state.queues[queue.name] else { continue }
            let subject = "queue \(queue.name)"
            if last.contains(queue.name) {
                if actual.messages > 0 {
                    find(.warning, subject, "\(actual.messages) given up on: see `baton topology dead list`")
                }
            } else if actual.consumers == 0, queue.type != "stream" {
                find(.warning, subject, "no consumer, \(actual.messages) messages wait")
            }
            let strongest = state.policies(for: queue)
            if strongest.contains(where: { $0.name != queue.name }) {
                let names = strongest.map(\.name).joined(separator: " or ")
                find(.error, subject, "the policy \(names) holds instead of its own alone")
            }
        }
    }
}

/// Who may do what.
extension TopologyVerifier {
    private mutating func checkAccess() {
        let topics = desired.exchanges.filter { $0.type == "topic" }.map(\.name)
        for (name, permissions) in state.permissions.sorted(by: { $0.key < $1.key }) {
            let user = Topology.User(
                name: name, tags: state.users[name]?.tags ?? [], permissions: permissions,
                topics: state.topicPermissions[name] ?? [:])
            let open = user.topicsWithoutPermission(among: topics)
            guard !open.isEmpty else { continue }
            // An administrator can give it to himself anyway.
            find(
                user.tags.contains("administrator") ? .warning : .error, "user \(name)",
                "may use every key of \(open.joined(separator: ", ")): no topic permission")
        }
    }
}

/// The broker itself.
extension TopologyVerifier {
    private mutating func checkBroker(nodes: JSONValue?, flags: JSONValue?) {
        for node in nodes?.array ?? [] { check(node: node) }
        for name in ["quorum_queue", "stream_queue"] {
            // A newer broker has what a flag stands for, and the flag no more.
            let flag = flags?.array?.first { $0["name"]?.string == name }
            if let state = flag?["state"]?.string, state != "enabled" {
                find(.error, "feature flag \(name)", "is \(state)")
            }
        }
        for type in Set(desired.exchanges.map(\.type)).subtracting(state.exchangeTypes).sorted() {
            let plugin = type == "x-consistent-hash" ? "; enable the plugin rabbitmq_consistent_hash_exchange" : ""
            find(.error, "exchange type \(type)", "is not known to the broker\(plugin)")
        }
        if !isVersion(atLeast: 3, 10) { find(.error, "RabbitMQ \(state.version)", "3.10 or later is needed") }
        check(ConsumerTimeout.read(nodes: nodes, address: state.address))
    }

    private mutating func check(_ timeout: ConsumerTimeout) {
        let needed = ConsumerTimeout.needed / .seconds(60)
        switch timeout {
        case .unknown:
            let ask = "`rabbitmqctl environment` beside it does; 30 minutes unless rabbitmq.conf says otherwise"
            find(.note, "consumer_timeout", "the management API does not tell it; \(ask)")
        case .set(let span, let file) where span < ConsumerTimeout.needed:
            let reason = "executors keep a delivery for up to 10 minutes, so at least \(Int(needed)) minutes are needed"
            find(.error, "consumer_timeout", "is \(span) in \(file): \(reason)")
        case .set(let span, let file): find(.note, "consumer_timeout", "is \(span) in \(file)")
        case .off(let file): find(.note, "consumer_timeout", "is off in \(file)")
        case .standard: find(.note, "consumer_timeout", "is the broker's own, 30 minutes")
        }
    }

    private mutating func check(node: JSONValue) {
        let subject = "node \(node["name"]?.string ?? "")"
        if node["running"]?.bool == false { find(.error, subject, "is not running") }
        if node["mem_alarm"]?.bool == true { find(.error, subject, "memory alarm: publishers wait") }
        if node["disk_free_alarm"]?.bool == true { find(.error, subject, "disk alarm: publishers wait") }
        let others = node["partitions"]?.array?.compactMap(\.string) ?? []
        if !others.isEmpty { find(.error, subject, "is cut off from \(others.joined(separator: ", "))") }
    }

    private func isVersion(atLeast major: Int, _ minor: Int) -> Bool {
        let parts = state.version.split(separator: ".").map { Int($0) ?? 0 }
        guard parts.count >= 2 else { return true }
        return (parts[0], parts[1]) >= (major, minor)
    }
}

extension Topology {
    /// The queues where lies what was given up on: those bound to an exchange that a policy dead-letters to.
    package var deadLetterQueues: Set<String> {
        let exchanges = Set(policies.compactMap { $0.definition["dead-letter-exchange"]?.string })
        return Set(
            bindings.compactMap { binding in
                guard exchanges.contains(binding.source), case .queue(let name) = binding.destination else {
                    return nil
                }
                return name
            })
    }
}

extension BrokerState {
    /// The policies of the highest priority that match; of several the broker takes any.
    fileprivate func policies(for queue: Topology.Queue) -> [Topology.Policy] {
        let kinds = ["queues", "all", "\(queue.type)_queues", "streams"]
        let matching = policies.values.filter {
            kinds.contains($0.applyTo) && NamePattern($0.pattern)?.matches(queue.name) == true
        }
        let priority = matching.map(\.priority).max()
        return matching.filter { $0.priority == priority }.sorted { $0.name < $1.name }
    }
}
