import FaultyNetwork
import Foundation
import Glibc
import LocalServers

extension Fault {
    static let returnTarget = Duration.seconds(10)

    /// Servers that die, restart, fill up, or cannot be reached.
    static var servers: [Fault] {
        [
            server("rabbitmq", "broker: kill -9", SIGKILL, (1, 3)),
            server("rabbitmq", "broker: restart", SIGTERM, (0, 3)),
            server("postgres", "PostgreSQL: kill -9", SIGKILL, (1, 3)),
            server("postgres", "PostgreSQL: restart", SIGINT, (0, 3)),
            cut("broker", \.brokerDoors), cut("PostgreSQL", \.databaseDoors), stall("broker", \.brokerDoors),
            stall("PostgreSQL", \.databaseDoors),
            alarm(
                "memory", (1, 2), "vm_memory_monitor:set_vm_memory_high_watermark(0.0000001)",
                restoring: "vm_memory_monitor:set_vm_memory_high_watermark({absolute, 805306368})"),
            alarm(
                "disk", (0, 2), "rabbit_disk_monitor:set_disk_free_limit(\"999999GB\")",
                restoring: "rabbit_disk_monitor:set_disk_free_limit(\"100MB\")"),
        ]
    }

    private static func server(_ name: String, _ title: String, _ signal: Int32, _ times: (Int, Int)) -> Fault {
        Fault(name: title, times: times, isDrawn: true, since: "the server's return", target: returnTarget) { scene in
            let (servers, ports) = (scene.world.servers, scene.world.state.ports)
            @Sendable func isBack() async throws {
                if name == "postgres" {
                    try await servers.waitForPostgres(port: ports.postgres)
                } else {
                    try await servers.waitForRabbit(port: ports.amqp)
                }
            }
            // One that is still booting does not hear a signal to stop.
            try await isBack()
            try await scene.anyMoment()
            let (status, _) = try await scene.fleet.end(name, by: signal)
            guard signal != SIGKILL || status == .killed(signal: SIGKILL) else { throw Miss("it ended with \(status)") }
            return Hit("the server ended with \(status)") {
                try await isBack()
                return .now
            }
        }
    }

    /// All connections of both replicas are closed in the middle of a frame.
    private static func cut(_ server: String, _ doors: KeyPath<World, [TCPProxy]> & Sendable) -> Fault {
        Fault(
            name: "connections to the \(server) cut half-way", times: (1, 4), isDrawn: true, since: "the cut",
            target: deathTarget
        ) { scene in
            let bytes = scene.chance.number(in: 500...5000)
            let counts = await withTaskGroup(of: Int.self) { group in
                for door in scene.world[keyPath: doors] { group.addTask { await door.cut(afterBytes: bytes) } }
                return await group.reduce(into: [Int]()) { $0.append($1) }
            }
            guard counts.reduce(0, +) > 0 else { throw Miss("there was no connection") }
            return Hit("\(counts.reduce(0, +)) connections were cut after \(bytes) bytes more", since: .now)
        }
    }

    /// Nothing passes for longer than a heartbeat's patience, and nobody is told.
    private static func stall(_ server: String, _ doors: KeyPath<World, [TCPProxy]> & Sendable) -> Fault {
        Fault(
            name: "connections to the \(server) stalled", times: (0, 2), since: "the end of the stall",
            target: returnTarget
        ) { scene in
            let doors = scene.world[keyPath: doors]
            for door in doors { await door.stall() }
            try? await Task.sleep(for: .seconds(scene.chance.number(in: 6...25)))
            var held = 0
            for door in doors {
                held += await door.traffic.heldBack
                await door.resume()
            }
            guard held > 0 else { throw Miss("nobody said anything meanwhile") }
            return Hit("\(held) bytes were held back", since: .now)
        }
    }

    private static func alarm(_ kind: String, _ times: (Int, Int), _ set: String, restoring: String) -> Fault {
        Fault(
            name: "broker: \(kind) alarm", times: times, since: "the alarm's end", target: returnTarget
        ) { scene in
            let world = scene.world
            var alarms = try await world.evaluate("\(set), rabbit_alarm:get_alarms().")
            for _ in 0..<10 where !alarms.contains("resource_limit") {
                alarms = try await world.evaluate("timer:sleep(500), rabbit_alarm:get_alarms().")
            }
            guard alarms.contains("resource_limit") else {
                _ = try await world.evaluate("\(restoring).")
                throw Miss("there was no alarm: \(alarms)")
            }
            try? await Task.sleep(for: .seconds(8))
            var left = try await world.evaluate("\(restoring), rabbit_alarm:get_alarms().")
            for _ in 0..<20 where left.contains("resource_limit") {
                left = try await world.evaluate("\(restoring), timer:sleep(500), rabbit_alarm:get_alarms().")
            }
            guard !left.contains("resource_limit") else { throw ChaosError("the alarm does not end: \(left)") }
            return Hit("the broker said \(alarms.filter { !$0.isNewline })", since: .now)
        }
    }
}
