import Glibc
import Testing

@testable import LocalServers

@Suite(.timeLimit(.minutes(1)))
struct `A mark` {
    @Test func `finds the processes that carry it, wherever they went, and nobody else`() async throws {
        let mark = ProcessMark(token: RandomText.hex(bytes: 16))
        let observed = Observed(mark: mark)
        let stranger = Observed(mark: ProcessMark(token: RandomText.hex(bytes: 16)))
        // One that leaves its parent and its session, as daemons do.
        try await observed.supervisor.start(
            shell("setsid sh -c 'echo away; exec sleep 1000' & exec sleep 1000", name: "one"))
        try await stranger.supervisor.start(shell("echo here; exec sleep 1000"))
        #expect(await observed.line() == "away")
        #expect(await stranger.line() == "here")

        let found = mark.processes()
        #expect(found.count == 2)
        #expect(found.allSatisfy { $0.name == "one" })
        let other = try #require(await stranger.supervisor.pid(of: "child"))
        #expect(!found.map(\.pid).contains(other))

        Sweep(mark: mark).run()
        #expect(mark.processes().isEmpty)
        #expect(await stranger.supervisor.pid(of: "child") == other)
        await stranger.supervisor.send(SIGKILL, to: "child")
        await stranger.supervisor.waitForAll()
    }

    @Test func `lets the pipeline end before the servers, each in its own good order`() async throws {
        let mark = ProcessMark(token: RandomText.hex(bytes: 16))
        let observed = Observed(mark: mark)
        let waiting =
            "trap 'echo $0 TERM; exit' TERM; trap 'echo $0 INT; exit' INT; echo up; while :; do read -r x <&9; done"
        try await withFolder { folder in
            // A pipe that nobody writes to: the shells wait there without a child of their own.
            #expect(unsafe mkfifo(folder + "/pipe", 0o600) == 0)
            for name in ["postgres", "epmd", "planner", "rabbitmq"] {
                var program = shell("exec 9<>\(folder)/pipe; " + waiting, name: name)
                program.command.arguments.append(name)
                try await observed.supervisor.start(program)
                #expect(await observed.line() == "up")
            }
            Sweep(mark: mark).run()
            var order: [String] = []
            for await event in observed.events {
                if case .line(_, let text) = event { order.append(text) }
                if order.count == 4 { break }
            }
            try #require(order.count == 4)
            #expect(order.first == "planner TERM")
            #expect(Set(order[1...2]) == ["postgres INT", "rabbitmq TERM"])
            #expect(order.last == "epmd TERM")
        }
    }

    @Test func `kills one that does not want to go`() async throws {
        let mark = ProcessMark(token: RandomText.hex(bytes: 16))
        let observed = Observed(mark: mark)
        try await observed.supervisor.start(shell("trap '' TERM; echo up; exec sleep 1000"))
        #expect(await observed.line() == "up")
        #expect(Sweep(mark: mark, pipelineGrace: .milliseconds(50)).run())
        #expect(await observed.supervisor.waitForEnd(of: "child") == .killed(signal: SIGKILL))
    }
}
