/// For those who break servers on purpose: more of them, and whether they answer.
extension RunningServers {
    /// Another PostgreSQL beside the first, with the same administrator and password; it ends with the others.
    ///
    /// - Parameters:
    ///   - name: of the process, unique among the children.
    ///   - folder: for its cluster; above it there has to be one.
    /// - Returns: its port.
    package func startPostgres(_ name: String, in folder: String) async throws -> UInt16 {
        let port = try Ports.free(1, preferred: [])[0]
        let log = folder + ".log"
        let server = try PostgresServer(folder: folder, port: port, password: state.passwords["postgres"] ?? "")
        if !server.isMade { try await server.make(supervisor, log: log) }
        var program = server.program(log: log)
        program.name = name
        try await supervisor.start(program)
        let probe = Probe()
        let deadline = ContinuousClock.now + .seconds(60)
        while await !probe.postgresIsReady(port: port) {
            guard await supervisor.end(of: name) == nil, ContinuousClock.now < deadline else {
                throw LocalServersError(.serverFailed, "\(name) does not answer; its log says:\n\(Files.tail(log))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return port
    }

    /// Waits until a PostgreSQL takes connections.
    package nonisolated func waitForPostgres(port: UInt16) async throws {
        let probe = Probe()
        while await !probe.postgresIsReady(port: port) { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Waits until a RabbitMQ takes connections.
    package nonisolated func waitForRabbit(port: UInt16) async throws {
        let probe = Probe()
        while await !probe.rabbitIsReady(port: port) { try await Task.sleep(for: .milliseconds(20)) }
    }
}
