import Foundation
package import LocalServers
import Postgres
package import Store
package import Topology

/// Gives new servers what the pipeline expects on them: database, schema and roles; virtual host, topology and users.
package struct PipelineSetup: Sendable {
    package static let database = "baton"
    static let rolePrefix = "baton"

    package let topology: Topology

    /// - Parameter folder: of the topology; `nil` is `./topology`, or the one built in.
    package init(topology folder: String?) throws {
        if let folder {
            topology = try TopologyFiles.load(URL(fileURLWithPath: folder)).expand()
        } else if FileManager.default.fileExists(atPath: "topology/baton.yaml") {
            topology = try TopologyFiles.load(URL(fileURLWithPath: "topology")).expand()
        } else {
            topology = TopologyFiles.builtIn().expand()
        }
    }

    /// What is to be on the broker, read already.
    package init(_ topology: Topology) { self.topology = topology }

    static func roleName(_ role: DatabaseRole) -> String { "\(rolePrefix)_\(role.rawValue)" }

    /// Passwords for all users and roles; those that have one keep it.
    package func choosePasswords(_ state: inout DevState) {
        for user in topology.users { _ = state.password(of: user.name) }
        for role in DatabaseRole.allCases { _ = state.password(of: Self.roleName(role)) }
    }

    /// May be run again, and changes only what differs; as does ``setUpBroker(_:)``.
    package func setUpDatabase(_ state: DevState) async throws {
        let server = try PostgresSettings(url: state.postgresURL())
        let connection = try await PostgresConnection.open(server)
        do {
            let there = try await connection.query(
                Statement("database", "SELECT 1 FROM pg_database WHERE datname = $1"), [.text(Self.database)])
            if there.isEmpty { try await connection.script("create database", "CREATE DATABASE \(Self.database)") }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
        let settings = try PostgresSettings(url: state.postgresURL(database: Self.database))
        try await Migrator(settings).migrate()
        let roles = try RoleSetup(settings, prefix: Self.rolePrefix)
        let passwords = DatabaseRole.allCases.map { ($0, state.passwords[Self.roleName($0)] ?? "") }
        try await roles.apply(passwords: Dictionary(uniqueKeysWithValues: passwords))
    }

    package func setUpBroker(_ state: DevState) async throws {
        let api = ManagementAPI(try ManagementSettings(url: state.managementURL()))
        let passwords = UserPasswords(state.passwords, replacesExisting: true)
        _ = try await TopologyApplier(topology, on: api, passwords: passwords).apply()
    }
}

extension DevState {
    /// What a command in a second shell works with: the broker's operator, the database's command line, the deployer of topologies.
    package func commandLineSettings(virtualHost: String) -> [String: String] {
        [
            "BATON_AMQP_URL": brokerURL(of: "operator", virtualHost: virtualHost),
            "BATON_DATABASE_URL": databaseURL(of: .cli),
            "BATON_MANAGEMENT_URL": managementURL(user: "deploy"), "BATON_OBJECTS": objectsURL,
        ]
    }

    /// The broker as one of the topology's users.
    package func brokerURL(of user: String, virtualHost: String) -> String {
        amqpURL(user: user, virtualHost: virtualHost.percentEncodedPath)
    }

    /// Baton's database as one of its roles.
    package func databaseURL(of role: DatabaseRole) -> String {
        postgresURL(role: PipelineSetup.roleName(role), database: PipelineSetup.database)
    }
}
