import IOThread
package import Logging

/// Publishes with confirms, on a connection of its own.
///
/// It connects when there is something to publish, and again, after a pause that grows, when the connection
/// is lost. A broker that is short of memory or disk (`connection.blocked`) makes publishes wait.
package actor Publisher {
    struct Sent {
        let call: PublishCall
        let index: Int
        let messageID: String?
        var returned: Confirmation?

        var message: Message { call.messages[index] }
    }

    private enum State {
        case idle
        case connecting
        /// Until a pause is over.
        case waiting
        case ready(Link)
        /// The broker has closed the channel, and a new one is on its way.
        case reopening(Link)
        case closed
    }

    private static let channel: UInt16 = 1
    /// Whether the socket takes more is asked each time so much has been written.
    private static let writeStride = 32 << 10

    private nonisolated let thread = IOThread(name: "amqp-publisher")
    private nonisolated let settings: AMQPSettings
    private nonisolated let queue = PublishQueue()
    private let maxOutstanding: Int
    /// A queue that has lost its leader may never confirm what was on its way: it is not waited for much longer than an
    /// election takes. Sent again, a message is there twice, with the same id.
    private let patience: Duration
    private let logger: Logger
    private var state = State.idle
    private var waiting: ArraySlice<PublishCall> = []
    /// Where to go on in the first of `waiting`.
    private var nextIndex = 0
    private var outstanding = OutstandingPublishes<Sent>()
    /// One of these made the broker close the channel: they are published again one by one to find it.
    private var suspects: ArraySlice<Sent> = []
    private var probes = QueueProbes()
    private var isBlocked = false
    /// The broker has refused a message on this channel. In a cluster a channel that was opened while a queue had lost its
    /// leader goes on asking the lost node, and refuses all until that one is back (RabbitMQ 3.10): another knows better.
    private var isSpoiled = false
    private var backoff = Backoff(longest: .seconds(5))
    private var messageIDsMade: UInt64 = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - maxOutstanding: so many messages may be on their way to being confirmed; the others wait.
    ///   - patience: so long may a confirm take.
    package init(
        _ settings: AMQPSettings, maxOutstanding: Int = 1000, patience: Duration = .seconds(8),
        logger: Logger = Logger(label: "baton.amqp")
    ) {
        self.settings = settings
        self.maxOutstanding = max(1, maxOutstanding)
        self.patience = patience
        self.logger = logger
    }

    isolated deinit {
        queue.close()
        link?.abandon()
        thread.stop()
    }

    // MARK: For callers

    /// Publishes and waits for the confirms, at most for the settings' `callTimeout`, and for its
    /// patience once they are sent.
    ///
    /// - Returns: what became of each message, in their order. When the task is cancelled, at once, with
    ///   `.unknown` for what is not confirmed.
    package nonisolated func publish(_ messages: [Message]) async -> [Confirmation] {
        guard !messages.isEmpty else { return [] }
        let call = PublishCall(messages, deadline: .now + settings.callTimeout)
        if queue.add(call) { wake() }
        let confirmations = await call.value()
        return withExtendedLifetime(self) { confirmations }
    }

    /// Asks by passive declare, on a channel of its own; needs no permission.
    package nonisolated func queueExists(_ name: String) async throws(AMQPError) -> Bool {
        let answer = Promise<Bool>("queue.declare")
        thread.perform { [weak self] in
            guard let self else { return }
            assumeIsolated { $0.look(for: name, answer) }
        }
        let exists = try await answer.value(before: .now + settings.callTimeout)
        return withExtendedLifetime(self) { exists }
    }

    /// Takes leave of the broker. Publishes that are under way end as `.unknown`, later ones too.
    package func close() async {
        queue.close()
        let link = link
        probes.fail(.closedHere)
        state = .closed
        await link?.close()
    }

    private nonisolated func wake() {
        thread.perform { [weak self] in self?.assumeIsolated { $0.pump() } }
    }

    // MARK: Connection

    private var link: Link? {
        switch state {
        case .ready(let link), .reopening(let link): link
        case .idle, .connecting, .waiting, .closed: nil
        }
    }

    private var hasWork: Bool { !suspects.isEmpty || !waiting.isEmpty || !probes.isEmpty }

    private func connect() async {
        do throws(AMQPError) {
            let owner = Link.Owner(
                received: { [weak self] link, arrived in self?.assumeIsolated { $0.received(arrived, on: link) } },
                becameWritable: { [weak self] _ in self?.assumeIsolated { $0.pump() } },
                lost: { [weak self] link, error in self?.assumeIsolated { $0.lost(link, error) } })
            let link = try Link(settings, on: thread, owner: owner)
            try await open(link)
        } catch {
            connectFailed(error)
        }
    }

    /// Opens the channel and makes it the current one.
    private func open(_ link: Link) async throws(AMQPError) {
        do throws(AMQPError) {
            _ = try await link.call(.channelOpen, on: Self.channel)
            _ = try await link.call(.confirmSelect, on: Self.channel)
        } catch {
            link.abandon()
            throw error
        }
        if case .closed = state { return await link.close() }
        outstanding = OutstandingPublishes()
        isSpoiled = false
        queue.setReason(nil)
        state = .ready(link)
        pump()
    }

    private func connectFailed(_ error: AMQPError) {
        if case .closed = state { return }
        queue.setReason(error.description)
        if error.isRetriable {
            logger.warning("Connecting to the broker failed.", metadata: [LogKey.error: "\(error)"])
            pause()
        } else {
            logger.error("The broker refuses the connection.", metadata: [LogKey.error: "\(error)"])
            state = .idle
            finishWaiting(error)
        }
    }

    private func pause() {
        state = .waiting
        thread.schedule(at: .now + backoff.delay()) { [weak self] in self?.assumeIsolated { $0.pauseIsOver() } }
    }

    private func pauseIsOver() {
        guard case .waiting = state else { return }
        state = .idle
        pump()
    }

    private func lost(_ link: Link, _ error: AMQPError) {
        guard self.link === link else { return }
        logger.warning("The publishing connection was lost.", metadata: [LogKey.error: "\(error)"])
        pause()
        isBlocked = false
        queue.setReason(error.description)
        let error = AMQPError(.connectionLost, "basic.publish", error.detail)
        for sent in outstanding.removeAll() { settle(sent, .unknown(error)) }
        for sent in suspects { settle(sent, .unknown(error)) }
        suspects = []
    }

    private func finishWaiting(_ error: AMQPError) {
        for sent in suspects { settle(sent, .unknown(error)) }
        suspects = []
        for call in waiting { call.finish(error) }
        waiting = []
        nextIndex = 0
        probes.fail(error)
    }

    // MARK: Publishing

    /// Does what can be done now: connects, or publishes what waits.
    private func pump() {
        waiting += queue.takeArrived()
        dropFinished()
        guard hasWork else { return }
        switch state {
        case .idle:
            state = .connecting
            Task { await connect() }
        case .ready(let link):
            for probe in probes.take() { Task { await look(probe, by: link) } }
            guard !isBlocked else { return }
            if isClogged || isSpoiled && isOldestOverdue {
                return link.fail(AMQPError(.timedOut, "basic.publish", "confirms do not come"))
            }
            if !isSpoiled { send(on: link) } else if outstanding.count == 0 { reopen(link, isOpen: true) }
        case .closed: finishWaiting(.closedHere)
        case .connecting, .waiting, .reopening: break
        }
    }

    /// Whether confirms that nobody waits for any more leave no room for others.
    private var isClogged: Bool { outstanding.count > maxOutstanding / 2 && isOldestOverdue }

    private var isOldestOverdue: Bool {
        guard let oldest = outstanding.oldest else { return false }
        return oldest.call.deadline + settings.callTimeout < .now
    }

    private func dropFinished() {
        while let call = waiting.first, call.isFinished {
            waiting.removeFirst()
            nextIndex = 0
        }
        probes.dropAnswered()
    }

    private func send(on link: Link) {
        guard outstanding.count < window, !suspects.isEmpty || !waiting.isEmpty else { return }
        // An error is told by `lost`, which then settles what was under way.
        try? link.write { handle throws(AMQPError) in
            guard handle.isWritable else {
                guard !isOldestOverdue else {
                    throw AMQPError(.timedOut, "basic.publish", "the broker has stopped reading")
                }
                return link.waitUntilWritable()
            }
            handle.setCorked(true)
            let before = outstanding.count
            defer {
                handle.setCorked(false)
                if outstanding.count > before { Failpoint.published.pass() }
            }
            var written = 0
            while outstanding.count < window, let sent = next() {
                let message = sent.message
                if let error = message.encodingProblem(frameSize: link.frameSize) {
                    settle(sent, .unknown(error))
                    continue
                }
                outstanding.append(sent)
                try handle.publish(message, messageID: sent.messageID, on: Self.channel)
                written += message.body.count + 512
                guard written >= Self.writeStride else { continue }
                written = 0
                guard handle.isWritable else { return link.waitUntilWritable() }
            }
        }
    }

    private var window: Int { suspects.isEmpty ? maxOutstanding : 1 }

    private func next() -> Sent? {
        while let suspect = suspects.popFirst() {
            if !suspect.call.isFinished { return suspect }
        }
        while let call = waiting.first {
            guard nextIndex < call.messages.count, !call.isFinished else {
                waiting.removeFirst()
                nextIndex = 0
                continue
            }
            defer { nextIndex += 1 }
            if nextIndex == call.messages.count - 1 { queue.sent(call, patience: patience) }
            return Sent(call: call, index: nextIndex, messageID: messageID(of: call.messages[nextIndex]))
        }
        return nil
    }

    /// A return is matched to its message by this.
    private func messageID(of message: Message) -> String? {
        if let given = message.properties.messageID { return given }
        guard message.isMandatory else { return nil }
        messageIDsMade += 1
        return "\(UInt64.random(in: .min ... .max))-\(messageIDsMade)"
    }

    private func settle(_ sent: Sent, _ confirmation: Confirmation) {
        sent.call.settle(sent.index, sent.returned ?? confirmation)
    }

    // MARK: What the broker says

    private func received(_ arrived: [Incoming], on link: Link) {
        for incoming in arrived {
            switch incoming {
            case .confirm(Self.channel, let tag, let isMultiple, let isTaken):
                let confirmation: Confirmation =
                    isTaken
                    ? .confirmed
                    : .unknown(AMQPError(.nacked, "basic.publish", "the broker did not take the message over"))
                if !isTaken { isSpoiled = true }
                for sent in outstanding.settle(tag, isMultiple: isMultiple) { settle(sent, confirmation) }
                backoff.reset()
            case .returned(Self.channel, let code, let text, let content): returned(code, text, content)
            case .channelClosed(Self.channel, let error): channelClosed(error, on: link)
            case .blocked(let reason): setBlocked(reason)
            case .unblocked: setBlocked(nil)
            default: break
            }
        }
        pump()
    }

    /// Comes before the ack of the same message, without its tag.
    private func returned(_ code: UInt16, _ text: String, _ content: Incoming.Content) {
        let text = "\(text): exchange \"\(content.exchange)\", routing key \"\(content.routingKey)\""
        outstanding.update(
            firstWhere: { sent in
                sent.returned == nil && sent.messageID == content.properties.messageID
                    && sent.message.exchange == content.exchange && sent.message.routingKey == content.routingKey
            },
            { $0.returned = .returned(code: Int(code), text: text) })
    }

    private func setBlocked(_ reason: String?) {
        isBlocked = reason != nil
        queue.setReason(reason.map { "the broker blocks publishers: \($0)" })
        if let reason {
            logger.warning("The broker blocks publishers.", metadata: [LogKey.reason: "\(reason)"])
        } else {
            logger.notice("The broker takes messages again.")
        }
    }

    /// The broker closes the whole channel over one message that it refuses, and does not say which.
    private func channelClosed(_ error: AMQPError, on link: Link) {
        logger.warning("The broker closed the publishing channel.", metadata: [LogKey.error: "\(error)"])
        let error = AMQPError(error.code, "basic.publish", error.detail)
        let lost = outstanding.removeAll()
        if error.isRetriable || lost.count == 1 {
            for sent in lost { settle(sent, .unknown(error)) }
        } else {
            suspects = lost.filter { !$0.call.isFinished } + suspects
        }
        guard case .ready = state else { return }
        reopen(link, isOpen: false)
    }

    /// - Parameter isOpen: the broker has not closed the channel itself.
    private func reopen(_ link: Link, isOpen: Bool) {
        state = .reopening(link)
        Task {
            do throws(AMQPError) {
                if isOpen { _ = try await link.call(.channelClose, on: Self.channel) }
                try await open(link)
            } catch {
                guard self.link === link else { return }
                self.lost(link, error)
            }
        }
    }

    private func look(_ probe: QueueProbes.Probe, by link: Link) async { await probe.look(by: link) }

    private func look(for queue: String, _ answer: Promise<Bool>) {
        if case .closed = state {
            answer.resolve(.failure(.closedHere))
            return
        }
        probes.add(queue, answer)
        pump()
    }
}
