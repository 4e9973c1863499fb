import AMQP
import Contracts
import DequeModule
import Handover
import JSON
import Topology

/// RabbitMQ as far as it matters here: the exchanges, bindings and policies of `topology/`, quorum queues that count
/// deliveries, single active consumers, dead letters, returns.
///
/// It keeps the order of a queue, but for what is delivered again. Touched by one logical thread at a time.
final class SimulatedBroker: @unchecked Sendable {  // one logical thread
    struct Entry {
        var message: Message
        /// How often it came back.
        var deliveryCount = 0
        var wasDelivered = false
    }

    final class Queue {
        let name: String
        var ready: Deque<Entry> = []
        var deliveryLimit: Int?
        var deadLetterExchange: String?
        var deadLetterKey: String?
        var hasSingleActiveConsumer = false
        /// Open channels that consume it, the active one first.
        var channels: [UInt64] = []
        var pausedUntil: Int64 = 0
        init(_ name: String) { self.name = name }
    }

    final class Channel {
        let epoch: UInt64
        let queue: Queue
        var isOpen = true
        /// Its consumer has been told that it is closed.
        var isKnownLost = false
        var nextTag: UInt64 = 1
        var unacked: [(tag: UInt64, entry: Entry)] = []
        init(epoch: UInt64, queue: Queue) {
            self.epoch = epoch
            self.queue = queue
        }
    }

    private struct Binding {
        let words: [Substring]
        let destination: Topology.Binding.Destination
    }

    private(set) var queues: [String: Queue] = [:]
    private var hashed: Set<String> = []
    private var bindings: [String: [Binding]] = [:]
    private var routes: [String: [Topology.Binding.Destination]] = [:]
    private(set) var channels: [UInt64: Channel] = [:]
    private var epochs: UInt64 = 0

    /// Every message that a queue has taken, by its id.
    private(set) var told: Set<String> = []
    /// Every message that was published, whether a queue was bound for it or not.
    private(set) var offered: Set<String> = []
    /// How often messages of each type were taken.
    private(set) var types: [String: Int] = [:]
    /// What was published lately, to be replayed.
    private(set) var recent: [(queue: String, message: Message)] = []
    /// Called for each message that is published, with whether any queue took it.
    var onPublished: (Message, Bool) -> Void = { _, _ in }
    /// Where an entry that comes back is put: 0 is the front. Given how many newer ones there are.
    var place: (_ newer: Int) -> Int = { _ in 0 }

    init(_ topology: Topology) {
        for exchange in topology.exchanges where exchange.type == "x-consistent-hash" { hashed.insert(exchange.name) }
        for queue in topology.queues {
            let made = Queue(queue.name)
            made.hasSingleActiveConsumer = queue.arguments["x-single-active-consumer"]?.bool ?? false
            if let policy = topology.policies.first(where: { $0.name == queue.name })?.definition {
                made.deliveryLimit = policy["delivery-limit"]?.int
                made.deadLetterExchange = policy["dead-letter-exchange"]?.string
                made.deadLetterKey = policy["dead-letter-routing-key"]?.string
            }
            queues[queue.name] = made
        }
        for binding in topology.bindings { bind(binding.source, binding.key, binding.destination) }
    }

    private func bind(_ exchange: String, _ key: String, _ destination: Topology.Binding.Destination) {
        bindings[exchange, default: []].append(
            Binding(words: key.split(separator: ".", omittingEmptySubsequences: false), destination: destination))
        routes = [:]
    }

    // MARK: Publishing

    /// - Returns: whether any queue took it.
    @discardableResult
    func publish(_ message: Message) -> Bool {
        let queues = route(message)
        if let id = message.properties.messageID { offered.insert(id) }
        onPublished(message, !queues.isEmpty)
        guard !queues.isEmpty else { return false }
        for queue in queues {
            queue.ready.append(Entry(message: message))
            recent.append((queue.name, message))
        }
        if recent.count > 80 { recent.removeFirst(40) }
        if let id = message.properties.messageID { told.insert(id) }
        types[message.properties.type ?? "", default: 0] += 1
        return true
    }

    /// Puts a message into a queue once more.
    func replay(_ index: Int) -> String {
        let (queue, message) = recent[index]
        queues[queue]?.ready.append(Entry(message: message))
        return "\(message.properties.type ?? "?") into \(queue)"
    }

    private func route(_ message: Message) -> [Queue] {
        if message.exchange.isEmpty { return queues[message.routingKey].map { [$0] } ?? [] }
        var found: [Queue] = []
        for destination in destinations(message.exchange, message.routingKey) {
            switch destination {
            case .queue(let name):
                if let queue = queues[name], !found.contains(where: { $0 === queue }) { found.append(queue) }
            case .exchange(let name):
                let inner = destinations(name, message.routingKey)
                guard !inner.isEmpty else { continue }
                let index =
                    hashed.contains(name) ? Int(hash(message.properties.correlationID ?? "") % UInt64(inner.count)) : 0
                if case .queue(let name) = inner[index], let queue = queues[name] { found.append(queue) }
            }
        }
        // Published to the hash exchange itself: one of its queues, not all.
        guard hashed.contains(message.exchange), found.count > 1 else { return found }
        return [found[Int(hash(message.properties.correlationID ?? "") % UInt64(found.count))]]
    }

