import CLinux
import Foundation
import Glibc
import JSON
import LocalServers
import Testing

/// Where a `gated` task of the test skills waits until it is told to go on.
struct Gate: Sendable {
    let path: String
    private let handle: FileHandle

    init(_ pipeline: Pipeline) throws {
        path = "\(pipeline.folder)/gate-\(UUID().uuidString)"
        handle = try FIFO.make(path)
    }

    /// The task ends with its output.
    func open() throws { try handle.write(contentsOf: Data("go\n".utf8)) }
    /// The task's attempt ends with exit status 1.
    func fail() throws { try handle.write(contentsOf: Data("fail\n".utf8)) }
}

enum FIFO {
    /// Makes a FIFO, and holds it open for reading and writing: nobody waits for the other end.
    static func make(_ path: String) throws -> FileHandle {
        guard unsafe mkfifo(path, 0o600) == 0, let handle = FileHandle(forUpdatingAtPath: path) else {
            throw Pipeline.Failure("no FIFO at \(path)")
        }
        _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        return handle
    }
}

/// A process that a test looks at or ends; never another one that has its number since.
final class WatchedProcess: Sendable {
    let pid: Int32
    private let descriptor: Int32

    /// - Returns: `nil` when there is none.
    init?(_ pid: Int32) {
        descriptor = pidfd_open(pid, 0)
        self.pid = pid
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    func send(_ signal: Int32) { _ = pidfd_send_signal(descriptor, signal, nil, 0) }

    /// - Returns: whether it ends before the time is over.
    func ends(within limit: Duration = .seconds(20)) async -> Bool {
        let descriptor = descriptor
        return await withCheckedContinuation { answer in
            Foundation.Thread.detachNewThread {
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let count = unsafe poll(&entry, 1, Int32(limit.components.seconds * 1000))
                answer.resume(returning: count == 1)
            }
        }
    }
}

extension Pipeline {
    /// A process of `baton dev`, by the name that it has there; whatever it started does not count.
    func process(_ name: String) throws -> WatchedProcess {
        let mark = "BATON_DEV_MARK=\(state.token)/\(name)"
        var found: [Int32: (parent: Int32?, process: WatchedProcess)] = [:]
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let pid = Int32(entry), let watched = WatchedProcess(pid),
                let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                environment.split(separator: 0).contains(where: { $0.elementsEqual(mark.utf8) }),
                let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"),
                program.hasSuffix("/baton")
            else { continue }
            found[pid] = (parent(of: pid), watched)
        }
        // A command that is just being started still looks like the executor that starts it.
        let starters = found.values.filter { one in one.parent.map { found[$0] == nil } ?? true }
        guard let process = starters.first?.process else { throw Failure("there is no process \(name)") }
        return process
    }

    private func parent(of pid: Int32) -> Int32? {
        guard let text = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        // The name, in parentheses, may hold anything; behind it stand the state and the parent.
        let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        return fields.flatMap { $0.count > 1 ? Int32($0[1]) : nil }
    }

    /// What a `gated` run says of itself when it begins: the shell and its child.
    func processes(of task: String, _ workflow: String, attempt: Int = 1, delivery: Int = 0) async throws
        -> [WatchedProcess?]
    {
        let log = try await recorder.first("task.log", of: workflow, task: task, attempt: attempt) {
            $0.data["delivery"]?.int == delivery
        }
        let text = try #require(log.data["lines"]?[0]?["text"]?.string)
        return text.split(separator: " ").compactMap { Int32($0) }.map { WatchedProcess($0) }
    }
}
