/// The subscriptions of a connection that are there, each on a channel of its own, with what came by them and is not
/// settled.
struct Feeds {
    struct Feed {
        let queue: String
        let epoch: UInt64
        fileprivate var unacked = UnackedTags()
    }

    private var feeds: [UInt16: Feed] = [:]
    private var lastChannel: UInt16 = 0

    var channels: [UInt16] { Array(feeds.keys) }

    func epoch(of channel: UInt16) -> UInt64? { feeds[channel]?.epoch }

    /// On a channel that none of the others has.
    mutating func add(_ queue: String) -> (channel: UInt16, epoch: UInt64) {
        repeat { lastChannel = lastChannel == 2047 ? 1 : lastChannel + 1 } while feeds[lastChannel] != nil
        let epoch = Epochs.next()
        feeds[lastChannel] = Feed(queue: queue, epoch: epoch)
        return (lastChannel, epoch)
    }

    mutating func remove(_ channel: UInt16) -> Feed? { feeds.removeValue(forKey: channel) }

    /// - Returns: the epochs that are over.
    mutating func removeAll() -> [UInt64] {
        defer { feeds = [:] }
        return feeds.values.map(\.epoch)
    }

    /// - Returns: `nil` for what came by a channel that is not wanted any more.
    mutating func take(_ content: Incoming.Content, on channel: UInt16) -> Delivery? {
        guard let feed = feeds[channel] else { return nil }
        feeds[channel]?.unacked.append(content.tag)
        return Delivery(content, of: feed.queue, epoch: feed.epoch)
    }

    /// Writes what was settled, by epoch, in few frames.
    mutating func settle(
        _ settled: SettledDeliveries.Tags, isAck: Bool, by handle: ConnectionHandle
    ) throws(AMQPError) {
        for channel in channels {
            guard let epoch = epoch(of: channel), let tags = settled[epoch] else { continue }
            let (upTo, single) = feeds[channel]?.unacked.settle(tags) ?? (nil, [])
            if let upTo { try handle.settle(upTo, isMultiple: true, isAck: isAck, on: channel) }
            for tag in single { try handle.settle(tag, isMultiple: false, isAck: isAck, on: channel) }
        }
    }
}

extension Delivery {
    fileprivate init(_ content: Incoming.Content, of queue: String, epoch: UInt64) {
        self.init(
            queue: queue, tag: content.tag, epoch: epoch, exchange: content.exchange, routingKey: content.routingKey,
            isRedelivered: content.isRedelivered, properties: content.properties, body: content.body)
    }
}

extension ConnectionHandle {
    fileprivate func settle(_ tag: UInt64, isMultiple: Bool, isAck: Bool, on channel: UInt16) throws(AMQPError) {
        if isAck {
            try ack(tag, isMultiple: isMultiple, on: channel)
        } else {
            try requeue(tag, isMultiple: isMultiple, on: channel)
        }
    }
}
