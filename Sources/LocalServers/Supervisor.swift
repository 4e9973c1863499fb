import CLinux
import Glibc
import IOThread

/// A child that a ``Supervisor`` starts.
package struct Program: Sendable {
    /// Where its standard output and standard error go.
    package enum Output: Sendable {
        /// To the supervisor's ``ChildEvent/line``, line by line.
        case lines
        /// To the end of a file.
        case file(String)
        /// Where ours go.
        case inherited
    }

    /// Unique in its supervisor.
    package var name: String
    package var command: Command
    package var output: Output
    /// `nil`: once it has ended it stays down.
    package var restart: RestartDelay?
    /// Whether it says by ``ReadyNotice`` that it is at work.
    package var announcesReady = false

    package init(name: String, command: Command, output: Output = .lines, restart: RestartDelay? = nil) {
        self.name = name
        self.command = command
        self.output = output
        self.restart = restart
    }
}

/// How long a child that ended waits to be started again: twice as long each time, unless it ran well meanwhile.
package struct RestartDelay: Sendable {
    package var first: Duration
    package var limit: Duration
    /// One that ran this long starts over with the first delay.
    package var settledAfter: Duration

    package init(
        first: Duration = .milliseconds(500), limit: Duration = .seconds(30), settledAfter: Duration = .seconds(20)
    ) {
        self.first = first
        self.limit = limit
        self.settledAfter = settledAfter
    }

    /// - Parameter failures: in a row, from 1.
    package func delay(failures: Int) -> Duration { min(limit, first * (1 << min(max(failures - 1, 0), 16))) }
}

package enum ChildEvent: Sendable {
    case started(name: String, pid: Int32)
    /// A line that it wrote, without its end; one longer than 64 KiB comes in pieces.
    case line(name: String, text: String)
    /// It has said that it is at work.
    case ready(name: String)
    /// `restartIn` is `nil` when it stays down.
    case ended(name: String, status: ExitStatus, restartIn: Duration?)
    case failedToStart(name: String, error: LocalServersError)
}

