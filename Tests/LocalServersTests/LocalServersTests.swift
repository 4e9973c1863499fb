import Glibc
import Testing

@testable import LocalServers

/// Real servers, two sets at a time at most, in a folder whose path is longer than a socket's and has blanks in it.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct `Private servers` {
    /// Built beside the tests.
    static let baton = (Files.parent(of: Environment.ownProgram) ?? ".") + "/baton"

    static func longPath(in folder: String) -> String {
        folder + "/a folder/" + Array(repeating: String(repeating: "x", count: 40), count: 4).joined(separator: "/")
            + "/data"
    }

    /// Runs one statement, and returns what it prints.
    static func sql(_ statement: String, _ state: DevState) async throws -> String? {
        let observed = Observed()
        let psql = try #require(Environment.find("psql"))
        let command = Command(psql, [state.postgresURL(), "-X", "-Atc", statement], environment: Environment.plain)
        try await observed.supervisor.start(Program(name: "psql", command: command))
        return await observed.line()
    }

    @Test func `start, keep what they are given, and leave nobody behind`() async throws {
        try await withFolder { folder in
            let settings = LocalServers(data: Self.longPath(in: folder), batonProgram: Self.baton)
            let running = try await settings.start()
            let state = await running.state
            #expect(try await Self.sql("CREATE TABLE kept AS SELECT 42 AS n", state) == "SELECT 1")
            #expect(try await Self.sql("SHOW fsync", state) == "on")
            #expect(
                try await Self.sql("SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'postgres'", state)
                    == "t")
            let mark = ProcessMark(token: state.token)
            #expect(Set(mark.processes().map(\.name)) == ["postgres", "rabbitmq", "epmd"])

            let again = await #expect(throws: LocalServersError.self) { try await settings.start() }
            #expect(again?.code == .alreadyRunning)

            await running.stop()
            #expect(mark.processes().isEmpty)
            #expect(!DevState.isRunning(in: state.data))
        }
    }

    @Test func `are ended by the watchdog of a baton dev that was killed, and the next one finds their data`()
        async throws
    {
        try await withFolder { folder in
            let data = Self.longPath(in: folder)
            let command = Command(
                Self.baton, ["dev", "--services-only", "--data", data],
                environment: Environment.plain.merging(["SWIFT_BACKTRACE": "enable=no", "HOME": folder]) { $1 })
            let first = Observed()
            let pid = try await first.supervisor.start(Program(name: "dev", command: command))
            #expect(await first.line { $0.contains("ready after") } != nil)
            let state = try #require(DevState.read(in: Files.real(data) ?? data))
            #expect(state.pid == pid)
            #expect(try await Self.sql("CREATE TABLE kept AS SELECT 42 AS n", state) == "SELECT 1")
            let servers = ProcessMark(token: state.token).processes()
            #expect(servers.count >= 3)

            await first.supervisor.send(SIGKILL, to: "dev")
            _ = await first.supervisor.waitForEnd(of: "dev")

            // It waits for the watchdog of the first.
            let second = Observed()
            try await second.supervisor.start(Program(name: "dev", command: command))
            #expect(await second.line { $0.contains("ready after") } != nil)
            #expect(servers.waitUntilEnded(.zero).isEmpty)
            let next = try #require(DevState.read(in: state.data))
            #expect(next.ports == state.ports)
            #expect(try await Self.sql("SELECT n FROM kept", next) == "42")

            await second.supervisor.send(SIGTERM, to: "dev")
            #expect(await second.supervisor.waitForEnd(of: "dev") == .exited(0))
            #expect(ProcessMark(token: state.token).processes().isEmpty)
        }
    }

    @Test func `that cannot start say why, and are gone`() async throws {
        try await withFolder { folder in
            let data = folder + "/data"
            // A folder that PostgreSQL takes for a cluster, and cannot read.
            try Files.makeFolder(data + "/postgres")
            let version = Files.names(in: "/usr/lib/postgresql").compactMap { Int($0) }.max() ?? 15
            try Files.write("\(version)\n", to: data + "/postgres/PG_VERSION")
            let settings = LocalServers(data: data, batonProgram: Self.baton)
            let error = await #expect(throws: LocalServersError.self) { try await settings.start() }
            #expect(error?.code == .serverFailed)
            #expect(error?.detail.contains("postgresql.conf") == true)
            let state = try #require(DevState.read(in: data))
            #expect(ProcessMark(token: state.token).processes().isEmpty)
        }
    }
}
