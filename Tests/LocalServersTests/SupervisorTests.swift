import Glibc
import Testing

@testable import LocalServers

@Suite(.timeLimit(.minutes(1)))
struct `A supervised child` {
    @Test func `is heard line by line on both of its outputs, also the last line without an end`() async throws {
        let observed = Observed()
        try await observed.supervisor.start(shell("echo one; echo two >&2; printf three"))
        var lines: [String] = []
        for await event in observed.events {
            if case .line(_, let text) = event { lines.append(text) }
            if case .ended = event { break }
        }
        #expect(lines == ["one", "two", "three"])
    }

    @Test func `ends with its status, or with the signal that killed it`() async throws {
        let observed = Observed()
        try await observed.supervisor.start(shell("exit 7", name: "a"))
        try await observed.supervisor.start(shell("kill -9 $$", name: "b"))
        #expect(await observed.supervisor.waitForEnd(of: "a") == .exited(7))
        #expect(await observed.supervisor.waitForEnd(of: "b") == .killed(signal: SIGKILL))
        #expect(ExitStatus.killed(signal: SIGKILL).shellStatus == 137)
    }

    @Test func `starts again after delays that double up to a limit`() async throws {
        let observed = Observed()
        let delay = RestartDelay(first: .milliseconds(2), limit: .milliseconds(8))
        try await observed.supervisor.start(shell("exit 1", restart: delay))
        var delays: [Duration?] = []
        for await event in observed.events {
            if case .ended(_, _, let next) = event { delays.append(next) }
            if delays.count == 5 { break }
        }
        await observed.supervisor.stopRestarting()
        #expect(delays == [2, 4, 8, 8, 8].map { .milliseconds($0) })
    }

    @Test func `that ran well starts over with the first delay`() async throws {
        let observed = Observed()
        let delay = RestartDelay(first: .milliseconds(2), limit: .seconds(8), settledAfter: .zero)
        try await observed.supervisor.start(shell("exit 1", restart: delay))
        var delays: [Duration?] = []
        for await event in observed.events {
            if case .ended(_, _, let next) = event { delays.append(next) }
            if delays.count == 3 { break }
        }
        await observed.supervisor.stopRestarting()
        #expect(delays == [2, 2, 2].map { .milliseconds($0) })
    }

    @Test func `stays down once restarting is over`() async throws {
        let observed = Observed()
        try await observed.supervisor.start(shell("echo up; exec sleep 1000", restart: RestartDelay()))
        #expect(await observed.line() == "up")
        await observed.supervisor.stopRestarting()
        await observed.supervisor.send(SIGKILL, to: "child")
        #expect(await observed.supervisor.waitForEnd(of: "child") == .killed(signal: SIGKILL))
        for await event in observed.events {
            guard case .ended(_, _, let delay) = event else { continue }
            #expect(delay == nil)
            break
        }
    }

    @Test func `takes its group along`() async throws {
        let observed = Observed()
        try await observed.supervisor.start(shell("sleep 1000 & echo $!; exit 0"))
        let grandchild = try #require(await observed.line().flatMap { Int32($0) })
        #expect(await waitUntilGone(grandchild))
    }

    @Test func `is no zombie afterwards`() async throws {
        let observed = Observed()
        let pid = try await observed.supervisor.start(shell("exit 0"))
        _ = await observed.supervisor.waitForEnd(of: "child")
        // Its number may be somebody else's by now, but never a child of ours.
        #expect(waitpid(pid, nil, WNOHANG) == -1)
    }

    @Test func `is never waited for after its end`() async throws {
        let observed = Observed()
        for _ in 0..<500 {
            try await observed.supervisor.start(shell("exit 0"))
            #expect(await observed.supervisor.waitForEnd(of: "child") == .exited(0))
        }
    }

    @Test func `sees none of our descriptors, and our ignored signals at their defaults`() async throws {
        let observed = Observed()
        let file = try Descriptor.open("/dev/null", O_RDONLY)
        try await observed.supervisor.start(
            shell("ls /proc/self/fd | tr '\\n' ' '; echo; grep SigIgn /proc/self/status"))
        // The fourth is the folder that `ls` reads.
        let descriptors = await observed.line()
        #expect(descriptors == "0 1 2 3 ")
        // The C library itself ignores 32 and 33, which are its own.
        let ignored = await observed.line()?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
        #expect(ignored.map { $0 & 0x7fff_ffff } == 0)
        withExtendedLifetime(file) {}
    }

    @Test func `that cannot be started is an error that names it`() async throws {
        let program = Program(name: "child", command: Command("/nowhere/program"))
        let error = await #expect(throws: LocalServersError.self) { try await Supervisor().start(program) }
        #expect(error?.detail == "cannot start /nowhere/program: No such file or directory")
    }
}

@Suite struct `Lines` {
    @Test func `are cut from pieces of any size`() {
        var splitter = LineSplitter()
        #expect(splitter.add(Array("a\nb".utf8)) == ["a"])
        #expect(splitter.add(Array("c\r\n\nd".utf8)) == ["bc", ""])
        #expect(splitter.rest() == "d")
        #expect(splitter.rest() == nil)
    }

    @Test func `that never end come in pieces, and bytes that are no text are replaced`() {
        var splitter = LineSplitter()
        let lines = splitter.add(Array(repeating: UInt8(ascii: "x"), count: LineSplitter.limit + 1))
        #expect(lines.map(\.utf8.count) == [LineSplitter.limit])
        #expect(splitter.add([0xff, UInt8(ascii: "\n")]) == ["x\u{fffd}"])
    }
}
