package import ArgumentParser
import Glibc
import LocalServers
import UnixSignals

/// `baton dev`: private servers and every process, for a laptop and for the tests.
package struct DevCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run everything here: a private PostgreSQL and RabbitMQ, and every process.",
        discussion: """
            The servers listen on this machine only, on ports of their own, and keep their data in one folder. They end with \
            this command, however it ends. A second one beside it takes another --data.
            """)

    @Option(help: "The folder that keeps the data.")
    var data = ".baton"

    @Flag(help: "Start the two servers and nothing else.")
    var servicesOnly = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "A command to run beside them; they stop when it ends, and its exit status is ours.",
            discussion:
                "It finds the servers by BATON_TEST_AMQP_URL, BATON_TEST_MANAGEMENT_URL and BATON_TEST_POSTGRES_URL."))
    var command: [String] = []

    package init() {}

    package func run() async throws {
        Orphans.adopt()
        defer { Orphans.reap() }
        let work = Task { try await development() }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { work.cancel() }
        }
        defer { signals.cancel() }
        let status = try await work.value
        if status != 0 { throw ExitCode(status) }
    }

    /// - Returns: the exit status.
    private func development() async throws -> Int32 {
        var servers = LocalServers(data: data, batonProgram: Environment.ownProgram)
        servers.onEvent = { DevLog.show($0) }
        let running = try await servers.start()
        let result: Result<Int32, any Error>
        do {
            result = .success(try await work(beside: running))
        } catch {
            result = .failure(error)
        }
        await running.stop()
        return try result.get()
    }

    private func work(beside running: RunningServers) async throws -> Int32 {
        if !command.isEmpty { return try await runCommand(beside: running) }
        let state = await running.state
        LiveFolders.ofUser.add(state)
        print("PostgreSQL  \(state.postgresURL())")
        print("RabbitMQ    \(state.amqpURL())")
        print("management  \(state.managementURL())")
        print("ready")
        fflush(nil)
        await untilCancelled()
        return 0
    }

    private func runCommand(beside running: RunningServers) async throws -> Int32 {
        guard let program = Environment.find(command[0]) else {
            throw ValidationError("There is no program \(command[0]).")
        }
        let state = await running.state
        var environment = Environment.inherited
        environment["BATON_TEST_AMQP_URL"] = state.amqpURL()
        environment["BATON_TEST_MANAGEMENT_URL"] = state.managementURL()
        environment["BATON_TEST_POSTGRES_URL"] = state.postgresURL()
        // In our own session: the terminal's interrupt is for both.
        let start = Command(program, Array(command.dropFirst()), environment: environment, ownSession: false)
        let supervisor = running.supervisor
        try await supervisor.start(Program(name: "command", command: start, output: .inherited))
        let status = await withTaskCancellationHandler {
            await supervisor.waitForEnd(of: "command")
        } onCancel: {
            Task { await supervisor.send(SIGTERM, to: "command") }
        }
        return status.shellStatus
    }

    private func untilCancelled() async {
        let (nothing, _) = AsyncStream<Never>.makeStream()
        for await _ in nothing {}
    }
}

/// The process that cleans up after a `baton dev` that was killed; only `baton dev` starts it.
package struct DevWatchCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(commandName: Watchdog.subcommand, shouldDisplay: false)

    @Argument var data: String
    @Argument var token: String
    @Flag var takeOver = false

    package init() {}

    package func run() throws { try Watchdog.run(data: data, token: token, takeOver: takeOver) }
}

/// What `baton dev` tells about its children, on standard error.
enum DevLog {
    static func show(_ event: ChildEvent) {
        switch event {
        case .started: break
        case .line(let name, let text): write("\(name) | \(text)")
        case .ended(let name, let status, let delay):
            guard let delay else { return }
            write("baton dev: \(name) ended with \(status) and is started again in \(delay)")
        case .failedToStart(let name, let error): write("baton dev: \(name) does not start: \(error)")
        }
    }

    private static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        unsafe _ = bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
