import Foundation
import Glibc
import JSON
import LocalServers
import Postgres
import Topology

extension Fault {
    private static let victims = Fleet.processes + ["data-read", "payments"]
    static let deathTarget = Duration.seconds(5)

    /// Processes that die, leave, freeze, come and go.
    static var processes: [Fault] {
        victims.map(kill) + victims.map(terminate) + [
            rolling, join, frozen(beyond: "its lease", .seconds(8)), slowConsumer,
        ]
    }

    private static func kill(_ process: String) -> Fault {
        let title = World.domains.contains(process) ? "executor (\(process))" : process
        return Fault(name: "kill -9 of a \(title)", times: (1, 4), isDrawn: true, target: deathTarget) { scene in
            try await scene.anyMoment()
            let (status, at) = try await scene.fleet.end(scene.replica(of: process), by: SIGKILL)
            guard status == .killed(signal: SIGKILL) else { throw Miss("it ended with \(status)") }
            return Hit("the process ended by signal 9", since: at)
        }
    }

    private static func terminate(_ process: String) -> Fault {
        let title = World.domains.contains(process) ? "executor (\(process))" : process
        let isInShort = ["dispatcher", "payments"].contains(process)
        return Fault(
            name: "SIGTERM of a \(title)", times: (isInShort ? 1 : 0, 2), isDrawn: true, target: deathTarget
        ) { scene in
            let victim = scene.replica(of: process)
            try await scene.fleet.waitUntilReady([victim])
            try await scene.anyMoment()
            // It takes its time to leave, and the others have to go on at once.
            let leaving = Task { try await scene.fleet.end(victim, by: SIGTERM) }
            let sent = ContinuousClock.now
            return Hit("the process left with exit status 0") {
                let status = try await leaving.value.status
                guard status == .exited(0) else { throw Miss("\(victim) left with \(status)") }
                return sent
            }
        }
    }

    private static let rolling = Fault(
        name: "rolling restart of everything", times: (0, 1), since: "the last restart", target: deathTarget
    ) { scene in
        var at = ContinuousClock.now
        for name in Fleet.names {
            let (status, sent) = try await scene.fleet.end(name, by: SIGTERM)
            guard status == .exited(0) else { throw ChaosError("\(name) left with \(status)") }
            at = sent
            try await scene.fleet.waitUntilReady([name])
        }
        return Hit("\(Fleet.names.count) processes left with exit status 0, one after the other", since: at)
    }

    /// A third dispatcher and a third gatherer come, take partitions over, and leave again.
    private static let join = Fault(
        name: "partitions rebalanced: a replica joins and leaves", times: (0, 2), since: "the leave",
        target: deathTarget
    ) { scene in
        let newcomers = ["dispatcher-3", "gatherer-3"]
        for name in newcomers { try await scene.fleet.start(name, staysUp: false) }
        try await scene.fleet.waitUntilReady(newcomers)
        let taken = try await scene.waitForPartitions(of: newcomers, .seconds(30))
        try await Task.sleep(for: .seconds(4))
        var at = ContinuousClock.now
        for name in newcomers { at = try await scene.fleet.end(name, by: SIGTERM).at }
        return Hit("the newcomers were active on \(taken.joined(separator: ", "))", since: at)
    }

    /// An executor is stopped in the middle of a task until its attempt has been given to another, and then goes on.
    private static func frozen(beyond what: String, _ least: Duration) -> Fault {
        Fault(
            name: "executor frozen beyond \(what), and continued", times: (1, 3), since: "the thaw", target: deathTarget
        ) { scene in
            let workflow = try await scene.producer.ask(for: .slow)
            let victim = try await scene.executor(of: workflow)
            await scene.fleet.send(SIGSTOP, to: victim)
            let frozen = ContinuousClock.now
            do {
                try await scene.wait(.seconds(60), "the lease of \(workflow) to run out") {
                    try await !scene.world.rows(
                        """
                        SELECT 1 FROM baton.events WHERE workflow_id = $1 AND type = 'task.retrying'
                            AND data::text LIKE '%lease_expired%'
                        """, [.text(workflow)]
                    ).isEmpty
                }
                try await Task.sleep(until: frozen + least)
            } catch {
                await scene.fleet.send(SIGCONT, to: victim)
                throw error
            }
            await scene.fleet.send(SIGCONT, to: victim)
            return Hit("its attempt ended with lease_expired, the task went on as attempt 2", since: .now)
        }
    }

    /// Both gatherers and both notifiers run a thirtieth of the time.
    private static let slowConsumer = Fault(
        name: "slow consumers (gatherers and notifiers)", times: (0, 2), since: "the end of slowness"
    ) { scene in
        let slow = ["gatherer-1", "gatherer-2", "notifier-1", "notifier-2"]
        var deepest = 0
        for _ in 0..<6 {
            for name in slow { await scene.fleet.send(SIGSTOP, to: name) }
            try? await Task.sleep(for: .seconds(3))
            deepest = max(deepest, (try? await scene.depth(of: ["gatherer.", "notifier"])) ?? 0)
            for name in slow { await scene.fleet.send(SIGCONT, to: name) }
            try? await Task.sleep(for: .milliseconds(100))
        }
        guard deepest >= 10 else { throw Miss("only \(deepest) messages waited") }
        return Hit("\(deepest) messages waited in their queues", since: .now)
    }
}

extension Scene {
    /// Asks until something holds.
    func wait(_ limit: Duration, _ what: String, until holds: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            if (try? await holds()) == true { return }
            guard ContinuousClock.now < deadline else { throw Miss("waited in vain for \(what)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Which replica of ours runs the task of a workflow, once one does.
    func executor(of workflow: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let rows = try await world.rows(
                "SELECT executor FROM baton.tasks WHERE workflow_id = $1 AND status = 'running'", [.text(workflow)])
            if let executor = rows.first?["executor"]?.string {
                for replica in Fleet.replicas {
                    let name = "payments-\(replica)"
                    if let pid = await fleet.pid(name), executor.hasSuffix("-\(pid)") { return name }
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Miss("nobody runs \(workflow)")
    }

    /// Messages that are not settled in the queues whose names begin so, as the broker counted them some seconds ago.
    func depth(of prefixes: [String]) async throws -> Int {
        let queues = try await world.management.get("queues", world.setup.topology.virtualHost)?.array ?? []
        let wanted = queues.filter { queue in prefixes.contains { queue["name"]?.string?.hasPrefix($0) == true } }
        return wanted.reduce(0) { $0 + ($1["messages"]?.int ?? 0) }
    }

    /// Waits until each of these has a partition to itself.
    func waitForPartitions(of replicas: [String], _ limit: Duration) async throws -> [String] {
        var found: [String: String] = [:]
        try await wait(limit, "partitions of \(replicas)") {
            let consumers = try await world.management.get("consumers", world.setup.topology.virtualHost)?.array ?? []
            let connections = try await world.management.get("connections")?.array ?? []
            let replicaOf = Dictionary(
                connections.map { ($0["name"]?.string, $0["client_properties"]?["connection_name"]?.string) }
            ) { $1 }
            for consumer in consumers where consumer["active"]?.bool == true {
                let connection = consumer["channel_details"]?["connection_name"]?.string
                guard let replica = replicaOf[connection] ?? nil, replicas.contains(replica) else { continue }
                found[replica] = consumer["queue"]?["name"]?.string ?? ""
            }
            return found.count == replicas.count
        }
        return replicas.compactMap { found[$0] }
    }
}
