import Contracts
import IOThread

/// What is due, shared between the dispatcher that writes it up and the service that watches the clock.
final class WakeBoard: @unchecked Sendable {  // guarded by `lock`
    /// What is due later is left to the sweep, which finds it in the rows.
    private static let horizon = Duration.seconds(600)

    private let lock = Lock()
    private var heap = WakeHeap()
    private var sleeper: (until: Timestamp, continuation: CheckedContinuation<Void, Never>)?

    /// - Parameter due: `nil`: nothing any more.
    func set(_ workflow: WorkflowID, _ task: TaskID?, attempt: Int, due: Timestamp?, now: Timestamp) {
        let near = due.flatMap { $0 - now < Self.horizon ? $0 : nil }
        let woken = lock.withLock { () -> CheckedContinuation<Void, Never>? in
            heap.set(WakeHeap.Subject(workflow: workflow, task: task, attempt: attempt), due: near)
            guard let near, let sleeper, near < sleeper.until else { return nil }
            self.sleeper = nil
            return sleeper.continuation
        }
        woken?.resume()
    }

    func takeDue(at now: Timestamp) -> [WakeHeap.Subject] { lock.withLock { heap.takeDue(at: now) } }

    /// When something is due next, at most `horizon` from now.
    func next(after now: Timestamp) -> Timestamp {
        lock.withLock { min(heap.next ?? now + Self.horizon, now + Self.horizon) }
    }

    /// Waits until something is due before `until`, or the task is cancelled.
    func waitForEarlier(than until: Timestamp) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = lock.withLock {
                    if Task.isCancelled || heap.next.map({ $0 < until }) == true { return true }
                    sleeper = (until, continuation)
                    return false
                }
                if isLate { continuation.resume() }
            }
        } onCancel: {
            lock.withLock { () -> CheckedContinuation<Void, Never>? in
                defer { sleeper = nil }
                return sleeper?.continuation
            }?.resume()
        }
    }
}
