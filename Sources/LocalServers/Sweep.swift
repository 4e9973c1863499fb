import Glibc

/// Ends every process that carries a mark: the pipeline's first, while they still have their servers, then the servers.
struct Sweep {
    let mark: ProcessMark
    /// How long each kind may take until it is killed.
    var pipelineGrace: Duration = .seconds(25)
    var serverGrace: Duration = .seconds(15)
    /// RabbitMQ closes its listeners and message stores at once; then its management plugin waits for a process that waits for
    /// it, until a limit of 5 s. What is open after this long, the Raft log and the tables, is made for crashes.
    var brokerGrace: Duration = .seconds(3)

    /// The servers, and the signal that makes each end in good order: PostgreSQL without waiting for its clients.
    static let servers: [String: Int32] = ["postgres": SIGINT, "rabbitmq": SIGTERM, "epmd": SIGTERM]

    /// - Returns: whether nobody is left; one that even SIGKILL does not end is stuck in the kernel.
    @discardableResult
    func run() -> Bool {
        for _ in 0..<20 {
            let all = mark.processes()
            if all.isEmpty { return true }
            let pipeline = all.filter { Self.servers[$0.name] == nil }
            if !pipeline.isEmpty {
                end(pipeline) { _ in (SIGTERM, pipelineGrace) }
                continue
            }
            // The broker says good-bye to its name server, which therefore goes last.
            let servers = all.filter { $0.name != "epmd" }
            end(servers.isEmpty ? all : servers) { process in
                (Self.servers[process.name] ?? SIGTERM, process.name == "rabbitmq" ? brokerGrace : serverGrace)
            }
        }
        return false
    }

    /// Asks each with its signal, and kills those that are there when their time is over.
    private func end(_ processes: [MarkedProcess], _ manner: (MarkedProcess) -> (signal: Int32, grace: Duration)) {
        // Only those on top are asked: RabbitMQ takes the end of its own helpers for a disaster.
        let named = Dictionary(processes.map { ($0.pid, $0.name) }, uniquingKeysWith: { first, _ in first })
        var left = processes.filter { named[$0.parent] != $0.name }
        let helpers = processes.filter { named[$0.parent] == $0.name }
        let began = ContinuousClock.now
        for process in left { process.send(manner(process).signal) }
        while let grace = left.map({ manner($0).grace }).min() {
            left = left.waitUntilEnded(grace - (ContinuousClock.now - began))
            let late = left.filter { manner($0).grace <= grace }
            kill(late)
            left.removeAll { process in late.contains { $0 === process } }
        }
        // They notice by themselves that they are alone.
        kill(helpers.waitUntilEnded(.milliseconds(500)))
    }

    private func kill(_ processes: [MarkedProcess]) {
        for process in processes { process.send(SIGKILL) }
        _ = processes.waitUntilEnded(.seconds(5))
    }
}
