import IOThread

/// Single calls to the broker, one after the other, for tools and tests: each with the settings' `callTimeout`.
///
/// It connects when it is first used, and again when the connection was lost. A refusal closes its channel, and
/// what was got and not settled goes back to its queue.
package actor AdminConnection {
    private static let channel: UInt16 = 1

    private nonisolated let thread = IOThread(name: "amqp-admin")
    private nonisolated let settings: AMQPSettings
    private var link: Link?
    private var epoch: UInt64 = 0
    private var isChannelOpen = false
    private var isClosed = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    package init(_ settings: AMQPSettings) { self.settings = settings }

    isolated deinit {
        link?.abandon()
        thread.stop()
    }

    package func close() async {
        isClosed = true
        await link?.close()
        link = nil
    }

    // MARK: Queues

    /// - Returns: its name, which the broker may have made up, and what is in it.
    @discardableResult
    package nonisolated func declare(_ queue: QueueDeclaration) async throws(AMQPError) -> QueueStatus {
        guard case .queue(let status) = try await call(.queueDeclare(queue)) else { throw .unexpectedAnswer }
        return status
    }

    /// - Returns: `nil` when there is no such queue.
    package nonisolated func status(ofQueue name: String) async throws(AMQPError) -> QueueStatus? {
        do throws(AMQPError) {
            guard case .queue(let status) = try await call(.queueDeclare(.passive(name))) else {
                throw .unexpectedAnswer
            }
            return status
        } catch {
            guard error.detail.hasPrefix("404") else { throw error }
            return nil
        }
    }

    package nonisolated func bind(
        queue: String, to exchange: String, key: String, arguments: [String: HeaderValue] = [:]
    ) async throws(AMQPError) {
        _ = try await call(.queueBind(queue: queue, exchange: exchange, key: key, arguments: arguments))
    }

    package nonisolated func unbind(
        queue: String, from exchange: String, key: String, arguments: [String: HeaderValue] = [:]
    ) async throws(AMQPError) {
        _ = try await call(.queueUnbind(queue: queue, exchange: exchange, key: key, arguments: arguments))
    }

    /// - Returns: how many messages it held. Quorum queues refuse `ifEmpty`.
    @discardableResult
    package nonisolated func delete(
        queue: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) async throws(AMQPError) -> Int {
        try await count(.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty))
    }

    /// - Returns: how many messages are gone; not those that are delivered and not settled.
    @discardableResult
    package nonisolated func purge(queue: String) async throws(AMQPError) -> Int {
        try await count(.queuePurge(queue))
    }

    // MARK: Exchanges

    package nonisolated func declare(_ exchange: ExchangeDeclaration) async throws(AMQPError) {
        _ = try await call(.exchangeDeclare(exchange))
    }

    package nonisolated func exchangeExists(_ name: String) async throws(AMQPError) -> Bool {
        var exchange = ExchangeDeclaration(name: name, type: "direct")
        exchange.isPassive = true
        do throws(AMQPError) {
            _ = try await call(.exchangeDeclare(exchange))
            return true
        } catch {
            guard error.detail.hasPrefix("404") else { throw error }
            return false
        }
    }

    package nonisolated func bind(
        exchange destination: String, to source: String, key: String, arguments: [String: HeaderValue] = [:]
    ) async throws(AMQPError) {
        _ = try await call(.exchangeBind(destination: destination, source: source, key: key, arguments: arguments))
    }

    package nonisolated func delete(exchange: String) async throws(AMQPError) {
        _ = try await call(.exchangeDelete(exchange))
    }

    // MARK: Messages

    /// Takes the first message of a queue, to be settled with ``ack(_:)`` or ``requeue(_:)``; `nil` when it is empty.
    package nonisolated func get(queue: String) async throws(AMQPError) -> Delivery? {
        guard case (.message(let content), let epoch) = try await answer(.get(queue: queue)) else { return nil }
        return Delivery(
            queue: queue, tag: content.tag, epoch: epoch, exchange: content.exchange,
            routingKey: content.routingKey, isRedelivered: content.isRedelivered, properties: content.properties,
            body: content.body)
    }

    package func ack(_ delivery: Delivery) throws(AMQPError) {
        try held(delivery).write { handle throws(AMQPError) in
            try handle.ack(delivery.tag, isMultiple: false, on: Self.channel)
        }
    }

    package func requeue(_ delivery: Delivery) throws(AMQPError) {
        try held(delivery).write { handle throws(AMQPError) in
            try handle.requeue(delivery.tag, isMultiple: false, on: Self.channel)
        }
    }

    private func held(_ delivery: Delivery) throws(AMQPError) -> Link {
        guard let link, isChannelOpen, delivery.epoch == epoch else {
            throw AMQPError(.channelLost, "basic.ack", "its channel is closed, and it is back in its queue")
        }
        return link
    }

    // MARK: Calls

    private nonisolated func count(_ request: Request) async throws(AMQPError) -> Int {
        guard case .count(let count) = try await call(request) else { throw .unexpectedAnswer }
        return count
    }

    private nonisolated func call(_ request: Request) async throws(AMQPError) -> Incoming.Reply {
        try await answer(request).0
    }

    /// The reply, and the epoch of the channel that it came by.
    private nonisolated func answer(_ request: Request) async throws(AMQPError) -> (Incoming.Reply, UInt64) {
        let promise = Promise<(Incoming.Reply, UInt64)>(request.operation)
        Task { await run(request, promise) }
        return try await promise.value(before: .now + settings.callTimeout)
    }

    private func run(_ request: Request, _ promise: Promise<(Incoming.Reply, UInt64)>) async {
        do throws(AMQPError) {
            guard !isClosed else { throw .closedHere }
            let link = try openedLink()
            let epoch: UInt64
            if isChannelOpen {
                epoch = self.epoch
            } else {
                self.epoch = Epochs.next()
                epoch = self.epoch
                isChannelOpen = true
                _ = try await link.call(.channelOpen, on: Self.channel)
            }
            promise.resolve(.success((try await link.call(request, on: Self.channel), epoch)))
        } catch {
            promise.resolve(.failure(error))
        }
    }

    private func openedLink() throws(AMQPError) -> Link {
        if let link, link.isOpen { return link }
        let owner = Link.Owner(
            received: { [weak self] link, incoming in self?.assumeIsolated { $0.received(incoming, on: link) } },
            lost: { _, _ in })
        let link = try Link(settings, on: thread, owner: owner)
        self.link = link
        isChannelOpen = false
        return link
    }

    private func received(_ incoming: [Incoming], on link: Link) {
        guard self.link === link else { return }
        for case .channelClosed(Self.channel, _) in incoming { isChannelOpen = false }
    }
}

extension AMQPError {
    fileprivate static let unexpectedAnswer = AMQPError(.connectionLost, "connection.read", "an answer of another kind")
}
