package import ArgumentParser

/// The command line.
@main
package struct Baton: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "baton", abstract: "A broker-native workflow pipeline.",
        subcommands: [
            DefinitionsCommand.self, SkillsCommand.self, SubmitCommand.self, DevCommand.self, DevWatchCommand.self,
            TopologyCommand.self, PlannerCommand.self, DispatcherCommand.self, GathererCommand.self,
            ExecutorCommand.self, LogWriterCommand.self,
        ])
    package init() {}
}
