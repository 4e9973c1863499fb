import IOThread

/// Whether a consumer was closed, for those who are not on its thread.
final class Lifetime: @unchecked Sendable {  // guarded by `lock`
    private let lock = Lock()
    private var hasEnded = false

    var isOver: Bool { lock.withLock { hasEnded } }

    func end() { lock.withLock { hasEnded = true } }
}
