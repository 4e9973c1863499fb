import AMQP
import Contracts
import Engine
import Foundation
import Glibc
import JSON
import LocalServers
import Postgres
import Store
import Topology

/// One `baton bench` against a system that runs.
struct BenchRun {
    let options: BenchOptions
    let broker: AMQPSettings
    let services: ServiceOptions
    let output: OutputOptions

    func perform() async throws {
        let shapes = options.workload.shapes(tasks: options.tasks ?? options.workload.usualTasks)
        let load = BenchLoad(
            broker: broker, shapes: shapes, sendsPlans: try await !register(shapes),
            concurrency: options.inFlight, payload: options.payload, patience: .seconds(options.patience),
            hearsArtifacts: options.workload == .partial || options.workload == .mixed)
        do {
            if options.warmUp > 0 { _ = try await load.run(options.warmUp) { _ in } }
            for repetition in 0..<options.repeat { show(try await measure(load, repetition)) }
        } catch let failure as BenchLoad.Failure {
            throw CommandFailure(ExitStatus.failed, failure.description)
        }
    }

    /// - Returns: whether there is a database to register them in.
    private func register(_ shapes: [Shape]) async throws -> Bool {
        guard services.hasDatabase else { return false }
        try await services.withStore { store in
            for shape in shapes {
                let row = DefinitionRow(
                    workspace: "default", name: shape.name, version: 1,
                    digest: SHA256.hex(shape.definition.canonicalText), definition: shape.definition,
                    source: shape.definition.text, actor: ActorOptions.userName)
                if case .conflict = try await store.register(row) {
                    throw CommandFailure(
                        ExitStatus.failed,
                        "\(shape.name)@1 is registered with other content, by another version of baton.")
                }
            }
        }
        return true
    }

    private func measure(_ load: BenchLoad, _ repetition: Int) async throws -> BenchReport {
        let watch = token.map { ProcessWatch(token: $0) }
        let counters = try await ServerReader(services).read(after: repetition == 0 ? BrokerCounters.interval : .zero)
        let loadBefore = ProcessMeter.load()
        await watch?.begin()
        let (machine, began) = (ProcessMeter.machine(), ContinuousClock.now)
        let tally = try await load.run(options.workflows, progress: tell)
        let (machineAfter, span) = (ProcessMeter.machine(), (ContinuousClock.now - began) / .seconds(1))
        let processes = await watch?.end() ?? [:]
        clearProgress()
        var report = BenchReport(
            options: options, repetition: repetition, tally: tally, load: (loadBefore, ProcessMeter.load()))
        report.processes = processes
        report.peakTotal = await watch?.peakTotal ?? 0
        if !processes.isEmpty {
            let own = processes.values.reduce(0) { $0 + $1.cpuSeconds }
            report.foreign = (
                max(0, machineAfter.busy - machine.busy - own) / span, (machineAfter.stolen - machine.stolen) / span
            )
        }
        let after = try await ServerReader(services).read(after: BrokerCounters.interval)
        if let before = counters.database, let after = after.database { report.database = after - before }
        if let before = counters.broker, let after = after.broker { report.broker = after - before }
        return report
    }

    /// Of the `baton dev` that is measured: that which started us, or that which runs here.
    private var token: String? {
        let mark = ProcessInfo.processInfo.environment[ProcessMark.variable]
        if let token = mark?.split(separator: "/").first { return String(token) }
        return try? DevState.find(data: services.data).token
    }

    // MARK: What people see

    private func show(_ report: BenchReport) { output.show(report.text, report.json) }

    private func tell(_ tally: BenchTally) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let seconds = (ContinuousClock.now - tally.began) / .seconds(1)
        let rate = Int(Double(tally.tasks) / max(seconds, 0.001))
        let line = "\(options.workload.rawValue)  \(tally.ended) of \(tally.count) workflows  \(rate) tasks/s"
        FileHandle.standardError.write(Data("\r\u{1b}[K\(line)".utf8))
    }

    private func clearProgress() {
        if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }
}

/// The servers' own counters, as far as they can be had.
private struct ServerReader {
    let services: ServiceOptions

    init(_ services: ServiceOptions) { self.services = services }

    /// - Parameter pause: so that what was counted meanwhile is in them.
    func read(after pause: Duration) async throws -> (database: DatabaseCounters?, broker: BrokerCounters?) {
        let management = services.management
        if management != nil { try await Task.sleep(for: pause) }
        var database: DatabaseCounters?
        if services.hasDatabase { database = try await DatabaseCounters.read(try services.database()) }
        var broker: BrokerCounters?
        if let management, let settings = try? ManagementSettings(url: management) {
            broker = try? await BrokerCounters.read(ManagementAPI(settings))
        }
        return (database, broker)
    }
}
