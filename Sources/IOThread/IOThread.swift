import CLinux
import Glibc

/// A serial executor on a thread of its own that also waits for file descriptors and timers.
///
/// An actor that owns a C handle uses it as its executor, so the handle is only ever touched by one
/// thread, a blocking call never occupies the cooperative pool, and an idle handle costs nothing:
/// the thread sleeps in `poll` until a job, a watched descriptor or a timer wakes it.
///
/// A continuation resumes where its task prefers to run, by default on the cooperative pool, and only then goes on to
/// its actor. So an actor that waits for its thread does so in `withTaskExecutorPreference`: one hop less (3 µs instead of
/// 22), and it goes on also when the pool is busy.
///
/// To a task without that preference even a call from the actor to itself may be a hop: other jobs and handlers of the
/// thread may come in between. So whoever looks whether to wait does so in the continuation's closure, where it begins to.
///
/// The thread keeps this object alive until ``stop()`` has been called and every job enqueued before
/// has run; an actor calls it from its `deinit`. Handlers of descriptors and timers run on the
/// thread between two jobs, so there the actor may use `assumeIsolated`.
package final class IOThread: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// What a watched descriptor is ready for.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: Int16
        package init(rawValue: Int16) { self.rawValue = rawValue }
        package static let read = Readiness(rawValue: Int16(POLLIN))
        package static let write = Readiness(rawValue: Int16(POLLOUT))
        /// The peer has hung up, or the descriptor is in error; reported whether asked for or not.
        package static let failed = Readiness(rawValue: Int16(POLLERR | POLLHUP | POLLNVAL))
    }

    package typealias Handler = @Sendable (Readiness) -> Void

    /// Names a timer, so that it can be cancelled.
    package struct TimerID: Hashable, Sendable { fileprivate let number: UInt64 }

    private struct Timer {
        let id: TimerID
        let due: ContinuousClock.Instant
        let action: @Sendable () -> Void
    }

    private enum Work {
        case job(UnownedJob)
        case action(@Sendable () -> Void)
    }

    private struct Shared {
        var work: [Work] = []
        var isAwake = true
        var isStopping = false
    }

    // Shared between threads: guarded by `lock`.
    private var shared = Shared()
    private let lock = Lock()
    private let wakeUp: Int32
    private let name: String
    // Touched by the thread alone.
    private var watched: [(descriptor: Int32, interest: Readiness, handler: Handler)] = []
    private var timers: [Timer] = []  // soonest last
    private var timersMade: UInt64 = 0
    private var thread: pthread_t = 0

    /// - Parameter name: shown by debuggers and `top -H`; at most 15 bytes count.
    package init(name: String) {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(wakeUp >= 0, "no file descriptor left for a thread's wake-up")
        self.name = name
        start()
    }

    deinit { close(wakeUp) }

    // MARK: SerialExecutor

    package func enqueue(_ job: consuming ExecutorJob) {
        add(.job(UnownedJob(job)))
    }

    /// Runs `action` on the thread, in turn with the jobs. May be called from any thread.
    package func perform(_ action: @escaping @Sendable () -> Void) { add(.action(action)) }

    private func add(_ work: Work) {
        let mustWake = lock.withLock {
            shared.work.append(work)
            defer { shared.isAwake = true }
            return !shared.isAwake
        }
        if mustWake { signal() }
    }

    package func isSameExclusiveExecutionContext(other: IOThread) -> Bool { self === other }

    package func checkIsolated() {
        precondition(isCurrent, "not on the thread that owns this handle")
    }

    package var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    // MARK: What the owner asks for, on the thread

    /// Calls `handler` whenever `descriptor` is ready, until ``unwatch(_:)``. A second call replaces the first.
    package func watch(_ descriptor: Int32, for interest: Readiness, handler: @escaping Handler) {
        checkIsolated()
        unwatch(descriptor)
        watched.append((descriptor, interest, handler))
    }

    package func unwatch(_ descriptor: Int32) {
        checkIsolated()
        watched.removeAll { $0.descriptor == descriptor }
    }

    /// Runs `action` once on the thread, at `due` or as soon after it as the thread is free.
    @discardableResult
    package func schedule(at due: ContinuousClock.Instant, _ action: @escaping @Sendable () -> Void) -> TimerID {
        checkIsolated()
        timersMade += 1
        let timer = Timer(id: TimerID(number: timersMade), due: due, action: action)
        timers.insert(timer, at: timers.firstIndex { $0.due <= due } ?? timers.endIndex)
        return timer.id
    }

    package func cancel(_ timer: TimerID) {
        checkIsolated()
        timers.removeAll { $0.id == timer }
    }

    /// Ends the thread once the jobs enqueued so far have run. May be called from any thread, more than once.
    package func stop() {
        lock.withLock { shared.isStopping = true }
        signal()
    }

    // MARK: The thread

    private func start() {
        // librabbitmq decodes nested tables by recursion: 8 MiB, whatever the limit of the shell says.
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, 8 << 20)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        // The thread keeps the executor alive; it begins once this call has let go of the lock.
        let owner = unsafe Unmanaged.passRetained(self)
        lock.withLock {
            let status = unsafe pthread_create(
                &thread, &attributes,
                { raw in
                    guard let raw = unsafe raw else { return nil }
                    let owner = unsafe Unmanaged<IOThread>.fromOpaque(raw).takeRetainedValue()
                    owner.lock.withLock {}
                    unsafe linux_set_thread_name(owner.name)
                    owner.run()
                    return nil
                }, owner.toOpaque())
            precondition(status == 0, "no thread left: \(status)")
        }
    }

    private func run() {
        while true {
            let (work, isStopping) = lock.withLock {
                let work = shared.work
                shared.work.removeAll(keepingCapacity: true)
                shared.isAwake = !work.isEmpty
                return (work, shared.isStopping)
            }
            for item in work {
                switch item {
                case .job(let job):
                    unsafe job.runSynchronously(
                        isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                case .action(let action): action()
                }
            }
            if work.isEmpty && isStopping { return }
            runDueTimers()
            waitForEvents(mayBlock: work.isEmpty)
        }
    }

    private func runDueTimers() {
        guard !timers.isEmpty else { return }
        let now = ContinuousClock.now
        while let timer = timers.last, timer.due <= now {
            timers.removeLast()
            timer.action()
        }
    }

    private func waitForEvents(mayBlock: Bool) {
        var entries = watched.map { pollfd(fd: $0.descriptor, events: $0.interest.rawValue, revents: 0) }
        entries.append(pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0))
        let ready = unsafe poll(&entries, nfds_t(entries.count), mayBlock ? millisecondsToNextTimer() : 0)
        guard ready > 0 else { return }
        if entries.removeLast().revents != 0 { drainWakeUp() }
        for entry in entries where entry.revents != 0 {
            // A handler before this one may have stopped watching it.
            let handler = watched.first { $0.descriptor == entry.fd }?.handler
            handler?(Readiness(rawValue: entry.revents))
        }
    }

    private func millisecondsToNextTimer() -> Int32 {
        guard let due = timers.last?.due else { return -1 }
        let left = ContinuousClock.now.duration(to: due)
        guard left > .zero else { return 0 }
        // Rounded up, so that a timer is due when `poll` returns.
        let (seconds, attoseconds) = left.components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(min(milliseconds, 3_600_000))
    }

    private func signal() {
        var one: UInt64 = 1
        unsafe _ = write(wakeUp, &one, 8)
    }

    private func drainWakeUp() {
        var count: UInt64 = 0
        unsafe _ = read(wakeUp, &count, 8)
    }
}
