import IOThread

/// One connection to the server.
///
/// libpq admits one thread at a time into a `PGconn`, and its look-up of host names blocks; so a connection has a
/// thread of its own and never occupies the cooperative pool. Everything else is non-blocking: the thread sleeps
/// until the socket is ready, and sees at once when the server goes away, also between two calls.
///
/// Every call has a deadline, and a cancelled task cancels its statement on the server. Calls that overlap run one
/// after the other; a transaction wants the connection for itself, which ``PostgresPool`` gives.
package actor PostgresConnection {
    package nonisolated let settings: PostgresSettings
    /// What any thread may ask without waiting.
    nonisolated let condition = Condition()

    nonisolated let thread = IOThread(name: "postgres")
    var handle: ConnectionHandle?
    var cancelHandle: CancelHandle?
    var statements = StatementCache()
    /// The call that has the connection now.
    var call: Call?
    var wait: Wait?
    var isCancelOnItsWay = false
    private var watched: (socket: Int32, interest: IOThread.Readiness)?
    private var callsMade: UInt64 = 0
    var turn = Turn()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    private init(_ settings: PostgresSettings) { self.settings = settings }

    isolated deinit {
        disconnect()
        thread.stop()
    }

    /// Connects, within the settings' `connectTimeout`.
    ///
    /// - Throws: ``PostgresError`` with `.unavailable` when it may work later, `.refused` when it will not.
    package static func open(_ settings: PostgresSettings) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(settings)
        try await connection.connect()
        return connection
    }

    package func close() { disconnect() }

    /// Whether the connection was there when last looked at.
    package nonisolated var isOpen: Bool { condition.isOpen }
    /// Whether a transaction was left open.
    package nonisolated var isInTransaction: Bool { condition.isInTransaction }
    /// The process that serves us, as in `pg_stat_activity`.
    package var backendID: Int32? { handle?.backendID }
    package var isEncrypted: Bool { handle?.isEncrypted ?? false }
    package var serverVersion: Int { handle?.serverVersion ?? 0 }

    // MARK: Connecting

    private func connect() async throws(PostgresError) {
        try await exchange("connect", timeout: settings.connectTimeout) { connection throws(PostgresError) in
            try await connection.negotiate()
        }
        condition.isOpen = true
    }

    private func negotiate() async throws(PostgresError) {
        guard let opened = ConnectionHandle(settings.connectionParameters) else {
            throw PostgresError(.unavailable, "connect", "out of memory")
        }
        handle = consume opened
        var progress = ConnectionHandle.Progress.waitsToWrite
        while progress != .done {
            guard progress != .failed, handle?.isBad == false else { throw connectFailure() }
            try await waitForSocket(progress == .waitsToRead ? .read : .write)
            // libpq goes through several sockets when a host has several addresses.
            unwatch()
            progress = handle?.pollConnecting() ?? .failed
        }
        guard handle?.makeNonBlocking() == true, handle?.enterPipeline() == true else { throw connectFailure() }
        cancelHandle = handle?.makeCancelHandle()
        watch(.read)
    }

    /// libpq tells only in words why it could not connect.
    private func connectFailure() -> PostgresError {
        let words = handle?.message ?? "the connection was closed"
        disconnect()
        let verdicts = [
            "certificate", "SSL", "authentication", "pg_hba.conf", "does not exist", "password",
            "permission denied for",
            "is not permitted to log in", "invalid",
        ]
        // Names stand in quotes, and may be any words.
        let ownWords = words.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
        let isVerdict = verdicts.contains { ownWords.contains($0) }
        return PostgresError(isVerdict ? .refused : .unavailable, "connect", words)
    }

    func disconnect() {
        unwatch()
        handle = nil
        cancelHandle = nil
        condition.isOpen = false
        condition.isInTransaction = false
    }

    // MARK: One call at a time

    /// Runs `body` as the only call on the connection, within a deadline.
    func exchange<Value: Sendable>(
        _ operation: String, timeout: Duration?, ignoringCancellation: Bool = false,
        _ body: (isolated PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let deadline = ContinuousClock.now + (timeout ?? settings.callTimeout)
        callsMade += 1
        let number = callsMade
        guard await takeTurn(number, until: deadline) else {
            throw PostgresError(.timedOut, operation, "the connection was busy with other calls")
        }
        defer { passTurn() }
        guard operation == "connect" || handle != nil else {
            throw PostgresError(.connectionLost, operation, "the connection was lost before")
        }
        guard ignoringCancellation || !Task.isCancelled else {
            throw PostgresError(.cancelled, operation, "cancelled before it was sent")
        }
        call = Call(number: number, operation: operation, deadline: deadline, beganInTransaction: isInTransaction)
        // What it waits for comes on the thread, and needs none of the cooperative pool.
        let outcome = await withTaskExecutorPreference(thread) {
            let outcome: Result<Value, PostgresError> = await withTaskCancellationHandler {
                do throws(PostgresError) { return .success(try await body(self)) } catch { return .failure(error) }
            } onCancel: {
                if !ignoringCancellation { Task { await self.stop(call: number) } }
            }
            await waitForCancel()
            return outcome
        }
        call = nil
        watch(.read)
        condition.isInTransaction = handle?.isInTransaction ?? false
        return try outcome.get()
    }

    private func stop(call number: UInt64) {
        guard call?.number == number else { return }
        requestStop(.cancelled)
        wake(.interrupted)
    }

    // MARK: The socket

    func watch(_ interest: IOThread.Readiness) {
        guard let socket = handle?.socket, socket >= 0 else { return }
        if let watched, watched == (socket, interest) { return }
        unwatch()
        watched = (socket, interest)
        thread.watch(socket, for: interest) { [weak self] readiness in
            guard let self else { return }
            self.assumeIsolated { $0.socketIsReady(readiness) }
        }
    }

    private func unwatch() {
        guard let watched else { return }
        thread.unwatch(watched.socket)
        self.watched = nil
    }

    private func socketIsReady(_ readiness: IOThread.Readiness) {
        if wait?.isForSocket == true { return wake(.ready) }
        // A call that has been woken comes to read, and watches again before it waits.
        guard call == nil || wait != nil else { return unwatch() }
        // Between two calls nothing but the server's farewell is expected.
        if handle?.consumeInput() != true { disconnect() }
    }
}

/// What any thread may ask a connection without waiting for its own.
final class Condition: @unchecked Sendable {  // guarded by `lock`
    private let lock = Lock()
    private var state = (isOpen: false, isInTransaction: false)

    var isOpen: Bool {
        get { lock.withLock { state.isOpen } }
        set { lock.withLock { state.isOpen = newValue } }
    }
    var isInTransaction: Bool {
        get { lock.withLock { state.isInTransaction } }
        set { lock.withLock { state.isInTransaction = newValue } }
    }
}
