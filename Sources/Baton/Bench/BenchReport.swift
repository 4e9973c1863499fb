import Foundation
import JSON

/// What one measurement has found.
struct BenchReport {
    let options: BenchOptions
    let repetition: Int
    let tally: BenchTally
    var processes: [String: ProcessWatch.Usage] = [:]
    var peakTotal = 0.0
    var database: DatabaseCounters?
    var broker: BrokerCounters?
    var load: (before: Double?, after: Double?)
    /// Cores that others kept busy meanwhile, and that the host took.
    var foreign: (busy: Double, stolen: Double)?

    private static let servers: Set<String> = ["rabbitmq", "postgres", "epmd"]

    private var wall: Double { tally.wall / .seconds(1) }
    private var tasks: Double { Double(max(tally.tasks, 1)) }
    private var tasksPerSecond: Double { tasks / wall }

    private func cpu(_ isCounted: (String) -> Bool) -> Double {
        processes.filter { isCounted($0.key) }.values.reduce(0) { $0 + $1.cpuSeconds }
    }

    /// All of it: processes, servers and the asking.
    private var cpuPerTask: Double? { processes.isEmpty ? nil : cpu { _ in true } / tasks * 1000 }

    // MARK: For programs

    /// Names that other load testers of such systems have, too, mean the same: `cpu_s_total` is without the servers.
    var json: JSONValue {
        var fields: [(String, JSONValue)] = [
            ("peer", .string(options.label)), ("version", .string(VersionCommand.number)),
            ("workload", .string(options.workload.rawValue)), ("n", .number(JSONNumber(options.workflows))),
            ("rep", .number(JSONNumber(repetition))),
            ("workflows_per_s", .measured(Double(tally.ended) / wall)), ("tasks_per_s", .measured(tasksPerSecond)),
            ("p50_ms", .measured(headline?.percentile(50))), ("p99_ms", .measured(headline?.percentile(99))),
            ("wall_s", .measured(wall)), ("first_tenth_s", .measured(tally.firstTenth.map { $0 / .seconds(1) })),
            ("revisions", .number(JSONNumber(tally.revisions))),
        ]
        fields += tally.step.fields("step") + tally.firstRevision.fields("first_revision")
        fields += tally.completion.fields("completed") + tally.lag.fields("revision_lag")
        if options.workload == .partial { fields.append(("all_ms", .measured(tally.completion.percentile(50)))) }
        if !processes.isEmpty {
            fields += [
                ("cpu_s_total", .measured(cpu { !Self.servers.contains($0) })),
                ("cpu_s_workers", .measured(cpu { !Self.servers.contains($0) && $0 != "bench" })),
                ("cpu_s_client", .measured(processes["bench"]?.cpuSeconds)),
                ("cpu_ms_per_task", .measured(cpuPerTask)), ("peak_rss_mb_total", .measured(peakTotal)),
            ]
            for (name, usage) in processes.sorted(by: { $0.key < $1.key }) {
                fields.append(("cpu_s_\(name)", .measured(usage.cpuSeconds)))
                fields.append(("peak_rss_mb_\(name)", .measured(usage.peakMegabytes)))
            }
        }
        fields += [("load_before", .measured(load.before)), ("load_after", .measured(load.after))]
        if let foreign {
            fields += [("foreign_cores", .measured(foreign.busy)), ("steal_cores", .measured(foreign.stolen))]
        }
        fields += perTask.map { ($0.name, .measured($0.value)) }
        fields.append(("settings", settings))
        return .object(JSONObject(fields))
    }

    private var settings: JSONValue {
        [
            "concurrency": .number(JSONNumber(options.inFlight)),
            "tasks": .number(JSONNumber(options.tasks ?? options.workload.usualTasks)),
            "payload": .number(JSONNumber(options.payload)),
        ]
    }

    /// What `p50_ms` means depends on the workload.
    private var headline: Latencies? {
        switch options.workload {
        case .single, .approval: tally.completion
        case .chain: tally.step
        case .partial: tally.firstRevision
        case .fan, .mixed: nil
        }
    }

    private var perTask: [(name: String, value: Double)] {
        var figures: [(String, Double)] = []
        if let broker {
            figures.append(("broker_bytes_per_task", Double(broker.bytes) / tasks))
            // A broker that keeps no rates does not count messages, either.
            if broker.published > 0 {
                figures += [
                    ("publishes_per_task", Double(broker.published) / tasks),
                    ("queue_messages_per_task", Double(broker.queued) / tasks),
                ]
            }
        }
        if let database {
            figures += [
                ("transactions_per_task", Double(database.transactions) / tasks),
                ("rows_per_task", Double(database.rows) / tasks),
                ("wal_bytes_per_task", Double(database.walBytes) / tasks),
            ]
        }
        return figures
    }

    // MARK: For people

    var text: String {
        var lines = [
            "\(options.workload.rawValue): \(tally.ended) workflows, \(tally.tasks) tasks in \(Self.number(wall)) s",
            "  \(Self.number(Double(tally.ended) / wall)) workflows/s   \(Self.number(tasksPerSecond)) tasks/s"
                + (tally.firstTenth.map { "   first tenth after \(Self.number($0 / .seconds(1))) s" } ?? ""),
            "",
        ]
        var latencies = TextTable(columns: [
            .init("MILLISECONDS"), .init("P50", isNumeric: true), .init("P90", isNumeric: true),
            .init("P99", isNumeric: true), .init("MAX", isNumeric: true),
        ])
        for (name, measured) in [
            ("submit to first revision", tally.firstRevision), ("submit to completed", tally.completion),
            ("task ended to next started", tally.step), ("revision behind its artifact", tally.lag),
        ] where measured.count > 0 {
            let percentiles = [50, 90, 99].map { Self.number(measured.percentile($0) ?? 0) }
            latencies.rows.append([name] + percentiles + [Self.number(measured.greatest ?? 0)])
        }
        lines.append(latencies.text(.current()))
        if !processes.isEmpty { lines.append(usage) }
        for figure in perTask {
            lines.append("  \(figure.name.replacing("_", with: " ")): \(Self.number(figure.value))")
        }
        if let foreign {
            lines.append("  others kept \(Self.number(foreign.busy)) cores busy meanwhile")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var usage: String {
        var table = TextTable(columns: [
            .init("PROCESS"), .init("CPU S", isNumeric: true), .init("MS PER TASK", isNumeric: true),
            .init("PEAK MB", isNumeric: true),
        ])
        for (name, usage) in processes.sorted(by: { $0.value.cpuSeconds > $1.value.cpuSeconds }) {
            let perTask = Self.number(usage.cpuSeconds / tasks * 1000)
            table.rows.append([name, Self.number(usage.cpuSeconds), perTask, Self.number(usage.peakMegabytes)])
        }
        table.rows.append([
            "all", Self.number(cpu { _ in true }), Self.number(cpuPerTask ?? 0), Self.number(peakTotal),
        ])
        return table.text(.current())
    }

    private static func number(_ value: Double) -> String {
        String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value)
    }
}
