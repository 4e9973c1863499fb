import Foundation
import Glibc
import LocalServers

/// What the processes of a `baton dev` take: processor time and resident memory, read from /proc.
struct ProcessMeter {
    /// One kind of process: all that descend from those that `baton dev` started under this name.
    struct Figures {
        /// Of the processes and of those of their children that have ended, since they began.
        var cpuSeconds = 0.0
        var residentMegabytes = 0.0
    }

    private struct Process {
        var parent: Int
        var cpuSeconds: Double
        var residentMegabytes: Double
    }

    /// Marks the environment of all that belong to one `baton dev`.
    let token: String
    /// What is known to be marked, by process id; a process keeps its name.
    private var names: [Int: String] = [:]
    private var looked: Set<Int> = []

    init(token: String) { self.token = token }

    /// By the name that `baton dev` gave: `dispatcher`, `rabbitmq`, a domain …; `bench` is this process.
    mutating func read() -> [String: Figures] {
        var processes: [Int: Process] = [:]
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            if let pid = Int(entry), let process = Self.process(pid) { processes[pid] = process }
        }
        names = names.filter { processes[$0.key] != nil }
        looked.formIntersection(processes.keys)
        names[Int(getpid())] = "bench"
        for pid in processes.keys where looked.insert(pid).inserted && names[pid] == nil {
            if let name = mark(of: pid) { names[pid] = name }
        }
        var figures: [String: Figures] = [:]
        for (pid, process) in processes {
            guard let name = name(of: pid, processes) else { continue }
            figures[name, default: Figures()].cpuSeconds += process.cpuSeconds
            figures[name, default: Figures()].residentMegabytes += process.residentMegabytes
        }
        return figures
    }

    /// Its own, or that of the nearest ancestor that has one: a server's workers overwrite their environment.
    private func name(of pid: Int, _ processes: [Int: Process]) -> String? {
        var place = pid
        while let process = processes[place] {
            if let name = names[place] { return name }
            place = process.parent
        }
        return nil
    }

    private func mark(of pid: Int) -> String? {
        let prefix = Array("\(ProcessMark.variable)=\(token)/".utf8)
        guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return nil }
        let entry = environment.split(separator: 0).first { $0.starts(with: prefix) }
        return entry.map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
    }

    private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    private static let page = Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6

    /// “pid (program) state parent …”, and a program's name may hold anything.
    private static func process(_ pid: Int) -> Process? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let text = String(validating: data, as: UTF8.self), let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let parent = Int(fields[1]), let pages = Double(fields[21]) else { return nil }
        let times = fields[11...14].compactMap { Double($0) }
        return Process(
            parent: parent, cpuSeconds: times.reduce(0, +) / ticks, residentMegabytes: pages * page)
    }

    /// Seconds that the whole machine was busy since it was started, and that its host took from it.
    static func machine() -> (busy: Double, stolen: Double) {
        guard
            let text = FileManager.default.contents(atPath: "/proc/stat").map({ String(decoding: $0, as: UTF8.self) }),
            let line = text.split(separator: "\n").first
        else { return (0, 0) }
        let fields = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard fields.count > 7 else { return (0, 0) }
        return ((fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) / ticks, fields[7] / ticks)
    }

    /// The load average of the last minute.
    static func load() -> Double? {
        FileManager.default.contents(atPath: "/proc/loadavg").flatMap {
            String(decoding: $0, as: UTF8.self).split(separator: " ").first.flatMap { Double($0) }
        }
    }
}

/// Reads a ``ProcessMeter`` before, while and after something runs.
actor ProcessWatch {
    /// What one kind of process took.
    struct Usage: Sendable {
        var cpuSeconds: Double
        var peakMegabytes: Double
    }

    private var meter: ProcessMeter
    private var before: [String: ProcessMeter.Figures] = [:]
    private var peaks: [String: Double] = [:]
    private(set) var peakTotal = 0.0
    private var sampling: Task<Void, Never>?

    init(token: String) { meter = ProcessMeter(token: token) }

    func begin() {
        before = meter.read()
        note(before)
        sampling = Task { [weak self] in
            while (try? await Task.sleep(for: .milliseconds(500))) != nil { await self?.sample() }
        }
    }

    func end() -> [String: Usage] {
        sampling?.cancel()
        let after = meter.read()
        note(after)
        return Dictionary(
            uniqueKeysWithValues: after.map { name, figures in
                let taken = figures.cpuSeconds - (before[name]?.cpuSeconds ?? 0)
                return (name, Usage(cpuSeconds: max(0, taken), peakMegabytes: peaks[name] ?? 0))
            })
    }

    private func sample() { note(meter.read()) }

    private func note(_ figures: [String: ProcessMeter.Figures]) {
        for (name, figure) in figures { peaks[name] = max(peaks[name] ?? 0, figure.residentMegabytes) }
        peakTotal = max(peakTotal, figures.values.reduce(0) { $0 + $1.residentMegabytes })
    }
}
