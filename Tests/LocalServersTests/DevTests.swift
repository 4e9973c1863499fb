import Glibc
import JSON
import Testing

@testable import LocalServers

/// The whole of `baton dev`, as a user starts it.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct `A baton dev` {
    /// Its environment: the home is the folder, so that no other run is found or told.
    private func dev(_ arguments: [String], in folder: String) -> Program {
        let environment = Environment.plain.merging(["SWIFT_BACKTRACE": "enable=no", "HOME": folder]) { $1 }
        let command = Command(
            `Private servers`.baton, ["dev"] + arguments, environment: environment, folder: folder)
        return Program(name: "dev", command: command)
    }

    private func variables(of process: MarkedProcess) -> [String: String] {
        let entries = (Files.read("/proc/\(process.pid)/environ") ?? []).split(separator: 0)
        return Dictionary(
            entries.map { String(decoding: $0, as: UTF8.self).split(separator: "=", maxSplits: 1).map(String.init) }
                .filter { $0.count == 2 }.map { ($0[0], $0[1]) }
        ) { $1 }
    }

    @Test func `runs each process as its own user, starts one that was killed again, and leaves nobody behind`()
        async throws
    {
        try await withFolder { folder in
            let skill = folder + "/skills/payments.nothing"
            try Files.makeFolder(skill)
            try Files.write(
                """
                id: payments.nothing
                domain: payments
                title: Nothing at all
                version: 1
                handler: { command: { run: ["true"] } }

                """, to: skill + "/skill.yaml")
            let observed = Observed()
            try await observed.supervisor.start(dev(["--output", "json"], in: folder))
            #expect(await observed.line { $0.contains("\"event\":\"ready\"") } != nil)

            // A second shell, somewhere below.
            let live = LiveFolders(registry: nil)
            let state = try DevState.find(data: nil, from: skill, among: live)
            #expect(state.settings["BATON_AMQP_URL"]?.hasPrefix("amqp://operator:") == true)
            #expect(state.settings["BATON_DATABASE_URL"]?.hasPrefix("postgresql://baton_cli:") == true)

            let mark = ProcessMark(token: state.token)
            // Without their helpers, such as the guard of an executor's commands.
            let marked = mark.processes()
            let processes = marked.filter { process in
                Sweep.servers[process.name] == nil && !marked.contains { $0.pid == process.parent }
            }
            let users = ["planner", "dispatcher", "gatherer", "notifier", "api", "payments"]
            #expect(Set(processes.map(\.name)).isSubset(of: users) && processes.count >= 4)
            for process in processes {
                let variables = variables(of: process)
                let user = process.name == "payments" ? "executor-payments" : process.name
                #expect(variables["BATON_AMQP_URL"]?.hasPrefix("amqp://\(user):") == true)
                #expect((variables["BATON_DATABASE_URL"] == nil) == (process.name == "payments"))
                #expect(!variables.values.contains { $0.contains(state.passwords["postgres"] ?? "") })
                #expect(!variables.values.contains { $0.contains(state.passwords[DevState.administrator] ?? "") })
                let words = String(decoding: Files.read("/proc/\(process.pid)/cmdline") ?? [], as: UTF8.self)
                #expect(!words.contains("://"))
            }

            let planner = try #require(processes.first { $0.name == "planner" })
            planner.send(SIGKILL)
            #expect(await observed.line { $0.contains("planner ended with signal 9") } != nil)
            #expect(await observed.line { $0.contains("\"process\":\"planner\"") && $0.contains("Ready") } != nil)
            #expect(mark.processes().contains { $0.name == "planner" && $0.pid != planner.pid })

            await observed.supervisor.send(SIGINT, to: "dev")
            #expect(await observed.supervisor.waitForEnd(of: "dev") == .exited(0))
            #expect(mark.processes().isEmpty)
            #expect(throws: LocalServersError.self) { try DevState.find(data: nil, from: skill, among: live) }
        }
    }

    @Test func `runs a command beside the servers, and hands its exit status on`() async throws {
        try await withFolder { folder in
            let observed = Observed()
            let script = "echo url $BATON_TEST_POSTGRES_URL; exit 7"
            try await observed.supervisor.start(
                dev(["--services-only", "--data", "servers", "--", "sh", "-c", script], in: folder))
            let line = await observed.line { $0.hasPrefix("url ") }
            let state = try #require(DevState.read(in: folder + "/servers"))
            #expect(line == "url " + state.postgresURL())
            #expect(await observed.supervisor.waitForEnd(of: "dev") == .exited(7))
            #expect(ProcessMark(token: state.token).processes().isEmpty)
        }
    }

    @Test(arguments: [
        ["--", "no-such-program"], ["--skills", "nowhere"], ["--topology", "nowhere"], ["--executors", "0"],
    ])
    func `says what is wrong with its options before it starts anything`(arguments: [String]) async throws {
        try await withFolder { folder in
            let observed = Observed()
            try await observed.supervisor.start(dev(arguments, in: folder))
            #expect(await observed.supervisor.waitForEnd(of: "dev") != .exited(0))
            #expect(Files.names(in: folder).isEmpty)
        }
    }
}
