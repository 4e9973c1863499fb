import AMQP
import Foundation
import Glibc
import JSON
import LocalServers
import Topology

extension Fault {
    /// All that a broker of one node lives through, in this order: what replays messages comes before what spoils some.
    static var single: [Fault] { processes + steps + servers + disks + messages }

    /// Messages that come twice, cannot be read, or kill; and a clock that is wrong.
    static var messages: [Fault] { [duplicates, clock, garbage, poison] }

    private static let duplicates = Fault(
        name: "duplicates of recent messages, from the firehose", times: (1, 1), since: "the last of them"
    ) { scene in
        let count = scene.isShort ? 500 : 10_000
        let world = scene.world
        let url = world.state.brokerURL(of: "deploy", virtualHost: world.setup.topology.virtualHost)
        let result = try await Shell.run(
            ["python3", World.root + "/Tests/Chaos/replay.py", url, String(count), "20"], environment: Environment.plain
        )
        guard result.status == 0, let sent = Int(result.output), sent > 0 else { throw Miss(result.output) }
        return Hit("\(sent) duplicates were confirmed by the broker", since: .now)
    }

    /// The clock of a dispatcher and of an executor is an hour ahead, then an hour behind.
    private static let clock = Fault(
        name: "clock of running processes stepped by an hour, both ways", times: (0, 2), since: "their leave",
        target: deathTarget
    ) { scene in
        let library = "/usr/lib/\(machine)-linux-gnu/faketime/libfaketime.so.1"
        guard FileManager.default.fileExists(atPath: library) else { throw ChaosError("faketime is not installed") }
        let file = scene.world.data + "/clock"
        func step(_ offset: String) throws { try offset.write(toFile: file, atomically: true, encoding: .utf8) }
        try step("+0")
        let names = ["dispatcher-3", "data-read-3"]
        for name in names {
            try await scene.fleet.start(
                name, staysUp: false,
                // With jemalloc the first allocation asks for the time, and the first who asks for the time allocates.
                variables: [
                    "LD_PRELOAD": "\(library) libc.so.6", "FAKETIME_TIMESTAMP_FILE": file,
                    "FAKETIME_CACHE_DURATION": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
                ])
        }
        do {
            try await scene.fleet.waitUntilReady(names, .seconds(30))
        } catch {
            for name in names { await scene.fleet.send(SIGKILL, to: name) }
            throw error
        }
        try await Task.sleep(for: .seconds(6))
        for offset in ["+3600", "-3600"] {
            try step(offset)
            try await Task.sleep(for: .seconds(6))
        }
        // They are told to stop while their time is false, so that they say something under it. The right time has to be
        // back for them to end: the library shifts every timer with it, also those of the clock that nobody can set.
        let (real, at) = (Date(), ContinuousClock.now)
        let leaving = names.map { name in Task { try await scene.fleet.end(name, by: SIGTERM) } }
        try await Task.sleep(for: .seconds(1))
        try step("+0")
        for leave in leaving { _ = try await leave.value }
        for name in names {
            let log = try String(contentsOfFile: "\(scene.fleet.journal.logs)/\(name).log", encoding: .utf8)
            let times = log.split(separator: "\n").compactMap {
                try? Date(String($0.prefix(19)) + "Z", strategy: .iso8601)
            }
            guard times.contains(where: { abs($0.distance(to: real) - 3600) < 120 }) else {
                throw Miss("no line of \(name) is an hour behind")
            }
        }
        return Hit("lines of both were logged an hour behind", since: at)
    }

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    /// Into the planner's queue as a producer, into the dispatchers' as an operator.
    private static let garbage = Fault(
        name: "garbage in every queue that a producer reaches", times: (1, 2), since: "the last of it"
    ) { scene in
        let deep = String(repeating: "[", count: 5000)
        let bodies: [[UInt8]] = [
            [], Array("no JSON".utf8), [0xff, 0xfe, 0x00], Array("[]".utf8), Array("{}".utf8), Array(deep.utf8),
            Array(#"{"request_id":"x","request_id":"y"}"#.utf8),
            Array(#"{"request_id":"x","workspace":"default","plan":7,"actor":{"id":"chaos","roles":[]}}"#.utf8),
            Array(repeating: UInt8(ascii: "x"), count: 3 << 19),
        ]
        var sent = 0
        for (user, type) in [
            ("producer", "workflow.requested"), ("operator", "control.cancel"), ("operator", "signal.x"),
        ] {
            let publisher = Publisher(try scene.world.broker(user), logger: .silent)
            for body in bodies {
                let id = UUID().uuidString.lowercased()
                await scene.garbage.add(id)
                var message = Producer.message(type, body, id: id)
                message.properties.correlationID = id
                while await publisher.publish([message]) != [.confirmed] {
                    try await Task.sleep(for: .milliseconds(200))
                }
                sent += 1
            }
            await publisher.close()
        }
        let letters = DeadLetters(try scene.world.broker("deploy"))
        let ids = await scene.garbage.ids
        try await scene.wait(.seconds(30), "the garbage among what was given up on") {
            ids.isSubset(of: try await letters.list().letters.compactMap(\.delivery.properties.messageID))
        }
        return Hit("\(sent) messages were given up on, with a reason each", since: .now)
    }

    /// A task that kills each executor that runs it, with kill -9.
    private static let poison = Fault(
        name: "a task that kills its executor each time", times: (1, 2), since: "the end of its workflow"
    ) { scene in
        let before = scene.fleet.journal.ends.count
        let workflow = try await scene.producer.ask(for: .poison)
        guard await scene.ledger.ends(of: [workflow], within: .seconds(120)).isEmpty else {
            throw ChaosError("the poison is still being tried: \(workflow)")
        }
        let deaths = scene.fleet.journal.ends.dropFirst(before).filter {
            $0.name.hasPrefix("platform-db-edge-") && $0.status == .killed(signal: SIGKILL)
        }
        guard deaths.count >= 6 else { throw Miss("only \(deaths.count) executors died") }
        return Hit("\(deaths.count) executors died of it", since: .now)
    }
}
