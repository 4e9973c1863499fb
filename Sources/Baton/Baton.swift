package import ArgumentParser

/// The command line.
@main
package struct Baton: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "baton", abstract: "A broker-native workflow pipeline.",
        subcommands: people + servers + processes)

    /// What people use.
    private static let people: [any ParsableCommand.Type] = [
        DefinitionsCommand.self, SkillsCommand.self, SubmitCommand.self, WatchCommand.self,
    ]

    private static let servers: [any ParsableCommand.Type] = [
        DevCommand.self, DevWatchCommand.self, TopologyCommand.self,
    ]

    /// What runs for long, each a process of its own.
    private static let processes: [any ParsableCommand.Type] = [
        PlannerCommand.self, DispatcherCommand.self, GathererCommand.self, ExecutorCommand.self, NotifierCommand.self,
        LogWriterCommand.self,
    ]

    package init() {}
}
