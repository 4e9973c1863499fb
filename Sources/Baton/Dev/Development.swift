import ArgumentParser
import Foundation
import LocalServers
import Provisioning

/// One run of `baton dev`, from the first server to the last good-bye.
struct Development {
    let options: DevOptions
    let command: [String]
    private let log: DevLog
    private let setup: PipelineSetup?
    private let skills: [String]
    private let ready = ReadySet()

    init(options: DevOptions, command: [String]) throws {
        self.options = options
        self.command = command
        setup = options.servicesOnly ? nil : try PipelineSetup(topology: options.topology)
        skills = try Self.skillFolders(options)
        var log = DevLog(output: options.output)
        if !command.isEmpty {
            log.folder = URL(fileURLWithPath: options.data).appendingPathComponent("logs").path
            if Environment.find(command[0]) == nil { throw ValidationError("There is no program \(command[0]).") }
        }
        self.log = log
    }

    private static func skillFolders(_ options: DevOptions) throws -> [String] {
        let manager = FileManager.default
        if options.skills.isEmpty { return manager.fileExists(atPath: "skills") ? ["skills"] : [] }
        for folder in options.skills where !manager.fileExists(atPath: folder) {
            throw ValidationError("There is no folder \(folder).")
        }
        return options.skills.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    }

    /// - Returns: the exit status.
    func run() async throws -> Int32 {
        if let folder = log.folder {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        var servers = LocalServers(data: options.data, batonProgram: Environment.ownProgram)
        servers.onEvent = { [log, ready] event in
            ready.note(event)
            log.show(event)
        }
        let began = ContinuousClock.now
        servers.prepareState = { [setup] in setup?.choosePasswords(&$0) }
        let (running, prepared) = try await servers.start { try await makeDatabases($0) }
        let result: Result<Int32, any Error>
        do {
            result = .success(try await work(beside: running, prepared, since: began))
        } catch {
            result = .failure(error)
        }
        if command.isEmpty { log.say("stopping") }
        await running.stop()
        return try result.get()
    }

    /// - Parameter prepared: what the preparation printed.
    private func work(
        beside running: RunningServers, _ prepared: [String: String], since began: ContinuousClock.Instant
    ) async throws -> Int32 {
        if let setup { try await startPipeline(setup, running, prepared) }
        let state = await running.state
        LiveFolders.ofUser.add(state)
        if !command.isEmpty { return try await runCommand(beside: running, prepared) }
        announce(state, after: ContinuousClock.now - began)
        await untilCancelled()
        return 0
    }

    // MARK: The pipeline

    /// Ours and the one that the preparation makes; as soon as PostgreSQL answers.
    private func makeDatabases(_ state: DevState) async throws -> [String: String] {
        guard let setup else { return [:] }
        async let made: Void = setup.setUpDatabase(state)
        async let printed = prepare(state)
        try await made
        return try await printed
    }

    private func startPipeline(_ setup: PipelineSetup, _ running: RunningServers, _ prepared: [String: String])
        async throws
    {
        try await setup.setUpBroker(await running.state)
        let virtualHost = setup.topology.virtualHost
        try await running.update { $0.settings = $0.commandLineSettings(virtualHost: virtualHost) }
        let published = await running.state
        let skills = SkillFolders(skills)
        let steps = DevSteps(token: published.token, log: log)
        for folder in skills.folders {
            try await steps.run("skills", ["skills", "sync", folder], environment: published.settings)
        }
        let processes = DevProcess.all(options, domains: skills.byDomain, prepared: prepared)
        for process in processes {
            try await running.supervisor.start(process.program(published, setup.topology))
        }
        for name in await ready.wait(for: processes.map(\.name), .seconds(20)) { log.say("\(name) is not ready yet") }
        try Task.checkCancellation()
    }

    private func prepare(_ state: DevState) async throws -> [String: String] {
        guard let program = options.prepare else { return [:] }
        guard let found = Environment.find(program) else { throw ValidationError("There is no program \(program).") }
        return try await DevSteps(token: state.token, log: log).variables(
            from: found, environment: ["BATON_DEV_POSTGRES_URL": state.postgresURL()])
    }

    // MARK: Until the end

    private func announce(_ state: DevState, after time: Duration) {
        if options.output == .json {
            log.write(["event": "ready", "data": .string(state.data)])
            return
        }
        if options.servicesOnly {
            log.say("PostgreSQL  \(state.postgresURL())")
            log.say("RabbitMQ    \(state.amqpURL())")
            log.say("management  \(state.managementURL())")
        }
        log.say(
            "ready after \(time.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1)))) in \(state.data)"
        )
    }

    private func runCommand(beside running: RunningServers, _ prepared: [String: String]) async throws -> Int32 {
        guard let program = Environment.find(command[0]) else {
            throw ValidationError("There is no program \(command[0]).")
        }
        let state = await running.state
        let variables = prepared.filter { !$0.key.hasPrefix("BATON_") }
        var environment = Environment.inherited.merging(variables) { $1 }.merging(state.settings) { $1 }
        environment["BATON_TEST_AMQP_URL"] = state.amqpURL()
        environment["BATON_TEST_MANAGEMENT_URL"] = state.managementURL()
        environment["BATON_TEST_POSTGRES_URL"] = state.postgresURL()
        // In our own session: the terminal's interrupt is for both.
        let start = Command(program, Array(command.dropFirst()), environment: environment, ownSession: false)
        let supervisor = running.supervisor
        try await supervisor.start(Program(name: "command", command: start, output: .inherited))
        let status = await supervisor.waitForEnd(of: "command", whenCancelled: SIGTERM)
        return status.shellStatus
    }

    private func untilCancelled() async {
        let (nothing, _) = AsyncStream<Never>.makeStream()
        for await _ in nothing {}
    }
}
