import CLinux
import Glibc

/// Names the processes of one folder by a variable of their environment, which every descendant inherits.
///
/// A process id may long be somebody else's; the mark cannot. So whoever cleans up, also after a predecessor
/// that was killed, finds its own processes and no others, wherever they moved in the tree.
package struct ProcessMark: Sendable, Equatable {
    package static let variable = "BATON_DEV_MARK"
    /// Of the folder: random, kept in its state.
    package let token: String

    package init(token: String) { self.token = token }

    /// - Parameter name: what the process is, such as `postgres`.
    func value(name: String) -> String { "\(token)/\(name)" }

    /// The processes that carry the mark now, apart from zombies.
    func processes() -> [MarkedProcess] {
        let own = getpid()
        return Files.names(in: "/proc").compactMap { Int32($0) }.filter { $0 != own }
            .compactMap { MarkedProcess($0, mark: self) }
    }
}

/// A process that carries a mark, held by a descriptor: a signal reaches it, or nobody.
final class MarkedProcess: Sendable {
    let pid: pid_t
    let parent: pid_t
    let name: String
    let handle: Descriptor

    init?(_ pid: pid_t, mark: ProcessMark) {
        // The descriptor first: what is read afterwards is of this very process, or of none.
        let number = pidfd_open(pid, 0)
        guard number >= 0 else { return nil }
        handle = Descriptor(owning: number)
        guard let environment = Files.read("/proc/\(pid)/environ", limit: 1 << 20), !environment.isEmpty,
            let status = Files.text("/proc/\(pid)/stat")
        else { return nil }
        let prefix = Array("\(ProcessMark.variable)=\(mark.token)/".utf8)
        guard let entry = environment.split(separator: 0).first(where: { $0.starts(with: prefix) }) else { return nil }
        name = String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
        // “pid (program) state parent …”, and a program's name may hold anything.
        let fields = status[status.index(after: status.lastIndex(of: ")") ?? status.startIndex)...].split(
            separator: " ")
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        self.pid = pid
        self.parent = parent
    }

    func send(_ signal: Int32) { _ = pidfd_send_signal(handle.number, signal, nil, 0) }
}

extension [MarkedProcess] {
    /// Waits until all have ended.
    ///
    /// - Returns: those that have not when the time is over.
    func waitUntilEnded(_ limit: Duration) -> [MarkedProcess] {
        let deadline = ContinuousClock.now + limit
        var left = self
        while !left.isEmpty {
            var entries = left.map { pollfd(fd: $0.handle.number, events: Int16(POLLIN), revents: 0) }
            let rest = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            unsafe poll(&entries, nfds_t(entries.count), Int32(Swift.max(rest, 0).rounded(.up)))
            left = zip(left, entries).filter { $0.1.revents == 0 }.map(\.0)
            if rest <= 0 { return left }
        }
        return []
    }
}
