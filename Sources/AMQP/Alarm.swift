import IOThread

/// Checks deadlines from a thread that no call to a broker can hold up.
///
/// Deadlines mostly move on before they pass, so the thread is only told of one that is sooner than
/// what it waits for already: a busy owner wakes it once in the length of its timeout.
final class Alarm: @unchecked Sendable {  // `due` is guarded by `lock`
    private static let thread = IOThread(name: "amqp-deadlines")

    private let lock = Lock()
    private var due: ContinuousClock.Instant?
    private let check: @Sendable (ContinuousClock.Instant) -> ContinuousClock.Instant?

    /// - Parameter check: deals with what is past its deadline now and returns the next deadline, if there is one.
    init(check: @escaping @Sendable (ContinuousClock.Instant) -> ContinuousClock.Instant?) { self.check = check }

    /// Has deadlines checked at `instant`, or before.
    func set(for instant: ContinuousClock.Instant) {
        let isSooner = lock.withLock {
            if let due, due <= instant { return false }
            due = instant
            return true
        }
        guard isSooner else { return }
        Self.thread.perform { Self.thread.schedule(at: instant) { [weak self] in self?.ring(at: instant) } }
    }

    private func ring(at instant: ContinuousClock.Instant) {
        let isCurrent = lock.withLock {
            guard due == instant else { return false }
            due = nil
            return true
        }
        if isCurrent, let next = check(.now) { set(for: next) }
    }

    /// Calls `action` once, at `instant`.
    static func once(at instant: ContinuousClock.Instant, _ action: @escaping @Sendable () -> Void) {
        thread.perform { thread.schedule(at: instant, action) }
    }
}
