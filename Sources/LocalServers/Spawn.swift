import CLinux
import Glibc

/// A program to run: what `posix_spawn` is given, as a value.
package struct Command: Sendable {
    /// A path, not searched for.
    package var executable: String
    /// Without the program's own name.
    package var arguments: [String]
    /// All of it: nothing is inherited.
    package var environment: [String: String]
    /// `nil`: ours.
    package var folder: String?
    /// Whether it leads a session of its own, out of reach of the terminal's signals.
    package var ownSession: Bool

    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:], folder: String? = nil,
        ownSession: Bool = true
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.ownSession = ownSession
    }

    /// Starts the program with every signal at its default and no descriptor but those named.
    ///
    /// - Parameter descriptors: what it sees as 0, 1, 2 and so on; `nil` is `/dev/null`.
    func spawn(descriptors: [Descriptor?]) throws(LocalServersError) -> pid_t {
        let null = try Descriptor.open("/dev/null", O_RDWR)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // First out of the way of the numbers they are to have, so that none is overwritten before it is copied.
        let lifted = try descriptors.map { descriptor throws(LocalServersError) in
            let copy = fcntl((descriptor ?? null).number, F_DUPFD_CLOEXEC, 64)
            guard copy >= 0 else { throw .system("copy a descriptor") }
            return Descriptor(owning: copy)
        }
        for (target, descriptor) in lifted.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor.number, Int32(target))
        }
        // Those that a library of somebody's left open.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, Int32(lifted.count))
        if let folder { unsafe posix_spawn_file_actions_addchdir_np(&actions, folder) }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        if ownSession { flags |= 0x80 }  // POSIX_SPAWN_SETSID
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        let words = [executable] + arguments
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var pid: pid_t = 0
        let status = unsafe withCStrings(words) { words in
            unsafe withCStrings(variables) { variables in
                unsafe posix_spawn(&pid, executable, &actions, &attributes, words, variables)
            }
        }
        withExtendedLifetime(lifted) {}
        guard status == 0 else { throw .system("start \(executable)", status) }
        return pid
    }
}

/// Lends a list of strings as C wants it: an array of pointers with a null at the end.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> Result
) rethrows -> Result {
    var pointers = unsafe strings.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return try unsafe body(pointers)
}

/// How a process ended.
package enum ExitStatus: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .killed(signal: signal)
    }

    /// As a shell says it: 128 and the signal for one that was killed.
    package var shellStatus: Int32 {
        switch self {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        }
    }
}

extension ExitStatus: CustomStringConvertible {
    package var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .killed(let signal): "signal \(signal)"
        }
    }
}
