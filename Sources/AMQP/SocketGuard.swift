import Glibc
import IOThread

/// Shuts a socket down when a write to it hangs: librabbitmq's own waits without end for a broker that has stopped reading.
final class SocketGuard: @unchecked Sendable {  // all is guarded by `lock`
    private let lock = Lock()
    private var descriptor: Int32 = -1
    private var deadline: ContinuousClock.Instant?
    private var hasShutDown = false
    private var alarm: Alarm?

    init() {
        alarm = Alarm { [weak self] now in self?.check(now) }
    }

    func attach(_ descriptor: Int32) { lock.withLock { self.descriptor = descriptor } }

    /// To be called before the descriptor is closed: it may soon be somebody else's.
    func detach() { lock.withLock { descriptor = -1 } }

    func writeBegins(deadline: ContinuousClock.Instant) {
        lock.withLock { self.deadline = deadline }
        alarm?.set(for: deadline)
    }

    /// - Returns: whether the socket was shut down meanwhile.
    func writeEnds() -> Bool {
        lock.withLock {
            deadline = nil
            return hasShutDown
        }
    }

    private func check(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        lock.withLock { () -> ContinuousClock.Instant? in
            guard let deadline, descriptor >= 0 else { return nil }
            guard deadline <= now else { return deadline }
            shutdown(descriptor, Int32(SHUT_RDWR))
            hasShutDown = true
            self.deadline = nil
            return nil
        }
    }
}
