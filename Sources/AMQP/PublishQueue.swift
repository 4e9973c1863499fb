import IOThread

/// What callers have handed to a ``Publisher``, seen by them, by its thread and by the watch over deadlines.
final class PublishQueue: @unchecked Sendable {  // what changes is guarded by `lock`
    private let lock = Lock()
    private var arrived: [PublishCall] = []
    private var live: [PublishCall] = []
    private var isClosed = false
    private var reason: String?
    private var alarm: Alarm?

    init() {
        alarm = Alarm { [weak self] now in self?.expire(now) }
    }

    /// - Returns: whether the publisher's thread must be told.
    func add(_ call: PublishCall) -> Bool {
        let (isClosed, isFirst) = lock.withLock {
            if self.isClosed { return (true, false) }
            arrived.append(call)
            live.append(call)
            return (false, arrived.count == 1)
        }
        if isClosed { call.finish(.closedHere) } else { alarm?.set(for: call.deadline) }
        return isFirst
    }

    /// All of a call is on its way: from now on its confirms are waited for.
    func sent(_ call: PublishCall, patience: Duration) {
        call.hurry(to: .now + patience)
        alarm?.set(for: call.deadline)
    }

    func takeArrived() -> [PublishCall] {
        lock.withLock {
            defer { arrived = [] }
            live.removeAll(where: \.isFinished)
            return arrived
        }
    }

    /// Why publishes wait at present, in words for those whose deadline passes.
    func setReason(_ reason: String?) { lock.withLock { self.reason = reason } }

    func close() {
        let calls = lock.withLock {
            isClosed = true
            defer { live = [] }
            return live
        }
        for call in calls { call.finish(.closedHere) }
    }

    private func expire(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (expired, reason, next) = lock.withLock {
            live.removeAll(where: \.isFinished)
            let expired = live.filter { $0.deadline <= now }
            live.removeAll { $0.deadline <= now }
            return (expired, self.reason, live.map(\.deadline).min())
        }
        let error = AMQPError(.timedOut, "basic.publish", reason ?? "no confirm before the deadline")
        for call in expired { call.finish(error) }
        return next
    }
}
