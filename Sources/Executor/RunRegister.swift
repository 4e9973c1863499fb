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
package actor RunRegister {
    private struct Word {
        var isCancelled = false
        var mayGo = false
        var at = ContinuousClock.now
    }

    /// A cancel may overtake its order by as much.
    private static let memory = Duration.seconds(3600)

    private var words: [AttemptKey: Word] = [:]
    private var waiting: [AttemptKey: CheckedContinuation<Void, Never>] = [:]
    private var cancels: [AttemptKey: @Sendable () -> Void] = [:]

    private var idleWaiters: [CheckedContinuation<Void, Never>] = []
    package private(set) var isHandingBack = false

    package init() {}

    var running: Int { cancels.count }

    /// Waits until no run is under way.
    func waitUntilIdle() async {
        if !cancels.isEmpty { await withCheckedContinuation { idleWaiters.append($0) } }
    }

    /// Ends what still runs: their orders go to another replica.
    func handBack() {
        isHandingBack = true
        for cancel in cancels.values { cancel() }
        for waiter in waiting.values { waiter.resume() }
        waiting = [:]
    }

    /// - Returns: `false` when the attempt was cancelled before it began.
    package func begin(_ key: AttemptKey, onCancel: @escaping @Sendable () -> Void) -> Bool {
        guard words[key]?.isCancelled != true else { return false }
        cancels[key] = onCancel
        return true
    }

    package func end(_ key: AttemptKey) {
        cancels[key] = nil
        words[key] = nil
        waiting.removeValue(forKey: key)?.resume()
        guard cancels.isEmpty else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }

    package func isCancelled(_ key: AttemptKey) -> Bool { words[key]?.isCancelled == true }
    package func mayGo(_ key: AttemptKey) -> Bool { words[key]?.mayGo == true }

    func cancel(_ key: AttemptKey) {
        forget()
        words[key, default: Word()].isCancelled = true
        cancels[key]?()
        waiting.removeValue(forKey: key)?.resume()
    }

    func go(_ key: AttemptKey) {
        forget()
        words[key, default: Word()].mayGo = true
        waiting.removeValue(forKey: key)?.resume()
    }

    /// Waits until the attempt may begin.
    /// - Returns: `false` when it was cancelled, or its run was.
    func waitForGo(_ key: AttemptKey) async -> Bool {
        if words[key]?.mayGo != true && words[key]?.isCancelled != true && !Task.isCancelled {
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiting[key] = $0 }
            } onCancel: {
                Task { await self.wake(key) }
            }
        }
        return words[key]?.mayGo == true && words[key]?.isCancelled != true
    }

    private func wake(_ key: AttemptKey) { waiting.removeValue(forKey: key)?.resume() }

    private func forget() {
        guard words.count > 1000 else { return }
        let now = ContinuousClock.now
        words = words.filter { cancels[$0.key] != nil || $0.value.at.duration(to: now) < Self.memory }
    }
}
