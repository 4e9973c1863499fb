package import ArgumentParser
import Contracts
import JSON
import Store

/// `baton logs`: what tasks said.
package struct LogsCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what the tasks of a workflow, or one of them, said.",
        discussion: """
            In the order in which it arrived. With --output json one object a line: task_id, attempt, at, level, text. \
            `baton watch ID --logs` shows it as it is said.
            """)

    @OptionGroup var options: WorkflowOptions

    @Argument(help: "Only this task.")
    var task: String?

    package init() {}

    package func perform() async throws {
        let terminal = Terminal.current()
        try await options.services.withStore { store in
            let stored = try await options.stored(store)
            if let task, !stored.tasks.contains(where: { $0.taskID == task }) {
                throw CommandFailure(ExitStatus.notFound, "The workflow has no task \(task).")
            }
            for row in try await store.logs(of: options.workflow.text, task: task, limit: 1_000_000) {
                for line in row.lines.array ?? [] { show(line, row, terminal) }
            }
        }
    }

    private func show(_ line: JSONValue, _ row: LogRow, _ terminal: Terminal) {
        if options.output.output == .json {
            var members: JSONObject = [
                "task_id": .string(row.taskID), "attempt": .number(JSONNumber(row.attempt)),
            ]
            for (name, value) in line.object?.members ?? [] { members[name] = value }
            return Console.print(JSONValue.object(members).text)
        }
        let at = line["at"]?.string.flatMap { Timestamp($0) }?.milliseconds ?? row.recordedAt
        let level = line["level"]?.string ?? "info"
        let text = line["text"]?.string ?? ""
        let styled: StyledLine = [
            Styled(Moment.time(at) + "  ", .dim),
            Styled(row.taskID.printable + (row.attempt > 1 ? "#\(row.attempt)" : "") + "  ", .cyan),
            Styled(level == "info" ? "" : level + "  ", level.signal), Styled(text.printable),
        ]
        Console.print(styled.rendered(terminal.hasColour))
    }
}
