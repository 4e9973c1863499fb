package import Contracts

/// Which run an order, a cancel or a go speaks of.
package struct AttemptKey: Hashable, Sendable {
    package var workflow: WorkflowID
    package var task: TaskID
    package var attempt: Int

    package init(workflow: WorkflowID, task: TaskID, attempt: Int) {
        self.workflow = workflow
        self.task = task
        self.attempt = attempt
    }
}

/// The runs of this replica, and what the dispatcher has said of their attempts: also of those that have not come yet.
///
/// Of each attempt it has one run. An order may come twice, and then the one that the broker delivered more often counts,
/// as it does for the dispatcher; a copy of an order that is under way is not needed, for the broker or a lease holds that one.
package actor RunRegister {
    private struct Word {
        var isCancelled = false
        var mayGo = false
        let at: Timestamp
    }

    private struct Run {
        let delivery: Int
        var cancel: @Sendable () -> Void = {}
    }

    /// A cancel may overtake its order by as much.
    private static let memory = Duration.seconds(3600)

    private var words: [AttemptKey: Word] = [:]
    private var waiting: [AttemptKey: CheckedContinuation<Void, Never>] = [:]
    private var runs: [AttemptKey: Run] = [:]
    private let now: @Sendable () -> Timestamp

    private var idleWaiters: [CheckedContinuation<Void, Never>] = []
    package private(set) var isHandingBack = false

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    var running: Int { runs.count }

    /// Waits until no run is under way.
    func waitUntilIdle() async {
        if !runs.isEmpty { await withCheckedContinuation { idleWaiters.append($0) } }
    }

    /// Ends what still runs: their orders go to another replica.
    func handBack() {
        isHandingBack = true
        for run in runs.values { run.cancel() }
        for waiter in waiting.values { waiter.resume() }
        waiting = [:]
    }

    /// - Parameter delivery: how often the broker had delivered the order before.
    /// - Returns: `false` when the order is not to be run: its attempt was cancelled, or is under way here.
    package func begin(_ key: AttemptKey, delivery: Int) -> Bool {
        guard words[key]?.isCancelled != true, runs[key].map({ $0.delivery < delivery }) ?? true else { return false }
        let earlier = runs.updateValue(Run(delivery: delivery), forKey: key)
        guard let earlier else { return true }
        // The go was for that one.
        words[key]?.mayGo = false
        waiting.removeValue(forKey: key)?.resume()
        earlier.cancel()
        return true
    }

    /// - Parameter cancel: called once the run is to end, perhaps at once.
    package func watch(_ key: AttemptKey, delivery: Int, onCancel cancel: @escaping @Sendable () -> Void) {
        if runs[key]?.delivery == delivery { runs[key]?.cancel = cancel }
        if isCancelled(key, delivery: delivery) || isHandingBack { cancel() }
    }

    package func end(_ key: AttemptKey, delivery: Int) {
        guard runs[key]?.delivery == delivery else { return }
        runs[key] = nil
        words[key] = nil
        waiting.removeValue(forKey: key)?.resume()
        guard runs.isEmpty else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }

    /// Whether a run is not wanted any more, or another one has its place.
    package func isCancelled(_ key: AttemptKey, delivery: Int) -> Bool {
        words[key]?.isCancelled == true || runs[key]?.delivery != delivery
    }

    package func mayGo(_ key: AttemptKey) -> Bool { words[key]?.mayGo == true }

    func cancel(_ key: AttemptKey) {
        forget()
        words[key, default: Word(at: now())].isCancelled = true
        runs[key]?.cancel()
        waiting.removeValue(forKey: key)?.resume()
    }

    func go(_ key: AttemptKey) {
        forget()
        words[key, default: Word(at: now())].mayGo = true
        waiting.removeValue(forKey: key)?.resume()
    }

    /// Waits until the run may begin.
    /// - Returns: `false` when it was cancelled.
    func waitForGo(_ key: AttemptKey, delivery: Int) async -> Bool {
        if words[key]?.mayGo != true && !isCancelled(key, delivery: delivery) && !Task.isCancelled {
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiting[key] = $0 }
            } onCancel: {
                Task { await self.wake(key, delivery: delivery) }
            }
        }
        return mayGo(key) && !isCancelled(key, delivery: delivery)
    }

    private func wake(_ key: AttemptKey, delivery: Int) {
        if runs[key]?.delivery == delivery { waiting.removeValue(forKey: key)?.resume() }
    }

    private func forget() {
        guard words.count > 1000 else { return }
        let now = self.now()
        words = words.filter { runs[$0.key] != nil || now - $0.value.at < Self.memory }
    }
}
