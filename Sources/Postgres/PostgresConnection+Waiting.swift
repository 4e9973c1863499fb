import IOThread

extension PostgresConnection {
    /// The call that has the connection.
    struct Call {
        let number: UInt64
        let operation: String
        let deadline: ContinuousClock.Instant
        /// Whether the call runs inside a transaction that was open before.
        let beganInTransaction: Bool
        /// Whether the call itself ends that transaction.
        var commits = false
        /// Whether the server may have everything that it needs to commit.
        var isSent = false
        /// The server's first refusal: from there to the next sync nothing has an effect.
        var failure: PostgresError?
        /// Why the statement is to be stopped, and by when the server must have done so.
        var stop: (code: PostgresError.Code, deadline: ContinuousClock.Instant)?
    }

    /// The suspended call: woken once, by the first of the things it waits for.
    struct Wait {
        let isForSocket: Bool
        let timer: IOThread.TimerID
        let continuation: CheckedContinuation<Wake, Never>
    }

    enum Wake { case ready, deadline, interrupted }

    /// Suspends until the socket is ready. At the deadline the statement is cancelled on the server, which then has
    /// the settings' `cancelTimeout` to say so.
    func waitForSocket(_ interest: IOThread.Readiness) async throws(PostgresError) {
        while let call {
            guard handle != nil else { throw lost("the connection was lost") }
            switch await suspend(for: interest, until: call.stop?.deadline ?? call.deadline) {
            case .ready: return
            case .interrupted: if cancelHandle == nil { throw lost("cancelled while connecting") }
            case .deadline where call.stop == nil && cancelHandle != nil: requestStop(.timedOut)
            case .deadline: throw lost("no answer in time")
            }
        }
    }

    /// - Parameter interest: of the socket; `nil` to wait for something else. It is watched only from here on: what it
    ///   were ready for on the way would find nobody who waits.
    private func suspend(for interest: IOThread.Readiness?, until deadline: ContinuousClock.Instant) async -> Wake {
        await withCheckedContinuation { continuation in
            if let interest { watch(interest) }
            let timer = thread.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.wake(.deadline) }
            }
            wait = Wait(isForSocket: interest != nil, timer: timer, continuation: continuation)
        }
    }

    func wake(_ reason: Wake) {
        guard let wait else { return }
        self.wait = nil
        thread.cancel(wait.timer)
        wait.continuation.resume(returning: reason)
    }

    // MARK: Stopping

    /// Asks the server to cancel what runs. The call goes on until the server has answered.
    func requestStop(_ code: PostgresError.Code) {
        guard call?.stop == nil else { return }
        call?.stop = (code, .now + settings.cancelTimeout)
        guard let cancelHandle, !isCancelOnItsWay else { return }
        isCancelOnItsWay = true
        Task {
            await Canceller().send(cancelHandle)
            cancelHasArrived()
        }
    }

    private func cancelHasArrived() {
        isCancelOnItsWay = false
        if wait?.isForSocket == false { wake(.interrupted) }
    }

    /// Waits for a cancel that is still on its way: it would hit the next statement.
    func waitForCancel() async {
        while isCancelOnItsWay, let stop = call?.stop {
            guard await suspend(for: nil, until: stop.deadline) == .deadline else { continue }
            return disconnect()
        }
    }

    /// Gives the connection up, and says what that means for what was running.
    func lost(_ words: String) -> PostgresError {
        let message = handle?.message ?? ""
        let detail = message.isEmpty ? words : message
        disconnect()
        guard let call else { return PostgresError(.connectionLost, "connection", detail) }
        let isOpenTransaction = call.beganInTransaction && !call.commits
        let mayHaveCommitted = call.isSent && call.failure == nil && !isOpenTransaction
        if call.operation == "connect" {
            return PostgresError(call.stop?.code ?? .unavailable, call.operation, words)
        }
        if let stop = call.stop {
            return PostgresError(stop.code, call.operation, words, mayHaveCommitted: mayHaveCommitted)
        }
        return PostgresError(mayHaveCommitted ? .commitUnknown : .connectionLost, call.operation, detail)
    }
}

/// Sends one cancel request, which blocks, on a thread of its own.
private actor Canceller {
    private let thread = IOThread(name: "postgres-cancel")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    isolated deinit { thread.stop() }

    /// One that fails needs no report: the call then runs into its deadline.
    func send(_ handle: CancelHandle) { _ = handle.send() }
}

extension PostgresConnection {
    /// The calls that wait for the one before them, in order of asking.
    struct Turn {
        var isTaken = false
        var waiting: [(number: UInt64, timer: IOThread.TimerID, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    /// Waits until no other call runs; `false` when that took too long.
    func takeTurn(_ number: UInt64, until deadline: ContinuousClock.Instant) async -> Bool {
        await withCheckedContinuation { continuation in
            guard turn.isTaken else {
                turn.isTaken = true
                return continuation.resume(returning: true)
            }
            let timer = thread.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.giveUpTurn(number) }
            }
            turn.waiting.append((number, timer, continuation))
        }
    }

    private func giveUpTurn(_ number: UInt64) {
        guard let index = turn.waiting.firstIndex(where: { $0.number == number }) else { return }
        turn.waiting.remove(at: index).continuation.resume(returning: false)
    }

    func passTurn() {
        guard !turn.waiting.isEmpty else {
            turn.isTaken = false
            return
        }
        let next = turn.waiting.removeFirst()
        thread.cancel(next.timer)
        next.continuation.resume(returning: true)
    }
}
