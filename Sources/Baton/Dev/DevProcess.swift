import JSON
import LocalServers
import Provisioning
import Store
import Topology

/// A child of `baton dev`: a subcommand of this very program, with its own user of the broker and its own role in the database.
struct DevProcess {
    var name: String
    var arguments: [String]
    /// Of the broker.
    var user: String
    /// `nil`: it has no business with Baton's database.
    var role: DatabaseRole?
    /// What only this process is given.
    var variables: [String: String] = [:]

    /// One of each, and the executors of every domain that has skills.
    static func all(_ options: DevOptions, domains: [String: [String]], prepared: [String: String]) -> [DevProcess] {
        let single: [(String, DatabaseRole)] = [
            ("planner", .planner), ("dispatcher", .dispatcher), ("gatherer", .gatherer), ("notifier", .notifier),
            ("api", .api),
        ]
        var processes = single.map { name, role in DevProcess(name: name, arguments: [name], user: name, role: role) }
        for (domain, folders) in domains.sorted(by: { $0.key < $1.key }) {
            for number in 1...options.executors {
                processes.append(executor(domain, folders, options.executors == 1 ? nil : number, options, prepared))
            }
        }
        return processes
    }

    private static func executor(
        _ domain: String, _ folders: [String], _ number: Int?, _ options: DevOptions, _ prepared: [String: String]
    ) -> DevProcess {
        var arguments = ["executor", "--domain", domain] + folders.flatMap { ["--skills", $0] }
        if let concurrency = options.concurrency { arguments += ["--concurrency", String(concurrency)] }
        let prefix = "BATON_DOMAIN_\(domain.uppercased().replacing("-", with: "_"))_"
        return DevProcess(
            name: number.map { "\(domain)-\($0)" } ?? domain, arguments: arguments, user: "executor-\(domain)",
            role: nil,
            variables: prepared.filter { $0.key.hasPrefix(prefix) })
    }

    func program(_ state: DevState, _ topology: Topology) -> Program {
        var environment = Self.shared
        if name == "notifier" {
            environment.merge(Environment.inherited.filter { $0.key.hasPrefix("BATON_SLACK_") }) { $1 }
        }
        environment.merge(variables) { $1 }
        environment["BATON_AMQP_URL"] = state.brokerURL(of: user, virtualHost: topology.virtualHost)
        environment["BATON_PARTITIONS"] = String(topology.partitions)
        if let role {
            environment["BATON_DATABASE_URL"] = state.databaseURL(of: role)
            environment["BATON_REPLICA"] = name
        }
        environment["BATON_OBJECTS"] = state.objectsURL
        var program = Program(
            name: name, command: Command(Environment.ownProgram, arguments, environment: environment),
            restart: RestartDelay())
        program.announcesReady = true
        return program
    }

    /// Our own environment, without what is meant for one of them, or for other servers.
    private static let shared: [String: String] = {
        let withheld = ["BATON_TEST_", "BATON_DEV_", "BATON_DOMAIN_", "BATON_SLACK_"]
        let replaced = [
            "BATON_AMQP_URL", "BATON_DATABASE_URL", "BATON_MANAGEMENT_URL", "BATON_OBJECTS", "BATON_REPLICA",
        ]
        var environment = Environment.inherited.filter { variable in
            !replaced.contains(variable.key) && !withheld.contains { variable.key.hasPrefix($0) }
        }
        // They are killed on purpose, and the backtracer can outlive its parent by half an hour.
        environment["SWIFT_BACKTRACE"] = environment["SWIFT_BACKTRACE"] ?? "enable=no"
        return environment
    }()
}