    private func destinations(_ exchange: String, _ key: String) -> [Topology.Binding.Destination] {
        let name = "\(exchange)/\(key)"
        if let known = routes[name] { return known }
        let words = key.split(separator: ".", omittingEmptySubsequences: false)
        let all = hashed.contains(exchange)
        let found = (bindings[exchange] ?? []).filter { all || matches($0.words[...], words[...]) }.map(\.destination)
        routes[name] = found
        return found
    }

    private func matches(_ pattern: ArraySlice<Substring>, _ words: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return words.isEmpty }
        if first == "#" {
            return matches(pattern.dropFirst(), words) || (!words.isEmpty && matches(pattern, words.dropFirst()))
        }
        guard let word = words.first, first == "*" || first == word else { return false }
        return matches(pattern.dropFirst(), words.dropFirst())
    }

    private func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash ^ (hash >> 29)
    }

    // MARK: Consuming

    /// A queue that exists as long as its only consumer does.
    func declareExclusive(_ name: String, bindings: [(exchange: String, key: String)]) -> UInt64 {
        queues[name] = Queue(name)
        for binding in bindings { bind(binding.exchange, binding.key, .queue(name)) }
        return subscribe(name)
    }

    func subscribe(_ queue: String) -> UInt64 {
        epochs += 1
        let channel = Channel(epoch: epochs, queue: queues[queue]!)
        channels[epochs] = channel
        channel.queue.channels.append(epochs)
        return epochs
    }

    func isActive(_ epoch: UInt64) -> Bool {
        guard let channel = channels[epoch], channel.isOpen else { return false }
        return !channel.queue.hasSingleActiveConsumer || channel.queue.channels.first == epoch
    }

    func available(_ epoch: UInt64, now: Int64) -> Int {
        guard isActive(epoch), let queue = channels[epoch]?.queue, queue.pausedUntil <= now else { return 0 }
        return queue.ready.count
    }

    func consume(_ epoch: UInt64, limit: Int, now: Int64) -> [Delivery] {
        let count = min(limit, available(epoch, now: now))
        guard count > 0, let channel = channels[epoch] else { return [] }
        return (0..<count).map { _ in
            var entry = channel.queue.ready.removeFirst()
            let tag = channel.nextTag
            channel.nextTag += 1
            var properties = entry.message.properties
            if entry.deliveryCount > 0 { properties.headers["x-delivery-count"] = .int(Int64(entry.deliveryCount)) }
            let delivery = Delivery(
                queue: channel.queue.name, tag: tag, epoch: epoch, exchange: entry.message.exchange,
                routingKey: entry.message.routingKey, isRedelivered: entry.wasDelivered, properties: properties,
                body: entry.message.body)
            entry.wasDelivered = true
            channel.unacked.append((tag, entry))
            return delivery
        }
    }

    /// Of a closed channel it reaches nobody.
    func ack(_ delivery: Delivery) {
        guard let channel = channels[delivery.epoch], channel.isOpen else { return }
        channel.unacked.removeAll { $0.tag == delivery.tag }
    }

    /// Gives one back.
    func release(_ delivery: Delivery) {
        guard let channel = channels[delivery.epoch], channel.isOpen,
            let index = channel.unacked.firstIndex(where: { $0.tag == delivery.tag })
        else { return }
        requeue([channel.unacked.remove(at: index).entry], to: channel.queue)
    }

    /// What the channel held comes back, in order.
    ///
    /// - Parameter isKnown: whether its consumer is told at once.
    /// - Returns: how many came back.
    @discardableResult
    func close(_ epoch: UInt64, isKnown: Bool) -> Int {
        guard let channel = channels[epoch] else { return 0 }
        if isKnown { channel.isKnownLost = true }
        guard channel.isOpen else { return 0 }
        channel.isOpen = false
        channel.queue.channels.removeAll { $0 == epoch }
        let held = channel.unacked.map(\.entry)
        channel.unacked = []
        requeue(held, to: channel.queue)
        return held.count
    }

    func remove(_ queue: String) {
        queues[queue] = nil
        for (exchange, list) in bindings {
            bindings[exchange] = list.filter { $0.destination != .queue(queue) }
        }
        routes = [:]
    }

    private func requeue(_ entries: [Entry], to queue: Queue) {
        var back: [Entry] = []
        for var entry in entries {
            entry.deliveryCount += 1
            guard let limit = queue.deliveryLimit, entry.deliveryCount > limit else {
                back.append(entry)
                continue
            }
            guard let exchange = queue.deadLetterExchange else { continue }
            var message = entry.message
            message.exchange = exchange
            message.routingKey = queue.deadLetterKey ?? message.routingKey
            publish(message)
        }
        guard !back.isEmpty else { return }
        let place = min(max(place(queue.ready.count), 0), queue.ready.count)
        queue.ready.insert(contentsOf: back, at: place)
    }

    /// Messages that lie in a queue or are held by somebody.
    func depth(_ queue: String) -> Int {
        let held = channels.values.reduce(0) { $0 + ($1.queue.name == queue ? $1.unacked.count : 0) }
        return (queues[queue]?.ready.count ?? 0) + held
    }

    /// Whoever reads a queue that no process of ours consumes here.
    func drain(_ queue: String) -> [Message] {
        defer { queues[queue]?.ready = [] }
        return queues[queue]?.ready.map(\.message) ?? []
    }
}
