package import ArgumentParser
import JSON
import Topology

/// `baton topology`: what exists on the broker.
package struct TopologyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "topology",
        abstract: "Compare the broker with topology/, and make it match.",
        discussion: """
            The files say which exchanges, queues, bindings, policies and users exist: those of --dir, else of ./topology \
            when there is one, else those this program was built with. The broker is asked by its management API: \
            --management-url, else BATON_MANAGEMENT_URL, else the `baton dev` that runs here.

            Exit status: 0 when all is well, 2 when the broker differs or is not fit, 1 when something went wrong.
            """,
        subcommands: [
            TopologyPlanCommand.self, TopologyApplyCommand.self, TopologyVerifyCommand.self,
            TopologyExportCommand.self, TopologyGraphCommand.self, TopologyDeadCommand.self,
        ])

    package init() {}
}

package struct TopologyPlanCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what differs between the broker and the files.",
        discussion: """
            + to create, ~ to change in place, - to remove, ! needs replacing, ? is in no file. \
            Exit status: 0 when nothing differs, 2 when something does.
            """)

    @OptionGroup var files: TopologyFilesOptions
    @OptionGroup var broker: ManagementOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() async throws {
        let topology = try files.topology()
        let state = try await BrokerState.read(try broker.api(), virtualHost: topology.virtualHost)
        let plan = TopologyPlanner.plan(topology, state)
        output.show(plan.text, plan.json)
        if !plan.isEmpty { throw ExitCode(2) }
    }
}

package struct TopologyApplyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Create and change what differs; lose nothing.",
        discussion: """
            Running it again, or twice at once, is harmless. A queue whose type or arguments differ is left as it is \
            unless --replace names it; what is in no file is left as it is. New users need a password in --passwords.
            Exit status: 0 when the broker is as the files say, 2 when something was left.
            """)

    @OptionGroup var files: TopologyFilesOptions
    @OptionGroup var broker: ManagementOptions
    @OptionGroup var passwords: PasswordOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .customLong("replace"),
        help: ArgumentHelp(
            "A queue that may be replaced, its messages moved; may be given several times.", valueName: "name"))
    var replaced: [String] = []

    @Flag(help: "Give users that exist the passwords of the file, too.")
    var resetPasswords = false

    package init() {}

    package func run() async throws {
        let topology = try files.topology()
        let passwords = try passwords.passwords(prefix: files.userPrefix, replacingExisting: resetPasswords)
        let outcome = try await TopologyApplier(topology, on: try broker.api(), passwords: passwords)
            .apply(replacing: Set(replaced))
        output.show(outcome.text, outcome.json)
        if !outcome.left.isEmpty { throw ExitCode(2) }
    }
}

package struct TopologyVerifyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that the broker is fit to carry Baton now.",
        discussion: """
            Differences, alarms, nodes, plugins, feature flags and permissions are errors; a queue without a consumer and \
            messages given up on are warnings. Exit status: 0 without errors, else 2.
            """)

    @OptionGroup var files: TopologyFilesOptions
    @OptionGroup var broker: ManagementOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() async throws {
        let verification = try await TopologyVerifier.verify(try files.topology(), on: try broker.api())
        output.show(verification.text, verification.json)
        if !verification.isFit { throw ExitCode(2) }
    }
}

package struct TopologyExportCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print the topology as RabbitMQ's definitions.json.",
        discussion: "Users are in it only with --passwords, hashed: importing one without takes its password away.")

    @OptionGroup var files: TopologyFilesOptions
    @OptionGroup var passwords: PasswordOptions

    package init() {}

    package func run() async throws {
        let passwords = try passwords.passwords(prefix: files.userPrefix, replacingExisting: false)
        let definitions = try files.topology().definitions(passwords: passwords) { _ in
            (0..<4).map { _ in UInt8.random(in: 0...255) }
        }
        print(definitions.prettyText)
    }
}

package struct TopologyGraphCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Draw exchanges, bindings and queues.",
        discussion: "DOT as it is; SVG by Graphviz's `dot`, which must be installed.")

    package enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case dot, svg }

    @OptionGroup var files: TopologyFilesOptions

    @Option(help: "What to print.")
    var format = Format.dot

    package init() {}

    package func run() async throws {
        let dot = try files.topology().dot
        print(format == .dot ? dot : try Graphviz.svg(dot), terminator: "")
    }
}
