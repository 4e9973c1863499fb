import JSON
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `A broker that the topology was applied to` {
    @Test func `equals it, and a second time changes nothing`() async throws {
        try await withBrokerSpace { space in
            let first = try await space.plan()
            #expect(first.count(.create) == first.changes.count)
            try await space.apply()
            #expect(try await space.plan().isEmpty)
            #expect(try await space.apply() == .init())
        }
    }

    @Test func `is the same when two apply at once`() async throws {
        try await withBrokerSpace { space in
            async let one = space.apply()
            async let other = space.apply()
            _ = try await (one, other)
            #expect(try await space.plan().isEmpty)
        }
    }

    @Test func `differs when a queue is deleted or a binding added by hand`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            try await space.api.delete(["queues", space.virtualHost, "executor.payments"])
            try await space.api.post(
                ["bindings", space.virtualHost, "e", "task", "q", "logs"], ["routing_key": "task.dispatched.#"])
            let plan = try await space.plan()
            #expect(
                plan.changes.map { "\($0.kind.sign) \($0.subject)" } == [
                    "+ queue executor.payments",
                    "+ binding task -> queue executor.payments: task.dispatched.payments.#",
                    "? binding task -> queue logs: task.dispatched.#",
                ])
            #expect(plan.summary == "2 to create, 1 unknown extra")
            let outcome = try await space.apply()
            #expect(outcome.made.count == 2)
            #expect(outcome.left.map(\.kind) == [.extra])
        }
    }

    @Test func `takes a changed policy, tag and permission in place`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            var topology = space.topology
            topology.policies[0].definition["max-length"] = 5
            topology.users[0].tags = ["monitoring"]
            topology.users[0].permissions.read = "^planner2$"
            topology.users[0].topics["workflow"]?.write = "^x$"
            let plan = try await space.plan(topology)
            #expect(plan.changes.map(\.kind) == [.change, .change, .change, .change])
            #expect(plan.text.contains("max-length: 100000 -> 5"))
            try await space.apply(topology)
            #expect(try await space.plan(topology).isEmpty)
            let me = ManagementSettings(space.api.settings, as: topology.users[0].name)
            #expect(try await ManagementAPI(me).get("whoami")?["name"]?.string == topology.users[0].name)
        }
    }

    @Test func `keeps the passwords of its users unless told otherwise`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            var passwords = space.passwords(for: space.topology)
            let operatorName = space.virtualHost + "-deploy"
            passwords.byUser[operatorName] = "another"
            let keeping = TopologyApplier(space.topology, on: space.api, passwords: passwords)
            #expect(try await keeping.apply() == .init())
            _ = try await ManagementAPI(ManagementSettings(space.api.settings, as: operatorName)).get("whoami")
            passwords.replacesExisting = true
            let replacing = TopologyApplier(space.topology, on: space.api, passwords: passwords)
            #expect(try await replacing.apply().made.map(\.subject) == [.user(operatorName)])
            #expect(try await replacing.apply() == .init())
            await #expect(throws: ManagementError.self) {
                _ = try await ManagementAPI(ManagementSettings(space.api.settings, as: operatorName)).get("whoami")
            }
        }
    }

    @Test func `is not touched when a new user has no password`() async throws {
        try await withBrokerSpace { space in
            let applier = TopologyApplier(space.topology, on: space.api)
            await #expect(throws: TopologyApplyError.self) { _ = try await applier.apply() }
            let state = try await space.state()
            #expect(!state.hasVirtualHost)
        }
    }

    @Test func `keeps a queue of another type as it is and says what it holds`() async throws {
        try await withBrokerSpace { space in
            try await space.api.put(["vhosts", space.virtualHost], [:])
            try await space.api.put(["queues", space.virtualHost, "planner"], ["durable": true])
            try await space.publish("kept", to: "planner")
            let outcome = try await space.apply()
            #expect(outcome.left.map(\.subject) == [.queue("planner")])
            #expect(outcome.left.first?.kind == .replace)
            #expect(outcome.left.first?.differences.first?.actual == "classic")
            let messages = try await space.api.post(
                ["queues", space.virtualHost, "planner", "get"],
                ["count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"])
            #expect(messages[0]?["payload"]?.string == "kept")
        }
    }

    @Test func `stops feeding the queues of partitions that are no more`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            var settings = space.settings
            settings.partitions = 1
            let smaller = TopologyFiles.builtIn().expand(settings)
            #expect(try await space.plan(smaller).count(.remove) == 2)
            let outcome = try await space.apply(smaller)
            #expect(
                Set(outcome.left.map(\.subject)) == [
                    .queue("dispatcher.1"), .queue("gatherer.1"), .policy("dispatcher.1"), .policy("gatherer.1"),
                ])
            #expect(try await space.plan(smaller).count(.remove) == 0)
        }
    }
}

extension ManagementSettings {
    /// The same broker as a user whose password is the name.
    init(_ settings: ManagementSettings, as user: String) {
        self = settings
        (self.user, password) = (user, user)
    }
}
