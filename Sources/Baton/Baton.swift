package import ArgumentParser

/// The command line.
@main
package struct Baton: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "baton", abstract: "A broker-native workflow pipeline.",
        discussion: """
            Requests become plans, plans become tasks that run in the executors of their domains, and what the tasks find is \
            merged while they still run. A first look:

              baton dev                            everything here, in one terminal
              baton skills sync skills             what tasks can be done by
              baton definitions apply hello.yaml   what can be run
              baton submit hello --watch           run it, and see the result

            Commands find a running `baton dev` by themselves; elsewhere BATON_AMQP_URL and BATON_DATABASE_URL say where the \
            broker and the database are. NO_COLOR takes the colours away, --output json prints for programs, and \
            `baton --generate-completion-script bash` (or zsh, fish) prints what completes commands in a shell.

            Exit status:
            \(ExitStatus.table)
            """, version: VersionCommand.number,
        subcommands: people + servers + processes)

    /// What people use.
    private static let people: [any ParsableCommand.Type] = [
        DefinitionsCommand.self, SkillsCommand.self, SubmitCommand.self, WatchCommand.self, WorkflowsCommand.self,
        ApprovalsCommand.self, ApproveCommand.self, PauseCommand.self, ResumeCommand.self, RetryCommand.self,
        SkipCommand.self, CancelCommand.self, UndoCommand.self, SignalCommand.self, LogsCommand.self,
        ArtifactsCommand.self, MigrateCommand.self, DoctorCommand.self,
        VersionCommand.self,
    ]

    private static let servers: [any ParsableCommand.Type] = [
        DevCommand.self, DevWatchCommand.self, BenchCommand.self, TopologyCommand.self,
    ]

    /// What runs for long, each a process of its own.
    private static let processes: [any ParsableCommand.Type] = [
        PlannerCommand.self, DispatcherCommand.self, GathererCommand.self, ExecutorCommand.self, NotifierCommand.self,
        LogWriterCommand.self,
    ]

    package init() {}
}
