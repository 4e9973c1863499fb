package import ArgumentParser
import JSON
import Topology

/// `baton topology dead`: what was given up on.
package struct TopologyDeadCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Look at the messages that were given up on, and decide about them.",
        discussion: "Looking takes nothing away; the broker counts it as a delivery.",
        subcommands: [DeadListCommand.self, DeadShowCommand.self, DeadReplayCommand.self, DeadDropCommand.self],
        defaultSubcommand: DeadListCommand.self)

    package init() {}
}

/// Which dead-letter queue.
struct DeadLetterOptions: ParsableArguments {
    @OptionGroup var broker: ManagementOptions

    @Option(help: "The virtual host.")
    var vhost = "baton"

    func deadLetters() async throws -> DeadLetters {
        DeadLetters(try await broker.api().brokerSettings(virtualHost: vhost))
    }
}

package struct DeadListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List them: id, time, queue, reason, routing key, message id.")

    @OptionGroup var options: DeadLetterOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "At most so many, the oldest first.")
    var limit = 100

    package init() {}

    package func run() async throws {
        let list = try await options.deadLetters().list(limit: max(0, limit))
        output.show(list.text, list.json)
    }
}

package struct DeadShowCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one whole: why, from where, its headers and its body.")

    @OptionGroup var options: DeadLetterOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Its id as `list` prints it, or its message id.")
    var id: String

    package init() {}

    package func run() async throws {
        let letters = try await options.deadLetters().list().letters.filter { $0.isNamed(id) }
        guard !letters.isEmpty else { throw NotFound(description: "No message \(id) was given up on.") }
        for letter in letters { output.show(letter.text, letter.json) }
    }
}

private struct NotFound: Error, CustomStringConvertible {
    var description: String
}

/// Which of them.
struct DeadLetterChoice: ParsableArguments {
    @Argument(help: "Their ids as `list` prints them, or message ids.")
    var ids: [String] = []

    @Flag(help: "All of them.")
    var all = false

    @Option(help: "Of these only those that died in this queue.")
    var queue: String?

    func validate() throws {
        if ids.isEmpty != all { throw ValidationError("Name messages, or say --all.") }
    }

    func contains(_ letter: DeadLetter) -> Bool {
        (all || ids.contains(where: letter.isNamed)) && (queue == nil || queue == letter.queue)
    }

    func show(_ settlements: [DeadLetters.Settlement], _ verb: String, _ output: OutputOptions) throws {
        let missing = ids.filter { id in !settlements.contains { $0.letter.isNamed(id) } }
        let lines = settlements.map { $0.text(verb) } + missing.map { "missing   \($0)" }
        output.show(
            lines.isEmpty ? "Nothing was given up on.\n" : lines.joined(separator: "\n") + "\n",
            ["settlements": .array(settlements.map(\.json)), "missing": .array(missing.map(JSONValue.string))])
        if !missing.isEmpty || settlements.contains(where: { $0.result != .done }) { throw ExitCode(2) }
    }
}

package struct DeadReplayCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Give messages back to the queues they died in.",
        discussion: """
            Nobody else gets a copy. Not for orders: retry the task instead. The user needs the tag `impersonator`. \
            Exit status: 0 when all went back, 2 when some stay.
            """)

    @OptionGroup var options: DeadLetterOptions
    @OptionGroup var choice: DeadLetterChoice
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() async throws {
        try choice.show(try await options.deadLetters().replay(choice.contains), "replayed", output)
    }
}

package struct DeadDropCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Take messages away for good.")

    @OptionGroup var options: DeadLetterOptions
    @OptionGroup var choice: DeadLetterChoice
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() async throws {
        try choice.show(try await options.deadLetters().drop(choice.contains), "dropped ", output)
    }
}
