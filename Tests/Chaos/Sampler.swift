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

    private var samples: [Sample] = []
    /// Taken at rest, when nothing is asked for any more.
    private var lastly: [Sample] = []
    private let world: World

    init(_ world: World) { self.world = world }

    func watch() async {
        while !Task.isCancelled {
            await take()
            try? await Task.sleep(for: .seconds(5))
        }
    }

    /// What it came to: several samples, for one may meet what is just coming or going.
    func end() async {
        let before = samples.count
        for _ in 0..<20 where samples.count < before + Self.few {
            await take()
            try? await Task.sleep(for: .seconds(1))
        }
        lastly = Array(samples.dropFirst(before))
    }

    /// So many make up the beginning, and the end.
    private static let few = 5

    private func take() async {
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
        let kinds = Fleet.processes + World.domains + ["rabbitmq", "postgres"]
        var courses: [Course] = []
        for kind in kinds {
            func worst(_ values: [String: Int]) -> Int? {
                values.filter { $0.key == kind || $0.key.dropLast(2) == kind }.values.max()
            }
            courses.append(
                course("\(kind), MiB", { worst($0.memory) }) { kind == "rabbitmq" ? 768 : $0 * 2 + 60 })
            courses.append(course("\(kind), descriptors", { worst($0.descriptors) }) { $0 + 20 })
        }
        courses.append(course("broker's connections", \.connections) { $0 + 10 })
        // What lies there for good is there each time; what is on its way is not.
        let stays = lastly.map(\.waiting).min() ?? 0
        var waiting = course("messages in work queues", \.waiting) { _ in 0 }
        waiting.last = stays
        return courses + [waiting]
    }

    /// The medians of the beginning and of the end; a replica that was down when a sample was taken has no value in it.
    private func course(_ what: String, _ value: (Sample) -> Int?, bound: (Int) -> Int) -> Course {
        let values = samples.compactMap(value)
        let first = Self.median(values.prefix(Self.few))
        return Course(
            what: what, first: first, peak: values.max() ?? 0, last: Self.median(lastly.compactMap(value)),
            bound: bound(first))
    }

    private static func median(_ values: some Collection<Int>) -> Int {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }
}
