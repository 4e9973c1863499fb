#if DEBUG
    import Glibc
    import Synchronization
#endif

/// A step of the one rule at which a process can be made to die, to see what becomes of the work.
///
/// `BATON_FAILPOINT=committed:3` kills the process, as by kill -9, when it passes that step for the third time. Debug
/// builds alone have it.
package enum Failpoint: String, Sendable {
    /// Messages have been taken, and nothing has been done about them.
    case consumed
    /// What they lead to is committed, or of an executor: the work is done. Nobody has been told.
    case committed
    /// All of it is written to the broker, which has not confirmed it.
    case published
    /// It is confirmed, and what was consumed is not acked.
    case confirmed

    package func pass() {
        #if DEBUG
            guard let chosen = Self.chosen, chosen.step == self else { return }
            guard Self.passed.wrappingAdd(1, ordering: .relaxed).newValue == chosen.count else { return }
            let words = Array("failpoint: dies once \(rawValue), for the \(chosen.count). time\n".utf8)
            unsafe _ = write(STDERR_FILENO, words, words.count)
            kill(getpid(), SIGKILL)
        #endif
    }

    #if DEBUG
        private static let passed = Atomic(0)
        private static let chosen: (step: Failpoint, count: Int)? = {
            guard let text = unsafe getenv("BATON_FAILPOINT").map({ unsafe String(cString: $0) }) else { return nil }
            let words = text.split(separator: ":")
            guard words.count == 2, let step = Failpoint(rawValue: String(words[0])), let count = Int(words[1]) else {
                preconditionFailure("BATON_FAILPOINT=\(text) names no step and count")
            }
            return (step, count)
        }()
    #endif
}
