import Glibc

/// Ends every process that carries a mark: the pipeline's first, while they still have their servers, then the servers.
struct Sweep {
    let mark: ProcessMark
    /// How long each kind may take until it is killed.
    var pipelineGrace: Duration = .seconds(25)
    var serverGrace: Duration = .seconds(15)

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
                end(pipeline, grace: pipelineGrace) { _ in SIGTERM }
                continue
            }
            // The broker says good-bye to its name server, which therefore goes last.
            let servers = all.filter { $0.name != "epmd" }
            end(servers.isEmpty ? all : servers, grace: serverGrace) { Self.servers[$0.name] ?? SIGTERM }
        }
        return false
    }

    private func end(_ processes: [MarkedProcess], grace: Duration, by signal: (MarkedProcess) -> Int32) {
        // Only those on top are asked: RabbitMQ takes the end of its own helpers for a disaster.
        let named = Dictionary(processes.map { ($0.pid, $0.name) }, uniquingKeysWith: { first, _ in first })
        let (top, helpers) = (
            processes.filter { named[$0.parent] != $0.name }, processes.filter { named[$0.parent] == $0.name }
        )
        for process in top { process.send(signal(process)) }
        var left = top.waitUntilEnded(grace)
        left += helpers.waitUntilEnded(left.isEmpty ? .milliseconds(500) : .zero)
        for process in left { process.send(SIGKILL) }
        _ = left.waitUntilEnded(.seconds(5))
    }
}
