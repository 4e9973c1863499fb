import IOThread

/// One connection, read whenever its socket has something, on the thread of the actor that owns it.
///
/// The owner hears what arrived on a wake-up as one batch, and of the end once, each time in a turn of the
/// thread of its own, never from inside a call that it makes.
final class Link: @unchecked Sendable {  // touched on `thread` alone, as `checkIsolated` asserts
    struct Owner: Sendable {
        var received: @Sendable (Link, [Incoming]) -> Void
        var becameWritable: @Sendable (Link) -> Void = { _ in }
        var lost: @Sendable (Link, AMQPError) -> Void
    }

    private struct Pending {
        let operation: String
        let method: UInt32
        let timer: IOThread.TimerID
        let answer: @Sendable (Result<Incoming.Reply, AMQPError>) -> Void
    }

    /// So much is read before others have their turn.
    private static let batchLimit = 2048

    private let thread: IOThread
    private let settings: AMQPSettings
    private let owner: Owner
    private let socket = SocketGuard()
    private let descriptor: Int32
    private var handle: ConnectionHandle?
    private var pending: [UInt16: [Pending]] = [:]
    private var heartbeat: IOThread.TimerID?
    private var isReadScheduled = false
    private var isClosing = false
    let heartbeatInterval: Duration
    let frameSize: Int

    /// Connects; blocks the thread until that has come to an end, at most for the settings' `connectTimeout`.
    init(_ settings: AMQPSettings, on thread: IOThread, owner: Owner) throws(AMQPError) {
        thread.checkIsolated()
        let handle = try ConnectionHandle.open(settings, deadline: .now + settings.connectTimeout)
        self.thread = thread
        self.settings = settings
        self.owner = owner
        self.handle = handle
        descriptor = handle.descriptor
        heartbeatInterval = handle.heartbeat
        frameSize = handle.frameSize
        socket.attach(descriptor)
        watch(for: .read)
        scheduleHeartbeat()
        readSoonIfBuffered()
    }

    var isOpen: Bool { handle != nil }

    // MARK: Reading

    private func watch(for interest: IOThread.Readiness) {
        thread.watch(descriptor, for: interest) { [weak self] readiness in
            guard let self else { return }
            if readiness.contains(.write) {
                watch(for: .read)
                owner.becameWritable(self)
            }
            if readiness != .write { read() }
        }
    }

    private func read() {
        isReadScheduled = false
        var arrived: [Incoming] = []
        var failure: AMQPError?
        do throws(AMQPError) {
            while arrived.count < Self.batchLimit, let incoming = try handle?.next() {
                if let forOwner = try take(incoming) { arrived.append(forOwner) }
            }
        } catch {
            failure = error
        }
        if !arrived.isEmpty { owner.received(self, arrived) }
        if let failure { fail(failure) } else { readSoonIfBuffered() }
    }

    /// What lies in the library's buffers wakes nobody.
    private func readSoonIfBuffered() {
        guard let handle, !isReadScheduled, handle.hasBufferedInput else { return }
        isReadScheduled = true
        thread.perform { [weak self] in self?.read() }
    }

    private func take(_ incoming: Incoming) throws(AMQPError) -> Incoming? {
        switch incoming {
        case .reply(let channel, let method, let reply):
            answer(method, on: channel, with: reply)
            return nil
        case .channelClosed(let channel, let error):
            handle?.partial[channel] = nil
            try handle?.acceptChannelClose(channel)
            failPending(on: channel, error)
            return incoming
        case .connectionClosed(let error):
            try? handle?.acceptConnectionClose()
            throw error
        default: return incoming
        }
    }

    private func scheduleHeartbeat() {
        guard heartbeatInterval > .zero else { return }
        // The library sends one when it is called an interval or more after it last sent anything.
        heartbeat = thread.schedule(at: .now + heartbeatInterval / 4) { [weak self] in
            guard let self, isOpen else { return }
            read()
            if isOpen { scheduleHeartbeat() }
        }
    }

    // MARK: Writing

