import Foundation
import Glibc
import IOThread
import LocalServers
import Provisioning
import Store
import Topology

/// What the children did, as it happened.
final class Journal: Sendable {
    struct End: Sendable {
        let name: String
        let status: ExitStatus
        let at: ContinuousClock.Instant
    }

    private struct Noted {
        var ready: Set<String> = []
        var ends: [End] = []
    }

    private let lock = Lock()
    nonisolated(unsafe) private var noted = Noted()  // guarded by `lock`
    let logs: String

    init(logs: String) {
        self.logs = logs
        try? FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
    }

    func note(_ event: ChildEvent) {
        lock.withLock {
            switch event {
            case .ready(let name): unsafe noted.ready.insert(name)
            case .ended(let name, let status, _):
                unsafe noted.ready.remove(name)
                unsafe noted.ends.append(End(name: name, status: status, at: .now))
            default: break
            }
        }
    }

    func isReady(_ name: String) -> Bool { lock.withLock { unsafe noted.ready.contains(name) } }
    var ends: [End] { lock.withLock { unsafe noted.ends } }
}

/// The processes of the pipeline, two of each, every one with its own user of the broker and its own role in the database.
struct Fleet: Sendable {
    let servers: RunningServers
    let journal: Journal
    let baton: String
    let skills: String
    /// The servers as replica 1 and replica 2 see them: through their doors.
    let views: [DevState]
    let topology: Topology
    /// For the executors' skills.
    let domainDatabase: String

    static let processes = ["planner", "dispatcher", "gatherer", "notifier", "api"]
    static let replicas = 1...2

    /// `planner-1`, `planner-2` … and the executors as `data-read-1`.
    static var names: [String] { (processes + World.domains).flatMap { name in replicas.map { "\(name)-\($0)" } } }

    func startAll() async throws {
        for name in Self.names { try await start(name) }
        try await waitUntilReady(Self.names, .seconds(90))
    }

    /// - Parameters:
    ///   - name: the process, a dash and the replica's number; a third goes through the first one's doors.
    ///   - variables: beside what it always gets.
    func start(_ name: String, staysUp: Bool = true, variables: [String: String] = [:]) async throws {
        guard let dash = name.lastIndex(of: "-"), let replica = Int(name[name.index(after: dash)...]) else {
            throw ChaosError("\(name) is no replica")
        }
        let kind = String(name[..<dash])
        let view = views[(replica - 1) % views.count]
        var environment = Environment.plain
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment["BATON_PARTITIONS"] = String(topology.partitions)
        environment["BATON_OBJECTS"] = view.objectsURL
        var arguments = [kind]
        var user = kind
        if let role = DatabaseRole(rawValue: kind) {
            environment["BATON_DATABASE_URL"] = view.databaseURL(of: role)
            environment["BATON_REPLICA"] = name
        } else {
            user = "executor-\(kind)"
            arguments = ["executor", "--domain", kind, "--skills", skills, "--concurrency", "4"]
            environment["BATON_DOMAIN_DATABASE_URL"] = domainDatabase
        }
        environment["BATON_AMQP_URL"] = view.brokerURL(of: user, virtualHost: topology.virtualHost)
        environment.merge(variables) { $1 }
        var program = Program(
            // By way of `env`, so that a library which is loaded first has made its own variables before Swift looks for
            // its arguments beside them.
            name: name, command: Command("/usr/bin/env", [baton] + arguments, environment: environment),
            output: .file("\(journal.logs)/\(name).log"),
            restart: staysUp
                ? RestartDelay(first: .milliseconds(500), limit: .seconds(2), settledAfter: .seconds(2)) : nil)
        program.announcesReady = true
        try await servers.supervisor.start(program)
    }

    func pid(_ name: String) async -> Int32? { await servers.supervisor.pid(of: name) }

    func send(_ signal: Int32, to name: String) async { await servers.supervisor.send(signal, to: name) }

    /// Sends a signal that ends it, and waits for that.
    ///
    /// - Returns: how and when it ended.
    func end(_ name: String, by signal: Int32) async throws -> (status: ExitStatus, at: ContinuousClock.Instant) {
        guard await pid(name) != nil else { throw Miss("\(name) was down already") }
        let before = journal.ends.count
        let sent = ContinuousClock.now
        await send(signal, to: name)
        for _ in 0..<18_000 {
            if let end = journal.ends.dropFirst(before).first(where: { $0.name == name }) { return (end.status, sent) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ChaosError("\(name) does not end by signal \(signal)")
    }

    func waitUntilReady(_ names: [String], _ limit: Duration = .seconds(180)) async throws {
        let deadline = ContinuousClock.now + limit
        while let late = names.first(where: { !journal.isReady($0) }) {
            guard ContinuousClock.now < deadline else { throw ChaosError("\(late) does not become ready") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
