package import ArgumentParser
import Glibc
import LocalServers
import UnixSignals

/// `baton dev`: private servers and every process, for a laptop and for the tests.
package struct DevCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run everything here: a private PostgreSQL and RabbitMQ, and every process.",
        discussion: """
            The servers listen on this machine only, on ports of their own, and keep their data in one folder. Each process \
            has its own user of the broker and its own role in the database, as in production; one that ends is started \
            again. Everything ends with this command, however it ends. A second one beside it takes another --data.

            Other commands find it from the same folder, or anywhere when it is the only one.

            Examples:
              baton dev --skills examples/event-readiness/skills
              baton dev --skills skills -- baton submit hello.yaml --watch
            """)

    @OptionGroup var options: DevOptions

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "A command to run beside it all, which then stops; its exit status is ours.",
            discussion: """
                The children's lines go to files in the folder's logs. The command finds the servers, as their administrator, by \
                BATON_TEST_AMQP_URL, BATON_TEST_MANAGEMENT_URL and BATON_TEST_POSTGRES_URL.
                """))
    var command: [String] = []

    package init() {}

    package func run() async throws {
        let status = try await Self.run(options, command: command)
        if status != 0 { throw ExitCode(status) }
    }

    /// - Returns: the command's exit status; 0 without one.
    static func run(_ options: DevOptions, command: [String]) async throws -> Int32 {
        Orphans.adopt()
        defer { Orphans.reap() }
        let work = Task { try await Development(options: options, command: command).run() }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { work.cancel() }
        }
        defer { signals.cancel() }
        do {
            return try await work.value
        } catch is CancellationError {
            throw ExitCode(130)
        }
    }
}

/// The process that cleans up after a `baton dev` that was killed; only `baton dev` starts it.
package struct DevWatchCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(commandName: Watchdog.subcommand, shouldDisplay: false)

    @Argument var data: String
    @Argument var token: String
    @Flag var takeOver = false

    package init() {}

    package func run() throws { try Watchdog.run(data: data, token: token, takeOver: takeOver) }
}
