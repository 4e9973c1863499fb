import AMQP
import JSON
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `A broker that is verified` {
    @Test func `is fit when it equals the topology, and warns of queues without a consumer`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            let consumer = Consumer(try space.brokerSettings(as: "planner"))
            try await consumer.subscribe(.queue("planner"))
            var verification = try await TopologyVerifier.verify(space.topology, on: space.api)
            // The management API hears of a consumer a moment later.
            while verification.findings.contains(where: { $0.subject == "queue planner" }) {
                verification = try await TopologyVerifier.verify(space.topology, on: space.api)
            }
            await consumer.close()
            #expect(verification.isFit, "\(verification.text)")
            #expect(verification.findings.contains { $0.subject == "queue notifier" && $0.severity == .warning })
            #expect(verification.json["fit"]?.bool == true)
        }
    }

    @Test func `is not fit with a missing queue, another policy or a user who may use every key`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            let stranger = space.virtualHost + "-stranger"
            try await space.api.put(["users", stranger], ["password": "x", "tags": ""])
            try await space.api.put(
                ["permissions", space.virtualHost, stranger], ["configure": "", "write": "task", "read": ""])
            try await space.api.put(
                ["policies", space.virtualHost, "stronger"],
                ["pattern": "^logs$", "apply-to": "queues", "priority": 9, "definition": ["max-length": 3]])
            try await space.api.delete(["queues", space.virtualHost, "planner"])
            let findings = try await TopologyVerifier.verify(space.topology, on: space.api).findings
            for (subject, message) in [
                ("queue planner", "is missing"), ("policy stronger", "is not in the topology"),
                ("queue logs", "the policy stronger holds instead of its own alone"),
                ("user \(stranger)", "may use every key of task: no topic permission"),
                ("permissions of \(stranger)", "is not in the topology"),
            ] {
                #expect(
                    findings.contains { $0.subject == subject && $0.message == message && $0.severity == .error },
                    "\(subject): \(message)")
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `An exported topology` {
    @Test func `makes a broker that has imported it equal to the files`() async throws {
        try await withBrokerSpace { space in
            let topology = space.topology
            let definitions = topology.definitions(passwords: space.passwords(for: topology)) { _ in [1, 2, 3, 4] }
            try await space.api.post(["definitions"], definitions)
            #expect(try await space.plan().isEmpty)
            var passwords = space.passwords(for: topology)
            passwords.replacesExisting = true
            let state = try await space.state()
            #expect(TopologyPlanner.plan(topology, state, passwords: passwords).isEmpty)
        }
    }

    @Test func `has no users when there are no passwords`() {
        let definitions = TopologyFiles.builtIn().expand().definitions { _ in [] }
        #expect(definitions.object?.names == ["vhosts", "exchanges", "queues", "bindings", "policies"])
    }

    @Test func `is drawn with each exchange and each kind of queue`() {
        let dot = TopologyFiles.builtIn().expand().dot
        #expect(dot.hasPrefix("digraph \"baton\" {"))
        #expect(dot.contains(#""task" -> "queue executor.<domain>" [label="task.dispatched.<domain>.#"];"#))
        #expect(dot.contains(#""queue dispatcher.<n>" [shape=cylinder"#))
        #expect(dot.contains(#""queue planner" -> "dead-letter" [style=dashed"#))
    }

    @Test func `needs Graphviz to be drawn as SVG, and says so`() throws {
        let error = #expect(throws: Graphviz.Failure.self) { try Graphviz.svg("digraph {}", path: "/nowhere") }
        #expect(error?.description.contains("install graphviz") == true)
    }
}
