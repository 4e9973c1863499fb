import AMQP
import Foundation
import JSON
import LocalServers

/// What must not grow: the memory and the descriptors of each process, the broker's connections, what waits in queues.
actor Sampler {
    struct Sample: Sendable {
        var memory: [String: Int] = [:]  // MiB
        var descriptors: [String: Int] = [:]
        var connections = 0
        var waiting = 0
    }

    private(set) var samples: [Sample] = []
    private let world: World

    init(_ world: World) { self.world = world }

    func watch() async {
        while !Task.isCancelled {
            await take()
            try? await Task.sleep(for: .seconds(5))
        }
    }

    func take() async {
        var sample = Sample()
        for name in Fleet.names + ["rabbitmq", "postgres"] {
            guard let pid = await world.fleet.pid(name) else { continue }
            sample.descriptors[name] = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
            let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") }
            sample.memory[name] = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 / 1024 }
        }
        guard let connections = try? await world.management.get("connections")?.array,
            let queues = try? await world.management.get("queues", world.setup.topology.virtualHost)?.array
        else { return }
        sample.connections = connections.count
        sample.waiting = queues.filter { Self.isWork($0["name"]?.string ?? "") }.reduce(0) {
            $0 + ($1["messages"]?.int ?? 0)
        }
        samples.append(sample)
    }

    /// What lies in the dead-letter queue is meant to stay, and the firehose keeps everything.
    static func isWork(_ queue: String) -> Bool { !["dead-letter", "firehose", Witness.queue].contains(queue) }

    /// Work that still lies in queues, asked for again until there is none or the time is over.
    func leftovers(within limit: Duration) async -> [String: Int] {
        let deadline = ContinuousClock.now + limit
        while true {
            let queues = try? await world.management.get("queues", world.setup.topology.virtualHost)?.array
            let left = (queues ?? []).filter { Self.isWork($0["name"]?.string ?? "") && $0["messages"]?.int ?? 0 > 0 }
            let counts = Dictionary(left.map { ($0["name"]?.string ?? "", $0["messages"]?.int ?? 0) }) { $1 }
            if queues != nil && counts.isEmpty || ContinuousClock.now > deadline { return counts }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// How something stood soon after the beginning, at its highest, and at the end.
    struct Course: Sendable {
        var what: String
        var first: Int
        var peak: Int
        var last: Int
        /// What it may be at the end.
        var bound: Int
        var isBounded: Bool { last <= bound }
    }

    /// One line for each kind of process, its worst replica's, and the broker's.
    func courses() -> [Course] {
        guard let first = samples.first, let last = samples.last else { return [] }
        let kinds = Fleet.processes + World.domains + ["rabbitmq", "postgres"]
        var courses: [Course] = []
        for kind in kinds {
            func worst(_ values: [String: Int]) -> Int {
                values.filter { $0.key == kind || $0.key.dropLast(2) == kind }.values.max() ?? 0
            }
            let memory = samples.map { worst($0.memory) }
            let start = worst(first.memory)
            courses.append(
                Course(
                    what: "\(kind), MiB", first: start, peak: memory.max() ?? 0, last: worst(last.memory),
                    bound: kind == "rabbitmq" ? 768 : start * 2 + 60))
            let open = samples.map { worst($0.descriptors) }
            courses.append(
                Course(
                    what: "\(kind), descriptors", first: worst(first.descriptors), peak: open.max() ?? 0,
                    last: worst(last.descriptors), bound: worst(first.descriptors) + 20))
        }
        courses.append(
            Course(
                what: "broker's connections", first: first.connections, peak: samples.map(\.connections).max() ?? 0,
                last: last.connections, bound: first.connections + 6))
        courses.append(
            Course(
                what: "messages in work queues", first: first.waiting, peak: samples.map(\.waiting).max() ?? 0,
                last: last.waiting, bound: 0))
        return courses
    }
}
