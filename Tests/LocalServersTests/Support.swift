import Glibc
import Testing

@testable import LocalServers

/// Lends a folder of its own under /tmp, and deletes it.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = "/tmp/baton-test-\(RandomText.hex(bytes: 8))"
    try Files.makeFolder(path)
    defer { Files.remove(path) }
    return try await body(path)
}

/// A supervisor together with the stream of what it tells.
struct Observed {
    let supervisor: Supervisor
    let events: AsyncStream<ChildEvent>

    init(mark: ProcessMark? = nil) {
        let (events, continuation) = AsyncStream<ChildEvent>.makeStream()
        self.events = events
        supervisor = Supervisor(mark: mark) { continuation.yield($0) }
    }

    /// Waits for a line.
    func line(where matches: (String) -> Bool = { _ in true }) async -> String? {
        for await event in events {
            if case .line(_, let text) = event, matches(text) { return text }
        }
        return nil
    }
}

func shell(_ script: String, name: String = "child", restart: RestartDelay? = nil) -> Program {
    Program(name: name, command: Command("/bin/sh", ["-c", script], environment: Environment.plain), restart: restart)
}

/// Waits until the process is no more; on a thread of its own, for it blocks.
func waitUntilGone(_ pid: Int32) async -> Bool {
    await withCheckedContinuation { continuation in
        Thread.run {
            var seconds = 0
            while kill(pid, 0) == 0, Files.text("/proc/\(pid)/stat").map({ !$0.contains(") Z ") }) ?? false {
                var moment = timespec(tv_sec: 0, tv_nsec: 10_000_000)
                unsafe nanosleep(&moment, nil)
                seconds += 1
                if seconds > 3000 { return continuation.resume(returning: false) }
            }
            continuation.resume(returning: true)
        }
    }
}

enum Thread {
    /// Runs something that blocks.
    static func run(_ work: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let work: @Sendable () -> Void
            init(_ work: @escaping @Sendable () -> Void) { self.work = work }
        }
        var thread: pthread_t = 0
        let box = unsafe Unmanaged.passRetained(Box(work))
        unsafe pthread_create(
            &thread, nil,
            { raw in
                guard let raw = unsafe raw else { return nil }
                unsafe Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().work()
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }
}
