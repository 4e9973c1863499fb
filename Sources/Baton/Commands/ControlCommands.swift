package import ArgumentParser
import Contracts
import JSON

/// What every word to a workflow has.
struct ControlOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The workflow's id.", valueName: "id"))
    var id: WorkflowArgument
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var actor: ActorOptions

    @Option(help: "Why, for the records.")
    var reason: String?

    var workflow: WorkflowID { id.id }

    func say(_ body: some RoutedBody, done: String) async throws {
        try await Control(services: services, output: output).say(body, to: workflow, done: done)
    }
}

/// `baton pause`
package struct PauseCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold a workflow: nothing new starts, what runs goes on.",
        discussion: "`baton resume` lets it go on.")

    @OptionGroup var options: ControlOptions

    package init() {}

    package func perform() async throws {
        let body = ControlPause(workflowID: options.workflow, actor: options.actor.actor, reason: options.reason)
        try await options.say(body, done: "is paused")
    }
}

/// `baton resume`
package struct ResumeCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused workflow go on.")

    @OptionGroup var options: ControlOptions

    package init() {}

    package func perform() async throws {
        let body = ControlResume(workflowID: options.workflow, actor: options.actor.actor, reason: options.reason)
        try await options.say(body, done: "goes on")
    }
}

/// `baton cancel`
package struct CancelCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a workflow, or one task of it: what runs is stopped.",
        discussion: "`baton watch` shows the end. What was found until then stays.")

    @OptionGroup var options: ControlOptions
    @Argument(help: ArgumentHelp("One task of it; all of it when left out.", valueName: "task"))
    var task: TaskArgument?

    package init() {}

    package func perform() async throws {
        let body = ControlCancel(
            workflowID: options.workflow, taskID: task?.id, actor: options.actor.actor, reason: options.reason)
        try await options.say(body, done: task.map { "\($0.id) is cancelled" } ?? "is cancelled")
    }
}

/// `baton skip`
package struct SkipCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Skip a task that has not succeeded, or all that failed: what needs it goes on.")

    @OptionGroup var options: ControlOptions
    @Argument(help: ArgumentHelp("One task of it; all that failed when left out.", valueName: "task"))
    var task: TaskArgument?

    package init() {}

    package func perform() async throws {
        let body = ControlSkip(
            workflowID: options.workflow, taskID: task?.id, actor: options.actor.actor, reason: options.reason)
        try await options.say(
            body, done: task.map { "goes on without \($0.id)" } ?? "goes on without what failed")
    }
}

/// `baton undo`
package struct UndoCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Have undone what can be undone of a workflow, also when it has ended.",
        discussion: "Its reversible tasks that succeeded are undone, the last one first; then it ends as cancelled.")

    @OptionGroup var options: ControlOptions

    package init() {}

    package func perform() async throws {
        let body = ControlUndo(workflowID: options.workflow, actor: options.actor.actor, reason: options.reason)
        try await options.say(body, done: "is being undone")
    }
}

/// `baton retry`
package struct RetryCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try again what has failed: a task, or a whole workflow from where it failed.",
        discussion: """
              baton retry ID                                  every task that failed, and what depends on it
              baton retry ID settle                           this task, whatever it came to, and what depends on it
              baton retry ID --input '{"pr": 4712}'           with another input

            It is another attempt of the same workflow: what succeeded stays.
            """)

    @OptionGroup var options: ControlOptions
    @Argument(help: ArgumentHelp("One task of it; all that failed when left out.", valueName: "task"))
    var task: TaskArgument?
    @Option(
        help: ArgumentHelp(
            "Another input of the workflow: a JSON object, @file (JSON or YAML) or @- for standard input.",
            valueName: "json|@file"))
    var input: String?

    package init() {}

    package func perform() async throws {
        let body = ControlRetry(
            workflowID: options.workflow, taskID: task?.id, input: try input.map { try InputText($0).value },
            actor: options.actor.actor, reason: options.reason)
        try await options.say(
            body, done: task.map { "tries \($0.id) again" } ?? "goes on from where it failed")
    }
}

/// `baton signal`
package struct SignalCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "signal", abstract: "Tell a workflow that what it waits for by name has happened.",
        discussion: """
              baton signal ID payment-received --payload '{"amount": 12.50}'

            A signal that comes before its wait is kept for it.
            """)

    @Argument(help: ArgumentHelp("The workflow's id.", valueName: "id"))
    var id: WorkflowArgument
    @Argument(help: ArgumentHelp("The signal's name.", valueName: "name"))
    var name: String
    @Option(
        help: ArgumentHelp(
            "What the wait gives back: a JSON object, @file (JSON or YAML) or @- for standard input.",
            valueName: "json|@file"))
    var payload: String?
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var actor: ActorOptions

    package init() {}

    package func perform() async throws {
        guard let name = SignalName(name) else {
            throw ValidationError("`\(name)` is no signal's name: letters, digits, '.', '_' and '-'.")
        }
        let body = SignalReceived(
            workflowID: id.id, name: name, payload: try payload.map { try InputText($0).value }, actor: actor.actor)
        try await Control(services: services, output: output).say(body, to: id.id, done: "has the signal \(name)")
    }
}
