import ArgumentParser
import Contracts
import JSON

/// A person's word to a workflow, from its publishing to the dispatcher's answer.
struct Control {
    let services: ServiceOptions
    let output: OutputOptions
    private static let patience = Duration.seconds(30)

    /// Publishes it, and returns once the workflow has taken it.
    ///
    /// - Parameter done: what is so then, in words.
    /// - Throws: ``ExitStatus/rejected`` when it does not apply in the workflow's present state: why, and what would, is said
    ///   on standard error; ``CommandFailure`` when nobody answers.
    func say(_ body: some RoutedBody, to workflow: WorkflowID, done: String) async throws {
        let mailbox = Listening.name()
        let broker = try services.broker()
        let problems = try await Listening.listen(broker, [Listening.replies(mailbox)]) { heard in
            try await OperatorVoice(broker).say(body, replyTo: QueueName.reply(mailbox), correlationID: workflow.text)
            return try await answer(heard, workflow)
        }
        guard problems.isEmpty else {
            let report = ProblemReport(problems: problems)
            for line in report.lines { Console.complain(line) }
            if output.output == .json { output.show("", ["problems": .array(report.json)]) }
            throw ExitStatus.rejected
        }
        output.show("\(workflow) \(done)\n", ["workflow_id": .string(workflow.text), "done": .string(done)])
    }

    /// - Returns: why it was refused; nothing when it was taken.
    private func answer(_ heard: AsyncStream<Heard>, _ workflow: WorkflowID) async throws -> [Problem] {
        let deadline = ContinuousClock.now + Self.patience
        for await sound in heard {
            if case .messages(let messages) = sound {
                for message in messages where message.exchange.isEmpty {
                    switch try InboundMessage.decode(message, validating: false).body {
                    case .workflowAccepted: return []
                    case .workflowRejected(let rejected): return rejected.problems
                    default: break
                    }
                }
            }
            if ContinuousClock.now >= deadline { break }
        }
        throw CommandFailure(
            ExitStatus.noAnswer,
            "No answer within \(Self.patience.components.seconds) s; it is in a dispatcher's queue. `baton workflows history \(workflow)` shows whether it was taken."
        )
    }
}

/// A task of a workflow on the command line.
struct TaskArgument: ExpressibleByArgument {
    var id: TaskID

    init?(argument: String) {
        guard let id = TaskID(argument) else { return nil }
        self.id = id
    }
}
