import IOThread

/// Numbers that no two channels of this process share.
enum Epochs {
    private static let lock = Lock()
    nonisolated(unsafe) private static var last: UInt64 = 0  // guarded by `lock`

    static func next() -> UInt64 {
        lock.withLock {
            unsafe last += 1
            return unsafe last
        }
    }
}
