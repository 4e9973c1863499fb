package import ArgumentParser
import Contracts

/// `baton watch`: a workflow as it runs.
package struct WatchCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Watch a workflow until it ends, then show its result.",
        discussion: """
            In a terminal: tasks by domain, the merged result as it grows, conflicts with their sides, confidence and \
            coverage. Elsewhere one line for each revision of the result, with its number. It may begin at any time, also \
            after the end: what was before is shown first, and nothing is left out.

            With --output json one object a line. Of type "revision": what the gatherer published (revision, pane, status, \
            coverage, confidence, conflict, snapshot or patch …), and the state of each task as task_states. Of type "log", \
            with --logs: task_id, attempt, at, level, text. The last is of type "end": status, result, conflicts, scores.

            Exit status: 0 when the workflow succeeded, 1 when it failed, 2 when it was cancelled, 66 when there is none.
            """)

    @Argument(help: ArgumentHelp("The workflow's id.", valueName: "id"))
    var id: WorkflowArgument

    @Flag(help: "Also show what the tasks say.")
    var logs = false

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let watching = Watching(services: services, output: output, showsLogs: logs)
        let queue = Listening.events(Listening.name(), logs: logs)
        let status = try await Listening.listen(try services.broker(), [queue]) { try await watching.follow(id.id, $0) }
        if status != .success { throw status }
    }
}

/// A workflow's id on the command line.
struct WorkflowArgument: ExpressibleByArgument {
    var id: WorkflowID

    init?(argument: String) {
        guard let id = WorkflowID(argument) else { return nil }
        self.id = id
    }
}
