import IOThread

/// The messages of one `publish`, and who waits for what becomes of them.
final class PublishCall: @unchecked Sendable {  // what changes is guarded by `lock`
    let messages: [Message]
    private let lock = Lock()
    private var limit: ContinuousClock.Instant
    private var confirmations: [Confirmation?]
    private var left: Int
    private var waiter: CheckedContinuation<[Confirmation], Never>?

    init(_ messages: [Message], deadline: ContinuousClock.Instant) {
        self.messages = messages
        limit = deadline
        confirmations = Array(repeating: nil, count: messages.count)
        left = messages.count
    }

    var deadline: ContinuousClock.Instant { lock.withLock { limit } }

    /// Has it answered by then, if that is sooner.
    func hurry(to instant: ContinuousClock.Instant) { lock.withLock { limit = min(limit, instant) } }

    var isFinished: Bool { lock.withLock { left == 0 } }

    func settle(_ index: Int, _ confirmation: Confirmation) {
        let finished = lock.withLock { () -> (CheckedContinuation<[Confirmation], Never>, [Confirmation])? in
            guard confirmations[index] == nil else { return nil }
            confirmations[index] = confirmation
            left -= 1
            return takeWaiterIfFinished()
        }
        if let (waiter, confirmations) = finished { waiter.resume(returning: confirmations) }
    }

    /// Gives up on what is not settled yet.
    func finish(_ error: AMQPError) {
        let finished = lock.withLock { () -> (CheckedContinuation<[Confirmation], Never>, [Confirmation])? in
            confirmations = confirmations.map { $0 ?? .unknown(error) }
            left = 0
            return takeWaiterIfFinished()
        }
        if let (waiter, confirmations) = finished { waiter.resume(returning: confirmations) }
    }

    /// To be awaited once.
    func value() async -> [Confirmation] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let finished = lock.withLock {
                    waiter = continuation
                    return takeWaiterIfFinished()
                }
                if let (waiter, confirmations) = finished { waiter.resume(returning: confirmations) }
            }
        } onCancel: {
            finish(AMQPError(.cancelled, "basic.publish", "the task was cancelled"))
        }
    }

    private func takeWaiterIfFinished() -> (CheckedContinuation<[Confirmation], Never>, [Confirmation])? {
        guard left == 0, let waiter else { return nil }
        self.waiter = nil
        return (waiter, confirmations.compactMap(\.self))
    }
}
