package import ArgumentParser
import Contracts
import JSON
import Store

/// `baton workflows`: what runs and what has run.
package struct WorkflowsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "workflows", abstract: "List workflows, show one, its result or its history, or cancel it.",
        discussion: """
              baton workflows list --status running
              baton workflows show ID         its tasks as they stand
              baton workflows result ID       what its tasks found, merged: conflicts, confidence, coverage
              baton workflows history ID      every event, in order
              baton workflows cancel ID
            """,
        subcommands: [
            WorkflowsListCommand.self, WorkflowsShowCommand.self, WorkflowsResultCommand.self,
            WorkflowsHistoryCommand.self, CancelCommand.self, UndoCommand.self,
        ])

    package init() {}
}

/// Which workflow.
struct WorkflowOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The workflow's id.", valueName: "id"))
    var id: WorkflowArgument

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    var workflow: WorkflowID { id.id }

    /// - Throws: ``CommandFailure`` when there is none.
    func stored(_ store: Store) async throws -> StoredWorkflow {
        guard let stored = try await store.workflow(workflow.text) else { throw missing }
        return stored
    }

    var missing: CommandFailure { CommandFailure(ExitStatus.notFound, "There is no workflow \(workflow).") }
}

package struct WorkflowsListCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List workflows, the newest first.")

    enum Status: String, ExpressibleByArgument, CaseIterable, Sendable {
        case queued, running, paused, succeeded, failed, cancelled
    }

    @Option(help: "Only those in this state; may be repeated.")
    var status: [Status] = []

    @Option(help: "Only those of this workspace.")
    var workspace: String?

    @Option(help: "At most so many.")
    var limit = 20

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let rows = try await services.withStore { store in
            try await store.workflows(
                workspace: workspace, statuses: status.isEmpty ? nil : status.map(\.rawValue), limit: max(1, limit))
        }
        var table = TextTable(columns: [
            .init("WORKFLOW", isRigid: true), .init("DEFINITION"), .init("STATUS") { $0.signal },
            .init("TASKS", isNumeric: true),
            .init("BEGAN", isRigid: true), .init("TOOK", isNumeric: true),
        ])
        table.rows = rows.map { row in
            [
                row.id, row.title, row.status, "\(row.tasksEnded)/\(row.tasks)", Moment.text(row.createdAt),
                row.endedAt.map { Moment.span($0 - row.createdAt) } ?? "",
            ].map(\.printable)
        }
        output.show(
            rows.isEmpty ? "There are no workflows.\n" : table.text(.current()),
            ["workflows": .array(rows.map(\.json))])
    }
}

package struct WorkflowsShowCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how a workflow and its tasks stand.")

    @OptionGroup var options: WorkflowOptions

    package init() {}

    package func perform() async throws {
        let stored = try await options.services.withStore { try await options.stored($0) }
        options.output.show(text(stored), stored.json)
    }

    private func text(_ stored: StoredWorkflow) -> String {
        let row = stored.row
        let terminal = Terminal.current()
        var head: [(String, String)] = [
            ("workflow", row.id), ("definition", row.title), ("status", row.status), ("workspace", row.workspace),
            ("request", row.requestID), ("asked by", row.actor?["id"]?.string ?? ""),
            ("began", Moment.text(row.createdAt)),
        ]
        if let ended = row.endedAt { head.append(("took", Moment.span(ended - row.createdAt))) }
        if let phase = stored.currentPhase {
            head.append(("phase", "\(phase.name), \(phase.ended) of \(phase.tasks) tasks ended"))
        }
        if let input = row.input, input.object?.isEmpty == false {
            head.append(("input", input.inline(terminal.width - 12)))
        }
        if let error = row.error {
            head.append(("error", error["message"]?.string ?? error.inline(terminal.width - 12)))
        }
        let hasPhases = !stored.phases.isEmpty
        var table = TextTable(
            columns: (hasPhases ? [.init("PHASE")] : []) + [
                .init("TASK"), .init("DOMAIN"), .init("STATUS") { $0.signal }, .init("TRY", isNumeric: true),
                .init("TOOK", isNumeric: true), .init("WHY"),
            ])
        var state = WatchState(id: options.workflow)
        state.take(stored)
        table.rows = state.ordered.map { task in
            let took = task.startedAt.map { Moment.span((task.endedAt ?? Moment.now) - $0) }
            let phase = hasPhases ? [stored.phase(of: task.id) ?? ""] : []
            return
                (phase + [
                    task.id, task.domain, task.status, String(task.attempt), took ?? "", task.error ?? "",
                ]).map(\.printable)
        }
        let lines: [StyledLine] = head.map { [Styled($0.0.padded(to: 12), .dim), Styled($0.1.printable)] }
        return lines.map { $0.rendered(terminal.hasColour) + "\n" }.joined() + "\n" + table.text(terminal)
    }
}

package struct WorkflowsResultCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "result", abstract: "Show what a workflow's tasks found, merged.",
        discussion: """
            As of the newest revision, also while the workflow runs. A value marked with ≠ is in conflict: below stand both \
            sides, the domains and artifacts they come from, and how far each is to be trusted.
            """)

    @Flag(help: "Every row of every list, and every conflict.")
    var all = false

    @OptionGroup var options: WorkflowOptions

    package init() {}

    package func perform() async throws {
        let report = try await options.services.withStore { store in
            try await Report.read(options.workflow, store, services: options.services)
        }
        guard let report else { throw options.missing }
        options.output.show(report.text(.current(), all: all), .object(report.json))
    }
}

package struct WorkflowsHistoryCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show every event of a workflow, in order.",
        discussion: "With --output json one object a line, with the message as it was published.")

    @OptionGroup var options: WorkflowOptions

    package init() {}

    package func perform() async throws {
        let events = try await options.services.withStore { store in
            _ = try await options.stored(store)
            var events: [EventRow] = []
            while true {
                let page = try await store.history(options.workflow.text, after: events.last?.seq ?? 0, limit: 5000)
                events += page
                if page.count < 5000 { return events }
            }
        }
        if options.output.output == .json {
            for event in events { Console.print(event.json.text) }
            return
        }
        var table = TextTable(columns: [
            .init("SEQ", isNumeric: true), .init("TIME", isRigid: true),
            .init("EVENT", isRigid: true) { ($0.split(separator: ".").last.map(String.init) ?? "").signal },
            .init("TASK"), .init("TRY", isNumeric: true), .init("BY"), .init("SAYS"),
        ])
        table.rows = events.map { event in
            [
                String(event.seq), Moment.time(event.recordedAt), event.type, event.taskID ?? "",
                event.attempt.map(String.init) ?? "", event.actor ?? "", event.gist,
            ].map(\.printable)
        }
        Console.show(table.text(.current()))
    }
}