    /// Lends the connection for writing. An error in `body` ends the connection.
    func write<Result>(_ body: (ConnectionHandle) throws(AMQPError) -> Result) throws(AMQPError) -> Result {
        thread.checkIsolated()
        guard let handle else { throw AMQPError(.connectionLost, "connection.write", "the connection has ended") }
        socket.writeBegins(deadline: .now + settings.callTimeout)
        let outcome: Swift.Result<Result, AMQPError>
        do throws(AMQPError) { outcome = .success(try body(handle)) } catch { outcome = .failure(error) }
        let wasShutDown = socket.writeEnds()
        readSoonIfBuffered()
        switch outcome {
        case .success(let result): return result
        case .failure(var error):
            if wasShutDown { error = AMQPError(.timedOut, error.operation, "the broker has stopped reading") }
            fail(error)
            throw error
        }
    }

    /// Calls the owner's `becameWritable` once the socket takes more.
    func waitUntilWritable() {
        guard isOpen else { return }
        watch(for: [.read, .write])
    }

    // MARK: Calls

    /// Sends `request` and waits for its answer. One that does not come in time ends the connection.
    nonisolated(nonsending) func call(
        _ request: Request, on channel: UInt16, within timeout: Duration? = nil
    ) async throws(AMQPError) -> Incoming.Reply {
        let outcome = await withCheckedContinuation { continuation in
            begin(request, on: channel, within: timeout ?? settings.callTimeout) { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }

    private func begin(
        _ request: Request, on channel: UInt16, within timeout: Duration,
        answer: @escaping @Sendable (Result<Incoming.Reply, AMQPError>) -> Void
    ) {
        let method: UInt32
        do throws(AMQPError) {
            method = try write { handle throws(AMQPError) in try handle.send(request, on: channel) }
        } catch {
            return answer(.failure(error))
        }
        let timer = thread.schedule(at: .now + timeout) { [weak self] in
            self?.fail(AMQPError(.timedOut, request.operation, "no answer before the deadline"))
        }
        let call = Pending(operation: request.operation, method: method, timer: timer, answer: answer)
        pending[channel, default: []].append(call)
    }

    /// Answers come in the order of the requests of a channel. `basic.get` has two.
    private func answer(_ method: UInt32, on channel: UInt16, with reply: Incoming.Reply) {
        if method == Self.channelCloseOK { forgetCalls(before: method, on: channel) }
        guard let call = pending[channel]?.first, method == call.method || method == call.method + 1 else { return }
        pending[channel]?.removeFirst()
        thread.cancel(call.timer)
        call.answer(.success(reply))
    }

    private static let channelCloseOK: UInt32 = 0x0014_0029

    /// A channel that is closed owes no more answers: RabbitMQ drops that to a `basic.cancel` of a quorum queue when the
    /// channel is closed right behind it.
    private func forgetCalls(before method: UInt32, on channel: UInt16) {
        while let call = pending[channel]?.first, call.method != method {
            pending[channel]?.removeFirst()
            thread.cancel(call.timer)
            call.answer(.failure(AMQPError(.channelLost, call.operation, "the channel was closed")))
        }
    }

    private func failPending(on channel: UInt16, _ error: AMQPError) {
        for (index, call) in (pending.removeValue(forKey: channel) ?? []).enumerated() {
            thread.cancel(call.timer)
            // The broker closes a channel over its first call and ignores the others.
            let code = index == 0 ? error.code : .channelLost
            call.answer(.failure(AMQPError(code, call.operation, error.detail)))
        }
    }

    // MARK: The end

    /// Takes leave of the broker, which has then seen all that was sent before.
    nonisolated(nonsending) func close() async {
        guard isOpen else { return }
        isClosing = true
        _ = try? await call(.connectionClose, on: 0, within: min(settings.callTimeout, .seconds(5)))
        end(.closedHere)
    }

    /// Closes without waiting for the broker's answer.
    func abandon() {
        if let handle, handle.isWritable { _ = try? handle.send(.connectionClose, on: 0) }
        end(.closedHere)
    }

    /// Ends the connection without the broker, and tells the owner.
    func fail(_ error: AMQPError) {
        guard isOpen else { return }
        end(error)
        guard !isClosing else { return }
        thread.perform { [self] in owner.lost(self, error) }
    }

    private func end(_ error: AMQPError) {
        guard isOpen else { return }
        thread.unwatch(descriptor)
        if let heartbeat { thread.cancel(heartbeat) }
        socket.detach()
        handle = nil
        for channel in pending.keys { failPending(on: channel, error) }
    }
}
