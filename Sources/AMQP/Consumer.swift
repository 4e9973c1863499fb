import IOThread
package import Logging

/// Consumes queues in batches, by one connection with a channel for each subscription.
///
/// It keeps its subscriptions alive: a lost connection or channel is opened again, after a pause that grows.
/// What came by a lost channel comes back by another, marked as redelivered; its ``Delivery/epoch`` is over, and
/// settling it does nothing.
package actor Consumer {
    /// A subscription that is asked for.
    private struct Wanted {
        let subscription: Subscription
        /// Who waits for it to be there for the first time.
        var first: Promise<Void>?
        var channel: UInt16?
        var retryAt: ContinuousClock.Instant?
        var backoff = Backoff(longest: .seconds(30))
    }

    private enum Step {
        case connect
        case open(queue: String)
    }

    private nonisolated let thread = IOThread(name: "amqp-consumer")
    private nonisolated let settings: AMQPSettings
    private nonisolated let inbox: Inbox
    private nonisolated let lifetime = Lifetime()
    private nonisolated let settled = SettledDeliveries()
    private let prefetch: UInt16
    private let logger: Logger
    private(set) var link: Link?
    private var wanted: [String: Wanted] = [:]
    private var feeds = Feeds()
    private var connectAt: ContinuousClock.Instant?
    private var connectBackoff = Backoff(longest: .seconds(5))
    private var isMending = false
    private var retryTimer: IOThread.TimerID?
    private var ackTimer: IOThread.TimerID?
    /// No more is taken; what was taken can be settled.
    private var isDraining = false
    /// What was on its way when deliveries were cancelled.
    private var crossed: [Delivery] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - prefetch: so many deliveries of each subscription may be unsettled.
    ///   - batchLimit: so many make the largest batch.
    package init(
        _ settings: AMQPSettings, prefetch: Int = 500, batchLimit: Int = 500,
        logger: Logger = Logger(label: "baton.amqp")
    ) {
        self.settings = settings
        self.prefetch = UInt16(clamping: max(1, prefetch))
        inbox = Inbox(batchLimit: batchLimit)
        self.logger = logger
    }

    isolated deinit {
        _ = inbox.close()
        link?.abandon()
        thread.stop()
    }

    // MARK: Subscriptions

    /// Subscribes, and stays subscribed until ``unsubscribe(queue:)`` or ``close()``.
    ///
    /// - Throws: ``AMQPError``: `.refused` when the broker says no, `.timedOut` when it could not be reached in
    ///   the settings' `callTimeout`. The subscription is then given up.
    package nonisolated func subscribe(_ subscription: Subscription) async throws(AMQPError) {
        let first = Promise<Void>("basic.consume")
        thread.perform { [weak self] in
            guard let self else { return }
            assumeIsolated { $0.want(subscription, first) }
        }
        do throws(AMQPError) {
            try await first.value(before: .now + settings.callTimeout)
        } catch {
            if error.code != .closed { await giveUp(subscription.queue, first) }
            throw error
        }
    }

    private func want(_ subscription: Subscription, _ first: Promise<Void>) {
        guard !isDraining else {
            first.resolve(.failure(.closedHere))
            return
        }
        if let present = wanted[subscription.queue] {
            guard present.subscription == subscription else {
                let error = AMQPError(.refused, "basic.consume", "subscribed to in another way already")
                first.resolve(.failure(error))
                return
            }
            present.first?.resolve(.failure(AMQPError(.cancelled, "basic.consume", "subscribed to anew")))
            if present.channel != nil, present.first == nil {
                first.resolve(.success(()))
                return
            }
        }
        wanted[subscription.queue, default: Wanted(subscription: subscription)].first = first
        mend()
    }

    private func giveUp(_ queue: String, _ first: Promise<Void>) async {
        guard wanted[queue]?.first === first else { return }
        await unsubscribe(queue: queue)
    }

    /// Closes the channel of a subscription: what is not settled goes back to its queue.
    package func unsubscribe(queue: String) async {
        guard let wanted = wanted.removeValue(forKey: queue) else { return }
        wanted.first?.resolve(.failure(AMQPError(.cancelled, "basic.consume", "unsubscribed")))
        writeSettled()
        guard let channel = wanted.channel, let feed = feeds.remove(channel) else { return }
        inbox.end(epoch: feed.epoch)
        _ = try? await link?.call(.channelClose, on: channel)
    }

    // MARK: Batches

    /// Everything that has arrived, at most `batchLimit`; waits until there is something.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; ``AMQPError`` with `.closed` after ``close()`` or
    ///   ``cancelDeliveries()``.
    package nonisolated func nextBatch() async throws -> [Delivery] {
        defer { withExtendedLifetime(self) {} }
        do throws(AMQPError) {
            return try await inbox.take().value()
        } catch {
            if error.code == .cancelled { throw CancellationError() }
            throw error
        }
    }

    /// Which of these are still ours: the channel of the others was lost, and what they would lead to is not to be
    /// published, for they come again.
    package nonisolated func held(_ deliveries: [Delivery]) -> [Delivery] {
        deliveries.filter { inbox.isLive($0.epoch) }
    }

    /// Acknowledges, in few frames. Does not wait for the socket; what the broker does not get to see comes back.
    ///
    /// - Parameter span: so long it may wait for others to go along with, where it does no harm to be given again what is
    ///   done. To a quorum queue an ack is a command that goes to disk, one for many as one for one.
    package nonisolated func ack(_ deliveries: [Delivery], within span: Duration = .zero) async throws(AMQPError) {
        try settle(deliveries, isAck: true, within: span)
    }

    /// Hands back to the queue, for the broker to give to whom it likes.
    package nonisolated func release(_ deliveries: [Delivery]) async {
        try? settle(deliveries, isAck: false, within: .zero)
    }

    private nonisolated func settle(
        _ deliveries: [Delivery], isAck: Bool, within span: Duration
    ) throws(AMQPError) {
        guard !lifetime.isOver else { throw .closedHere }
        guard !deliveries.isEmpty else { return }
        // Until it is told of some, the broker gives no more than the prefetch.
        switch settled.add(deliveries, isAck: isAck, mayWait: span > .zero, upTo: Int(prefetch) / 4) {
        case .told: break
        case .later: thread.perform { [self] in assumeIsolated { $0.writeSettled(within: span) } }
        case .now: thread.perform { [self] in assumeIsolated { $0.writeSettled() } }
        }
    }

    private func writeSettled(within span: Duration) {
        guard ackTimer == nil else { return }
        ackTimer = thread.schedule(at: .now + span) { [weak self] in self?.assumeIsolated { $0.writeSettled() } }
    }

    /// Whatever has been settled by now, in one go.
    private func writeSettled() {
        if let ackTimer { thread.cancel(ackTimer) }
        ackTimer = nil
        for (isAck, tags) in settled.take() { write(tags, isAck: isAck) }
    }

    private func write(_ settled: [UInt64: [UInt64]], isAck: Bool) {
        guard let link else { return }
        try? link.write { handle throws(AMQPError) in
            handle.setCorked(true)
            defer { handle.setCorked(false) }
            try feeds.settle(settled, isAck: isAck, by: handle)
        }
    }

    // MARK: The way down

    /// Asks the broker for no more. What was taken can still be settled; what was not goes back at once.
    package func cancelDeliveries() async {
        guard !isDraining else { return }
        isDraining = true
        failFirsts()
        let untaken = inbox.close()
        for channel in feeds.channels { _ = try? await link?.call(.cancel(tag: Self.consumerTag), on: channel) }
        // Only now: the broker would hand them to us once more.
        await release(untaken + crossed)
        crossed = []
    }

    /// Closes each channel, so that the broker has seen all that was settled, and then the connection.
    package func close() async {
        isDraining = true
        lifetime.end()
        failFirsts()
        _ = inbox.close()
        writeSettled()
        guard let link else { return }
        let channels = feeds.channels
        forgetLink()
        for channel in channels { _ = try? await link.call(.channelClose, on: channel, within: .seconds(5)) }
        await link.close()
    }

    private func failFirsts() {
        for queue in wanted.keys {
            wanted[queue]?.first?.resolve(.failure(.closedHere))
            wanted[queue]?.first = nil
        }
    }

    // MARK: What the broker says

    private func received(_ incoming: [Incoming]) {
        var arrived: [Delivery] = []
        arrived.reserveCapacity(incoming.count)
        for incoming in incoming {
            switch incoming {
            case .delivery(let channel, let content):
                if let delivery = feeds.take(content, on: channel) { arrived.append(delivery) }
            case .consumerCancelled(let channel):
                feedLost(channel, AMQPError(.channelLost, "basic.cancel", "the queue is gone"))
                Task { _ = try? await link?.call(.channelClose, on: channel) }
            case .channelClosed(let channel, let error): feedLost(channel, error)
            default: break
            }
        }
        if isDraining {
            crossed += arrived
        } else if !arrived.isEmpty {
            inbox.add(arrived)
        }
    }

    private func feedLost(_ channel: UInt16, _ error: AMQPError) {
        guard let feed = feeds.remove(channel) else { return }
        inbox.end(epoch: feed.epoch)
        guard let wanted = wanted[feed.queue], wanted.channel == channel else { return }
        self.wanted[feed.queue]?.channel = nil
        guard let delay = self.wanted[feed.queue]?.backoff.delay() else { return }
        self.wanted[feed.queue]?.retryAt = .now + delay
        mend()
        // Refused at the first try: `openFailed` tells who waits for it.
        guard wanted.first == nil || error.isRetriable else { return }
        logger.warning(
            "A subscription was lost.",
            metadata: [
                LogKey.queue: "\(feed.queue)", LogKey.error: "\(error)",
                LogKey.retryInMilliseconds: "\(delay.milliseconds)",
            ])
    }

    private func lost(_ link: Link, _ error: AMQPError) {
        guard self.link === link else { return }
        logger.warning("The consuming connection was lost.", metadata: [LogKey.error: "\(error)"])
        forgetLink()
        postponeConnecting()
    }

    private func forgetLink() {
        link = nil
        for epoch in feeds.removeAll() { inbox.end(epoch: epoch) }
        for queue in wanted.keys {
            wanted[queue]?.channel = nil
            wanted[queue]?.retryAt = nil
        }
    }

    private func postponeConnecting() {
        connectAt = .now + connectBackoff.delay()
        mend()
    }

    // MARK: Mending

    /// Brings about what is wanted: the connection, then each subscription; what fails is tried again later.
    private func mend() {
        guard !isMending else { return }
        isMending = true
        Task {
            while let step = nextStep() {
                switch step {
                case .connect: connect()
                case .open(let queue): await open(queue)
                }
            }
            isMending = false
            scheduleRetry()
        }
    }

    private func nextStep() -> Step? {
        guard !isDraining, !wanted.isEmpty else { return nil }
        let now = ContinuousClock.now
        guard let link, link.isOpen else {
            if self.link != nil { return nil }  // `lost` is on its way
            return (connectAt ?? now) <= now ? .connect : nil
        }
        return wanted.first { $0.value.channel == nil && ($0.value.retryAt ?? now) <= now }.map { .open(queue: $0.key) }
    }

    private func scheduleRetry() {
        guard !isDraining, !wanted.isEmpty else { return }
        let next = link == nil ? connectAt : wanted.values.filter { $0.channel == nil }.compactMap(\.retryAt).min()
        if let retryTimer { thread.cancel(retryTimer) }
        retryTimer = next.map { thread.schedule(at: $0) { [weak self] in self?.assumeIsolated { $0.mend() } } }
    }

    private func connect() {
        do throws(AMQPError) {
            let owner = Link.Owner(
                received: { [weak self] link, incoming in
                    self?.assumeIsolated { if $0.link === link { $0.received(incoming) } }
                },
                lost: { [weak self] link, error in self?.assumeIsolated { $0.lost(link, error) } })
            link = try Link(settings, on: thread, owner: owner)
        } catch {
            let delay = connectBackoff.delay()
            logger.warning(
                "Connecting to the broker failed.",
                metadata: [LogKey.error: "\(error)", LogKey.retryInMilliseconds: "\(delay.milliseconds)"])
            connectAt = .now + delay
            if !error.isRetriable { refuseFirsts(error) }
        }
    }

    private func refuseFirsts(_ error: AMQPError) {
        for (queue, wanted) in wanted {
            guard let first = wanted.first else { continue }
            self.wanted[queue] = nil
            first.resolve(.failure(error))
        }
    }

    private static let consumerTag = "baton"

    private func open(_ queue: String) async {
        guard let link, let subscription = wanted[queue]?.subscription else { return }
        let (channel, epoch) = feeds.add(queue)
        wanted[queue]?.channel = channel
        inbox.begin(epoch: epoch)
        do throws(AMQPError) {
            for request in subscription.requests(prefetch: prefetch, tag: Self.consumerTag) {
                _ = try await link.call(request, on: channel)
                // Unsubscribed meanwhile: the channel is being closed.
                guard feeds.epoch(of: channel) == epoch else { return }
            }
            connectBackoff.reset()
            wanted[queue]?.backoff.reset()
            guard let first = wanted[queue]?.first else { return }
            wanted[queue]?.first = nil
            // Who asked for it may have given up.
            if !first.resolve(.success(())) { await unsubscribe(queue: queue) }
        } catch {
            openFailed(queue, error)
        }
    }

    /// The channel, or the connection, is lost by now, which its own event deals with; here is who waits.
    private func openFailed(_ queue: String, _ error: AMQPError) {
        guard !error.isRetriable, let first = wanted[queue]?.first else { return }
        wanted[queue] = nil
        first.resolve(.failure(error))
    }
}

extension Subscription {
    /// What brings it about on a new channel.
    fileprivate func requests(prefetch: UInt16, tag: String) -> [Request] {
        var requests: [Request] = [.channelOpen, .qos(prefetch: prefetch)]
        if let bindings {
            requests.append(
                .queueDeclare(
                    QueueDeclaration(
                        name: queue, isDurable: false, isExclusive: true, isAutoDelete: true, arguments: arguments)))
            requests += bindings.map {
                .queueBind(queue: queue, exchange: $0.exchange, key: $0.key, arguments: [:])
            }
        }
        return requests + [.consume(queue: queue, tag: tag)]
    }
}
