import IOThread

/// The deliveries that have arrived and are not taken, between a consumer's thread and who asks for the next batch.
final class Inbox: @unchecked Sendable {  // all is guarded by `lock`
    private let lock = Lock()
    private let batchLimit: Int
    private var arrived: ArraySlice<Delivery> = []
    private var waiters: ArraySlice<Promise<[Delivery]>> = []
    private var liveEpochs: Set<UInt64> = []
    private var isClosed = false

    init(batchLimit: Int) { self.batchLimit = max(1, batchLimit) }

    func begin(epoch: UInt64) { lock.withLock { _ = liveEpochs.insert(epoch) } }

    /// Drops what came by a channel that is lost: it comes back by another.
    func end(epoch: UInt64) {
        lock.withLock {
            liveEpochs.remove(epoch)
            arrived.removeAll { $0.epoch == epoch }
        }
    }

    func isLive(_ epoch: UInt64) -> Bool { lock.withLock { liveEpochs.contains(epoch) } }

    func add(_ deliveries: [Delivery]) {
        lock.withLock { arrived += deliveries }
        serveWaiters()
    }

    /// The next batch, or the promise of one.
    func take() -> Promise<[Delivery]> {
        let promise = Promise<[Delivery]>("basic.deliver")
        lock.withLock {
            waiters.removeAll(where: \.isResolved)
            waiters.append(promise)
        }
        serveWaiters()
        return promise
    }

    /// - Returns: what had arrived and nobody has taken.
    func close() -> [Delivery] {
        let (left, waiters) = lock.withLock {
            isClosed = true
            defer {
                arrived = []
                self.waiters = []
            }
            return (Array(arrived), self.waiters)
        }
        for waiter in waiters { waiter.resolve(.failure(.closedHere)) }
        return left
    }

    private func serveWaiters() {
        lock.withLock {
            while let waiter = waiters.first {
                guard !isClosed else {
                    waiters.removeFirst()
                    waiter.resolve(.failure(.closedHere))
                    continue
                }
                guard !arrived.isEmpty else { return }
                waiters.removeFirst()
                let batch = arrived.prefix(batchLimit)
                // One that was cancelled meanwhile takes nothing.
                if waiter.resolve(.success(Array(batch))) { arrived.removeFirst(batch.count) }
            }
            if arrived.isEmpty { arrived = [] }
        }
    }
}
