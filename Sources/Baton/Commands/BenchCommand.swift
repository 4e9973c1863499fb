import AMQP
package import ArgumentParser
import Foundation
import LocalServers

/// `baton bench`: a load on a running system, and what it takes.
package struct BenchCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Put a load on a running system, and measure it.",
        discussion: """
            Workflows are asked for and watched over the broker, each output is checked, and throughput, latencies, processor \
            time, memory, messages and rows are printed. Their tasks do nothing that costs, but go through everything: \
            executors, contracts, permissions, history and merge.

            With --private it runs a `baton dev` of its own. Any other system needs the skills of the load, served by an \
            executor: `baton bench --write-skills FOLDER` writes them; register them with `baton skills sync FOLDER`. \
            Processor time and memory are those of a `baton dev` on this machine; what the database and the broker count \
            is shown where they can be asked.

            Examples:
              baton bench --private --workload fan --workflows 1000
              baton bench --workload chain --workflows 10 --output json

            Exit status: 0 when every workflow ended with the right output, else 1.
            """)

    @OptionGroup var options: BenchOptions

    @Flag(name: .customLong("private"), help: "Start a system for it, and stop it afterwards.")
    var isPrivate = false

    @Option(help: "With --private: executors.")
    var executors = 1

    @Option(help: "With --private: tasks that each executor runs at once.")
    var executorConcurrency: Int?

    @Option(help: "The runner domain of the skills, with --private and --write-skills.")
    var domain = "data-read"

    @Option(help: ArgumentHelp("Write the skills of the load, and do nothing else.", valueName: "folder"))
    var writeSkills: String?

    @Option(help: ArgumentHelp("The broker, as its user `operator`; BATON_AMQP_URL otherwise.", valueName: "url"))
    var url: String?

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        if let writeSkills { return try BenchSkill.write(into: writeSkills, domain: domain) }
        if isPrivate { return try await performPrivately() }
        let broker = try url.map { try AMQPSettings(url: $0) } ?? services.broker()
        try await BenchRun(options: options, broker: broker, services: services, output: output).perform()
    }

    /// The same again, beside a `baton dev`.
    private func performPrivately() async throws {
        let data = services.data ?? ".baton/bench"
        let skills = data + "/bench-skills"
        try BenchSkill.write(into: skills, domain: domain)
        var arguments = ["--data", data, "--skills", skills, "--executors", String(executors)]
        if let executorConcurrency { arguments += ["--concurrency", String(executorConcurrency)] }
        let command = [Environment.ownProgram] + CommandLine.arguments.dropFirst().filter { $0 != "--private" }
        let status = try await DevCommand.run(try DevOptions.parse(arguments), command: command)
        // Not when it would not start: the folder may be another's.
        if services.data == nil { try? FileManager.default.removeItem(atPath: data) }
        if status != 0 { throw ExitCode(status) }
    }
}
