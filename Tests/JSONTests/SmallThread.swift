import Foundation

/// Runs something on a thread with a stack of 512 KiB, that of a thread which nobody gave another.
func onSmallThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result {
    let outcome = Outcome<Result>()
    let thread = Thread { outcome.set(body()) }
    thread.stackSize = 512 << 10
    thread.start()
    return outcome.wait()
}

private final class Outcome<Result: Sendable>: @unchecked Sendable {  // guarded by the condition
    private let condition = NSCondition()
    private var result: Result?

    func set(_ result: Result) {
        condition.withLock {
            self.result = result
            condition.signal()
        }
    }

    func wait() -> Result {
        condition.withLock {
            while result == nil { condition.wait() }
            return result!
        }
    }
}
