import Glibc
import Synchronization
import Testing

@testable import IOThread

/// Faults made on purpose, so that `scripts/sanitize` can see that the sanitizers report them.
@Suite(.enabled(if: PlantedFault.chosen != nil, "only to show that a sanitizer finds it"))
struct `A planted fault` {
    @Test(.enabled(if: PlantedFault.chosen == .race))
    func `is a counter that two threads count up without a lock`() async {
        let counter = UnguardedCounter()
        let threads = [IOThread(name: "first"), IOThread(name: "second")]
        await withTaskGroup(of: Void.self) { group in
            for thread in threads {
                group.addTask(executorPreference: thread) {
                    // Together, and for long: on a busy machine one would run after the other, which is no race to be seen.
                    counter.arrived.add(1, ordering: .relaxed)
                    while counter.arrived.load(ordering: .relaxed) < 2 { sched_yield() }
                    for _ in 0..<5_000_000 { counter.value += 1 }
                }
            }
        }
        #expect(counter.value > 0)
        for thread in threads { thread.stop() }
    }

    @Test(.enabled(if: PlantedFault.chosen == .overflow))
    func `is a read past the end of what was allocated`() {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
        unsafe bytes.initialize(repeating: 1, count: 16)
        let beyond = unsafe bytes[PlantedFault.sixteen]
        unsafe bytes.deallocate()
        #expect(beyond >= 0)
    }
}

private enum PlantedFault: String {
    case race, overflow

    static let chosen = unsafe getenv("BATON_PLANTED_FAULT").flatMap { unsafe Self(rawValue: String(cString: $0)) }
    /// Not known to the compiler.
    static var sixteen: Int { Int(CommandLine.argc) * 0 + 16 }
}

private final class UnguardedCounter: @unchecked Sendable {  // on purpose
    var value = 0
    let arrived = Atomic(0)
}
