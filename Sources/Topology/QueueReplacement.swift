import AMQP

/// Replaces a queue by one of another type or other arguments, losing no message.
///
/// The messages wait in a second queue meanwhile, which takes over the bindings too. Bindings are made before others
/// are removed, so that a message may be in both queues for a moment, but never in none. Each step may be repeated:
/// after an interruption, running it again goes on.
struct QueueReplacement {
    private static let prefix = "replacing."

    /// The queue, and the exchange, that the messages of a queue go through while it is replaced.
    static func stopover(of queue: String) -> String { prefix + queue }

    /// The queue whose messages wait in this one; `nil` for any other.
    static func original(of queue: String) -> String? {
        queue.hasPrefix(prefix) ? String(queue.dropFirst(prefix.count)) : nil
    }

    let applier: TopologyApplier
    let settings: AMQPSettings
    let name: String

    private var stopover: Topology.Queue { .init(name: Self.stopover(of: name), type: "quorum") }
    /// Keeps the messages' routing keys, which the default exchange would not.
    private var passage: Topology.Exchange { .init(name: Self.stopover(of: name), type: "fanout") }
    private var host: String { applier.desired.virtualHost }

    func run() async throws {
        let state = try await BrokerState.read(applier.api, virtualHost: host)
        if applier.desired.isPastPartition(name) { return try await retire(state) }
        guard let wanted = applier.desired.queues.first(where: { $0.name == name }) else {
            throw QueueReplacementError(queue: name, reason: "the topology has no queue of this name")
        }
        if let existing = state.queues[name], existing.queue != wanted { try await moveOut(existing, state) }
        // Its policy is there already: apply made it.
        try await applier.put(wanted)
        try await moveBack()
    }

    /// From the old queue to the stopover, and the old queue is gone.
    private func moveOut(_ existing: BrokerState.Queue, _ state: BrokerState) async throws {
        try requireReplaceable(existing)
        try await applier.put(stopover)
        try await applier.put(passage)
        try await applier.put(binding(from: passage.name, to: stopover.name))
        let bindings = state.bindings.filter { $0.destination == .queue(name) }
        for binding in bindings { try await applier.put(binding.rebound(to: stopover.name)) }
        for binding in bindings { try await applier.remove(binding) }
        _ = try await QueueMove(settings: settings).move(from: name, to: passage.name)
        try await delete(name)
    }

    /// From the stopover, if there is one, to the new queue.
    private func moveBack() async throws {
        for binding in applier.desired.bindings where binding.destination == .queue(name) {
            try await applier.put(binding)
        }
        let state = try await BrokerState.read(applier.api, virtualHost: host)
        guard state.queues[stopover.name] != nil else { return }
        try await applier.put(passage)
        try await applier.put(binding(from: passage.name, to: name))
        for binding in state.bindings where binding.destination == .queue(stopover.name) {
            try await applier.remove(binding)
        }
        _ = try await QueueMove(settings: settings).move(from: stopover.name, to: passage.name)
        try await delete(stopover.name)
        try await applier.api.delete(["exchanges", host, passage.name])
    }

    /// The messages of a partition that is no more go to those that are left.
    private func retire(_ state: BrokerState) async throws {
        guard let existing = state.queues[name] else { return }
        try requireReplaceable(existing)
        let first = applier.desired.partitionPrefixes.first { name.hasPrefix($0) }.map { $0 + "0" }
        guard let source = applier.desired.bindings.first(where: { $0.destination.name == first })?.source else {
            throw QueueReplacementError(queue: name, reason: "nothing feeds the other partitions")
        }
        for binding in state.bindings where binding.destination == .queue(name) { try await applier.remove(binding) }
        _ = try await QueueMove(settings: settings).move(from: name, to: source)
        try await delete(name)
        try await applier.api.delete(["policies", host, name])
    }

    private func requireReplaceable(_ existing: BrokerState.Queue) throws(QueueReplacementError) {
        if existing.consumers > 0 {
            throw QueueReplacementError(
                queue: name, reason: "it has \(existing.consumers) consumers, which have to stop first")
        }
        if existing.queue.type == "stream" {
            throw QueueReplacementError(queue: name, reason: "a stream cannot be emptied: delete it by hand")
        }
    }

    private func binding(from exchange: String, to queue: String) -> Topology.Binding {
        .init(source: exchange, destination: .queue(queue), key: "")
    }

    /// Only when the broker, too, sees nothing in it: neither waiting nor with somebody.
    private func delete(_ queue: String) async throws {
        for _ in 0..<120 {
            guard let state = try await applier.api.get("queues", host, queue) else { return }
            if state["messages"]?.int == 0 {
                try await applier.api.delete(["queues", host, queue])
                return
            }
            // Its statistics are made every 5 s.
            try await Task.sleep(for: .milliseconds(250))
        }
        throw QueueReplacementError(queue: queue, reason: "somebody still holds messages of it, or sends it more")
    }
}

/// Why a queue was not replaced; nothing of it is lost.
package struct QueueReplacementError: Error, Equatable, Sendable, CustomStringConvertible {
    package var queue: String
    package var reason: String

    package var description: String { "queue \(queue) was not replaced: \(reason)" }
}

extension Topology.Binding {
    fileprivate func rebound(to queue: String) -> Topology.Binding {
        var binding = self
        binding.destination = .queue(queue)
        return binding
    }
}