/// Starts children, reads what they write, notices their end at once, and starts them again.
///
/// Everything happens on one thread that sleeps in `poll` on the children's process descriptors and pipes.
package actor Supervisor {
    private struct Child {
        var program: Program
        var pid: pid_t
        var handle: Descriptor
        var output: Descriptor?
        var notice: Descriptor?
        var lines = LineSplitter()
        var startedAt = ContinuousClock.now
    }

    private let thread = IOThread(name: "children")
    private let onEvent: @Sendable (ChildEvent) -> Void
    private let mark: ProcessMark?
    private var children: [String: Child] = [:]
    private var failures: [String: Int] = [:]
    private var restarts: [String: IOThread.TimerID] = [:]
    private var ends: [String: ExitStatus] = [:]
    private var waiting: [String: [CheckedContinuation<ExitStatus, Never>]] = [:]
    private var isStopping = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// - Parameter mark: put into every child's environment together with its name.
    /// - Parameter onEvent: called on the supervisor's thread, in order.
    package init(mark: ProcessMark? = nil, onEvent: @escaping @Sendable (ChildEvent) -> Void = { _ in }) {
        self.mark = mark
        self.onEvent = onEvent
    }

    deinit { thread.stop() }

    /// - Parameter descriptors: what the child sees as 0 and as 3, 4 and so on.
    @discardableResult
    package func start(_ program: Program) throws(LocalServersError) -> Int32 {
        try start(program, input: nil, extra: [])
    }

    @discardableResult
    func start(_ program: Program, input: Descriptor?, extra: [Descriptor]) throws(LocalServersError) -> Int32 {
        var reading: Descriptor?
        let writing: Descriptor
        switch program.output {
        case .lines: (reading, writing) = try Descriptor.pipe()
        case .file(let path): writing = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
        case .inherited: writing = Descriptor(owning: fcntl(1, F_DUPFD_CLOEXEC, 3))
        }
        var errors = writing
        if case .inherited = program.output { errors = Descriptor(owning: fcntl(2, F_DUPFD_CLOEXEC, 3)) }
        var command = program.command
        if let mark { command.environment[ProcessMark.variable] = mark.value(name: program.name) }
        var extra = extra
        let notice = program.announcesReady ? try Descriptor.pipe() : nil
        if let notice {
            command.environment[ReadyNotice.variable] = String(3 + extra.count)
            extra.append(notice.writing)
        }
        let pid = try command.spawn(descriptors: [input, writing, errors] + extra)
        let number = pidfd_open(pid, 0)
        guard number >= 0 else { throw .system("watch \(program.name)") }
        reading?.setNonBlocking()
        ends[program.name] = nil
        children[program.name] = Child(program: program, pid: pid, handle: Descriptor(owning: number), output: reading)
        let name = program.name
        thread.watch(number, for: .read) { [weak self] _ in self?.assumeIsolated { $0.childEnded(name) } }
        if let reading {
            thread.watch(reading.number, for: .read) { [weak self] _ in self?.assumeIsolated { $0.readOutput(of: name) }
            }
        }
        if let notice = notice?.reading {
            children[name]?.notice = notice
            thread.watch(notice.number, for: .read) { [weak self] _ in self?.assumeIsolated { $0.readNotice(of: name) }
            }
        }
        onEvent(.started(name: name, pid: pid))
        return pid
    }

    /// From now on the child is started again whenever it ends.
    package func keepRunning(_ name: String, _ delay: RestartDelay = RestartDelay()) {
        children[name]?.program.restart = delay
    }

    /// Starts nobody again, and forgets those who were about to be.
    package func stopRestarting() {
        isStopping = true
        for timer in restarts.values { thread.cancel(timer) }
        restarts = [:]
    }

    /// `nil` while it is down.
    package func pid(of name: String) -> Int32? { children[name]?.pid }

    /// How it ended; `nil` while it runs, or when it never did.
    package func end(of name: String) -> ExitStatus? { ends[name] }

    /// Waits for its next end; one that is down already has ended.
    package func waitForEnd(of name: String) async -> ExitStatus {
        // Looked up where it begins to wait: on the way there the end may come.
        await withCheckedContinuation { continuation in
            if let status = ends[name] {
                continuation.resume(returning: status)
            } else {
                waiting[name, default: []].append(continuation)
            }
        }
    }

    /// The same; when the caller is cancelled meanwhile, the child gets a signal, and its end is still waited for.
    package nonisolated func waitForEnd(of name: String, whenCancelled signal: Int32) async -> ExitStatus {
        await withTaskCancellationHandler {
            await waitForEnd(of: name)
        } onCancel: {
            Task { await send(signal, to: name) }
        }
    }

    /// Waits until no child runs.
    package func waitForAll() async {
        for name in children.keys.sorted() { _ = await waitForEnd(of: name) }
    }

    package func send(_ signal: Int32, to name: String) {
        guard let child = children[name] else { return }
        _ = pidfd_send_signal(child.handle.number, signal, nil, 0)
    }

    // MARK: On the thread

    private func readOutput(of name: String) {
        guard let output = children[name]?.output, let bytes = output.read() else { return }
        if bytes.isEmpty {
            thread.unwatch(output.number)
            children[name]?.output = nil
        }
        for line in children[name]?.lines.add(bytes) ?? [] { onEvent(.line(name: name, text: line)) }
    }

    private func readNotice(of name: String) {
        guard let notice = children[name]?.notice else { return }
        thread.unwatch(notice.number)
        children[name]?.notice = nil
        if notice.read(limit: 1)?.isEmpty == false { onEvent(.ready(name: name)) }
    }

    private func childEnded(_ name: String) {
        guard let child = children[name] else { return }
        thread.unwatch(child.handle.number)
        // Its group goes with it; while it is not reaped yet, the group's number is nobody else's.
        if child.program.command.ownSession { kill(-child.pid, SIGKILL) }
        var raw: Int32 = 0
        guard unsafe waitpid(child.pid, &raw, 0) == child.pid else { return }
        // What it wrote last; a grandchild may hold the pipe open, so this does not wait for its end.
        while children[name]?.output != nil, let bytes = child.output?.read(), !bytes.isEmpty {
            for line in children[name]?.lines.add(bytes) ?? [] { onEvent(.line(name: name, text: line)) }
        }
        if let rest = children[name]?.lines.rest() { onEvent(.line(name: name, text: rest)) }
        if let output = children[name]?.output { thread.unwatch(output.number) }
        readNotice(of: name)
        children[name] = nil

        let status = ExitStatus(waitStatus: raw)
        ends[name] = status
        let delay = restartDelay(of: child)
        onEvent(.ended(name: name, status: status, restartIn: delay))
        for continuation in waiting.removeValue(forKey: name) ?? [] { continuation.resume(returning: status) }
        if let delay { schedule(child.program, after: delay) }
    }

    private func restartDelay(of child: Child) -> Duration? {
        guard let restart = child.program.restart, !isStopping else { return nil }
        let name = child.program.name
        let settled = ContinuousClock.now - child.startedAt >= restart.settledAfter
        failures[name] = settled ? 1 : failures[name, default: 0] + 1
        return restart.delay(failures: failures[name, default: 1])
    }

    private func schedule(_ program: Program, after delay: Duration) {
        restarts[program.name] = thread.schedule(at: .now + delay) { [weak self] in
            self?.assumeIsolated { $0.restart(program) }
        }
    }

    private func restart(_ program: Program) {
        restarts[program.name] = nil
        do {
            try start(program)
        } catch {
            onEvent(.failedToStart(name: program.name, error: error))
            let failed = failures[program.name, default: 0] + 1
            failures[program.name] = failed
            schedule(program, after: (program.restart ?? RestartDelay()).delay(failures: failed))
        }
    }
}
