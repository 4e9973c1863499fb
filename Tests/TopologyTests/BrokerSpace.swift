import AMQP
import Foundation
import JSON
import Testing

@testable import Topology

/// A virtual host on the tests' broker, and users whose names begin like it.
struct BrokerSpace: Sendable {
    let api: ManagementAPI
    let virtualHost: String

    var settings: TopologySettings {
        TopologySettings(virtualHost: virtualHost, userPrefix: virtualHost + "-", partitions: 2)
    }
    var topology: Topology { TopologyFiles.builtIn().expand(settings) }

    /// Everyone's password is the user's name.
    func passwords(for topology: Topology) -> UserPasswords {
        UserPasswords(Dictionary(uniqueKeysWithValues: topology.users.map { ($0.name, $0.name) }))
    }

    func state() async throws -> BrokerState { try await BrokerState.read(api, virtualHost: virtualHost) }

    func plan(_ topology: Topology? = nil) async throws -> TopologyPlan {
        TopologyPlanner.plan(topology ?? self.topology, try await state())
    }

    func applier(_ topology: Topology? = nil) -> TopologyApplier {
        let topology = topology ?? self.topology
        return TopologyApplier(topology, on: api, passwords: passwords(for: topology))
    }

    @discardableResult
    func apply(_ topology: Topology? = nil) async throws -> TopologyApplier.Outcome {
        try await applier(topology).apply()
    }

    func publish(_ payload: String, to queue: String, properties: JSONValue = [:]) async throws {
        try await api.post(
            ["exchanges", virtualHost, "amq.default", "publish"],
            [
                "properties": properties, "routing_key": .string(queue), "payload": .string(payload),
                "payload_encoding": "string",
            ])
    }

    /// By name, not from a list: the broker cannot always list users while others are deleted.
    fileprivate func remove() async throws {
        var settings = api.settings
        settings.timeout = .seconds(60)
        let patient = ManagementAPI(settings)
        let users = topology.users.map(\.name) + [virtualHost + "-stranger"]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for user in users { group.addTask { try await patient.delete(["users", user]) } }
            try await group.waitForAll()
        }
        try await patient.delete(["vhosts", virtualHost])
    }
}

/// The management API of the tests' broker.
func managementSettings() throws -> ManagementSettings {
    let url = try #require(
        ProcessInfo.processInfo.environment["BATON_TEST_MANAGEMENT_URL"],
        "BATON_TEST_MANAGEMENT_URL is not set; `make test` sets it")
    return try ManagementSettings(url: url)
}

/// Lends names on the broker; what was made under them is removed, also when the body throws.
func withBrokerSpace<Result>(_ body: (BrokerSpace) async throws -> Result) async throws -> Result {
    let name = "topology-\(UInt32.random(in: 0...UInt32.max))"
    let space = BrokerSpace(api: ManagementAPI(try managementSettings()), virtualHost: name)
    do {
        let result = try await body(space)
        try await space.remove()
        return result
    } catch {
        // In a task of its own, which the test's time limit does not cancel.
        try? await Task { try await space.remove() }.value
        throw error
    }
}

extension BrokerSpace {
    /// As one of the topology's users, named without the prefix.
    func brokerSettings(as user: String) throws -> AMQPSettings {
        let url = try #require(
            ProcessInfo.processInfo.environment["BATON_TEST_AMQP_URL"],
            "BATON_TEST_AMQP_URL is not set; `make test` sets it")
        var settings = try AMQPSettings(url: url)
        settings.virtualHost = virtualHost
        settings.user = "\(virtualHost)-\(user)"
        settings.password = settings.user
        settings.callTimeout = .seconds(20)
        return settings
    }
}
