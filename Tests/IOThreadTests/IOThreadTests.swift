import Dispatch
import Glibc
import IOThread
import Testing

/// Counts on its own thread.
private actor Counter {
    private let thread = IOThread(name: "test")
    private var count = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    isolated deinit { thread.stop() }

    func increment() -> Int {
        thread.checkIsolated()
        count += 1
        return count
    }

    /// The next byte that arrives at `descriptor`, read by the thread.
    func nextByte(from descriptor: Int32) async -> UInt8 {
        await withCheckedContinuation { continuation in
            thread.watch(descriptor, for: .read) { [thread] _ in
                var byte: UInt8 = 0
                unsafe _ = read(descriptor, &byte, 1)
                thread.unwatch(descriptor)
                continuation.resume(returning: byte)
            }
        }
    }

    func wait(_ span: Duration) async {
        await withCheckedContinuation { continuation in
            thread.schedule(at: .now + span) { continuation.resume() }
        }
    }
}

extension Counter {
    /// Waits for its thread while tasks of others block every thread of the cooperative pool.
    ///
    /// - Returns: whether the pool was blocked to the end.
    func wait(times: Int, blocking pool: Barrier) async -> Bool {
        for _ in 0..<64 { Task.detached { pool.block() } }
        await withTaskExecutorPreference(thread) {
            // The pool may have other things to do before.
            for await _ in pool.arrivals { break }
            for _ in 0..<times { await wait(.milliseconds(1)) }
        }
        return pool.open()
    }
}

/// Blocks threads until it is opened.
private final class Barrier: Sendable {
    private let blocked = DispatchSemaphore(value: 0)
    /// One for each that is blocked.
    let arrivals: AsyncStream<Void>
    private let feed: AsyncStream<Void>.Continuation

    init() { (arrivals, feed) = AsyncStream.makeStream() }

    /// Not for ever: a test that fails must not hang the others.
    func block() {
        feed.yield()
        _ = blocked.wait(timeout: .now() + 20)
    }

    /// - Returns: whether somebody was blocked.
    func open() -> Bool { (0..<64).map { _ in blocked.signal() != 0 }.contains(true) }
}

@Suite(.timeLimit(.minutes(1)))
struct `An actor on a thread of its own` {
    @Test func `runs one job at a time, whoever asks`() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 { group.addTask { _ = await counter.increment() } }
        }
        #expect(await counter.increment() == 1001)
    }

    @Test func `runs plain actions in turn with its jobs`() async {
        let thread = IOThread(name: "test")
        let (numbers, feed) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<1000 {
            thread.perform {
                feed.yield(thread.isCurrent ? number : -1)
                if number == 999 { feed.finish() }
            }
        }
        var seen: [Int] = []
        for await number in numbers { seen.append(number) }
        #expect(seen == Array(0..<1000))
        thread.stop()
    }

    @Test func `is woken by a descriptor that it watches`() async {
        let counter = Counter()
        var ends: [Int32] = [0, 0]
        unsafe _ = pipe(&ends)
        let (output, input) = (ends[0], ends[1])
        defer { close(output); close(input) }
        async let byte = counter.nextByte(from: output)
        var sent: UInt8 = 42
        unsafe _ = write(input, &sent, 1)
        #expect(await byte == 42)
    }

    @Test func `goes on while the cooperative pool is busy`() async {
        let blocked = await Counter().wait(times: 5, blocking: Barrier())
        #expect(blocked)
    }

    @Test func `runs a timer no sooner than it is due`() async {
        let counter = Counter()
        let start = ContinuousClock.now
        await counter.wait(.milliseconds(20))
        #expect(start.duration(to: .now) >= .milliseconds(20))
    }
}
