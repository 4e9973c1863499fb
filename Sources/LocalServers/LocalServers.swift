import Glibc
import Logging

/// A PostgreSQL and a RabbitMQ of one's own, in a folder: never the system's, reachable from this machine only, gone with
/// the process that started them.
package struct LocalServers: Sendable {
    /// Where everything is kept: the servers' data, the objects, `state.json`.
    package var data: String
    /// The program that runs ``Watchdog``: `baton` itself.
    package var batonProgram: String
    /// How long the servers may take to answer.
    package var startTimeout: Duration = .seconds(60)
    /// Changes what the folder remembers, before anything starts.
    package var prepareState: @Sendable (inout DevState) -> Void = { _ in }
    /// What the children do; on the supervisor's thread.
    package var onEvent: @Sendable (ChildEvent) -> Void = { _ in }

    package init(data: String, batonProgram: String) {
        self.data = data
        self.batonProgram = batonProgram
    }

    /// Starts both, after whatever a killed predecessor left behind has been ended.
    package func start() async throws -> RunningServers {
        try await start { _ in }.servers
    }

    /// The same, with something that needs PostgreSQL only: RabbitMQ takes seconds longer.
    ///
    /// - Parameter meanwhile: when it throws, the servers are stopped.
    package func start<Value: Sendable>(
        meanwhile: @Sendable @escaping (DevState) async throws -> Value
    ) async throws -> (servers: RunningServers, value: Value) {
        try Files.makeFolder(data)
        guard let data = Files.real(data) else { throw LocalServersError.system("find \(data)") }
        guard let lock = try FileLock(DevState.lockPath(in: data)) else {
            let pid = DevState.read(in: data)?.pid ?? 0
            throw LocalServersError(
                .alreadyRunning, "a baton dev (process \(pid)) already works in \(data); another takes another --data")
        }
        var state = try prepareState(data)
        try state.write()
        let mark = ProcessMark(token: state.token)
        let supervisor = Supervisor(mark: mark, onEvent: onEvent)
        let lifeline = Lifeline(program: batonProgram, data: data, token: state.token)
        try await lifeline.start()
        do {
            // Only now are the predecessor's ports free again.
            state.ports = DevState.Ports(try Ports.free(6, preferred: state.ports.all))
            try state.write()
            let final = state
            async let rabbit: Void = startRabbit(final, supervisor)
            async let value = {
                try await startPostgres(final, supervisor)
                return try await meanwhile(final)
            }()
            try await rabbit
            let servers = RunningServers(state: final, supervisor: supervisor, lock: lock, lifeline: lifeline)
            return (servers, try await value)
        } catch {
            await supervisor.stopRestarting()
            // It would first boot to the end, which takes seconds, and then stop. Nobody has used it yet.
            await supervisor.send(SIGKILL, to: "rabbitmq")
            await lifeline.end()
            await supervisor.waitForAll()
            throw error
        }
    }

    private func prepareState(_ data: String) throws(LocalServersError) -> DevState {
        var state =
            DevState.read(in: data)
            ?? DevState(
                data: data, token: RandomText.hex(bytes: 16), pid: 0,
                ports: DevState.Ports(Array(repeating: 0, count: 6)),
                passwords: [:], settings: [:])
        // A copy of a folder is another folder.
        if state.data != data { state.token = RandomText.hex(bytes: 16) }
        state.data = data
        state.pid = getpid()
        state.settings = [:]
        _ = state.password(of: "postgres")
        _ = state.password(of: DevState.administrator)
        prepareState(&state)
        return state
    }

    private func startPostgres(_ state: DevState, _ supervisor: Supervisor) async throws {
        let server = try PostgresServer(
            folder: state.data + "/postgres", port: state.ports.postgres, password: state.passwords["postgres"] ?? "")
        let log = state.data + "/postgres.log"
        if !server.isMade { try await server.make(supervisor, log: log) }
        try await supervisor.start(server.program(log: log))
        let probe = Probe()
        try await waitUntilReady("postgres", "PostgreSQL", supervisor, logs: [log]) {
            await probe.postgresIsReady(port: state.ports.postgres)
        }
        await supervisor.keepRunning("postgres")
    }

    private func startRabbit(_ state: DevState, _ supervisor: Supervisor) async throws {
        let server = try RabbitServer(
            folder: state.data + "/rabbitmq", ports: state.ports,
            password: state.passwords[DevState.administrator] ?? "")
        try server.configure()
        try await supervisor.start(server.names)
        try await supervisor.start(server.node)
        let probe = Probe()
        let logs = [server.folder + "/log/baton@localhost.log", server.log]
        try await waitUntilReady("rabbitmq", "RabbitMQ", supervisor, logs: logs) {
            guard await probe.rabbitIsReady(port: state.ports.amqp) else { return false }
            return await probe.managementIsReady(port: state.ports.management)
        }
        try server.rememberFirstStart()
        await supervisor.keepRunning("epmd")
        await supervisor.keepRunning("rabbitmq")
    }

    private func waitUntilReady(
        _ name: String, _ title: String, _ supervisor: Supervisor, logs: [String], _ isReady: () async -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + startTimeout
        while await !isReady() {
            let end = await supervisor.end(of: name)
            guard end == nil, ContinuousClock.now < deadline else {
                let what = end.map { "ended with \($0)" } ?? "does not answer"
                let log = logs.map { Files.tail($0) }.joined(separator: "\n")
                throw LocalServersError(.serverFailed, "\(title) \(what); its log says:\n\(log)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
