import IOThread

/// A value that will come once, or the error instead; who waits is let go at once when cancelled or past its deadline,
/// whatever the thread that was to bring the value is doing.
final class Promise<Value: Sendable>: @unchecked Sendable {  // all is guarded by `lock`
    typealias Outcome = Result<Value, AMQPError>

    private let lock = Lock()
    private let operation: String
    private var outcome: Outcome?
    private var waiter: CheckedContinuation<Outcome, Never>?

    init(_ operation: String) { self.operation = operation }

    var isResolved: Bool { lock.withLock { outcome != nil } }

    /// - Returns: whether it was the first; what comes later is dropped.
    @discardableResult
    func resolve(_ outcome: Outcome) -> Bool {
        let (isFirst, waiter) = lock.withLock { () -> (Bool, CheckedContinuation<Outcome, Never>?) in
            guard self.outcome == nil else { return (false, nil) }
            self.outcome = outcome
            defer { self.waiter = nil }
            return (true, self.waiter)
        }
        waiter?.resume(returning: outcome)
        return isFirst
    }

    /// To be awaited once.
    func value(before deadline: ContinuousClock.Instant? = nil) async throws(AMQPError) -> Value {
        if let deadline, !isResolved {
            Alarm.once(at: deadline) { [weak self] in
                guard let self else { return }
                resolve(.failure(AMQPError(.timedOut, operation, "no answer before the deadline")))
            }
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { register($0) }
        } onCancel: {
            resolve(.failure(AMQPError(.cancelled, operation, "the task was cancelled")))
        }
        return try outcome.get()
    }

    private func register(_ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome = lock.withLock {
            if self.outcome == nil { waiter = continuation }
            return self.outcome
        }
        if let outcome { continuation.resume(returning: outcome) }
    }
}
