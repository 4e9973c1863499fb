import AMQP
package import ArgumentParser
import Contracts
import Engine
import Foundation
import JSON

/// `baton submit`: asks for a workflow.
package struct SubmitCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Ask for a workflow: of a registered definition, of a file, or for a goal.",
        discussion: """
            Prints the workflow's id once it is accepted, or every reason why it is not.

              baton submit event-readiness --watch
              baton submit deploy@3 --input '{"pr": 4711}' --request-id deploy-4711
              baton submit plan.yaml --input @input.yaml --dry-run
              baton submit --goal 'The books of May are closed' --watch

            A request id makes asking again harmless: the same request is the same workflow, and another one under the \
            same id is refused. --dry-run asks nobody: it shows the plan as it would run, or all its problems.

            Exit status: 0 when it is accepted, with --watch when it succeeded; 1 when it failed; 2 when it was \
            cancelled; 3 when it was refused; 75 when nobody answered: it may still be accepted.
            """)

    @OptionGroup var options: RequestOptions

    @Flag(help: "Watch it until it ends, and exit as it ended; see `baton watch`.")
    var watch = false

    @Flag(help: "When watching, also show what the tasks say.")
    var logs = false

    @Flag(help: "Ask nobody: show the plan as it would run, or all its problems.")
    var dryRun = false

    @Option(help: ArgumentHelp("How long to wait for the answer.", valueName: "seconds"))
    var timeout = 30

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        do {
            let file = try options.file.map { try DefinitionFile($0) }
            let input = try InputText(options.input)
            if dryRun {
                return try await DryRun(options: options, services: services, output: output).perform(file, input)
            }
            try await submit(try options.request(file, input: input), file, input)
        } catch let report as ProblemReport {
            throw refused([report])
        }
    }

    private func submit(_ request: WorkflowRequested, _ file: DefinitionFile?, _ input: InputText) async throws {
        let submission = Submission(request: request, broker: try services.broker(), mailbox: Listening.name())
        let mailbox = submission.mailbox
        var queues = [Listening.replies(mailbox)]
        if watch { queues.append(Listening.events(mailbox, logs: logs)) }
        let status = try await Listening.listen(submission.broker, queues) { heard -> ExitCode in
            try await submission.publish()
            switch try await self.answer(to: submission, heard) {
            case .success(let id):
                tell(id, request)
                guard watch else { return .success }
                return try await Watching(services: services, output: output, showsLogs: logs).follow(id, heard)
            case .failure(let rejection): return refused(reports(rejection.problems, file, input))
            }
        }
        if status != .success { throw status }
    }

    private func tell(_ id: WorkflowID, _ request: WorkflowRequested) {
        switch output.output {
        case .text: Console.print(id.text)
        case .json:
            Console.print(
                JSONValue.object([
                    "type": "accepted", "workflow_id": .string(id.text), "request_id": .string(request.requestID.text),
                ]).text)
        }
    }

    private func answer(
        to submission: Submission, _ heard: AsyncStream<Heard>
    ) async throws -> Result<WorkflowID, Submission.Rejection> {
        let deadline = ContinuousClock.now + .seconds(timeout)
        for await sound in heard {
            if case .messages(let messages) = sound {
                for message in messages { if let answer = try submission.answer(message) { return answer } }
            }
            if ContinuousClock.now >= deadline { break }
        }
        throw CommandFailure(
            ExitStatus.noAnswer,
            """
            No answer within \(timeout) s; the request is in the planner's queue. Ask again with --request-id \
            \(submission.request.requestID), or look for the workflow \(submission.workflowID).
            """)
    }

    /// What the planner says of the file or of the input, with the places.
    private func reports(_ problems: [Problem], _ file: DefinitionFile?, _ input: InputText) -> [ProblemReport] {
        let ofInput = problems.filter { $0.path.hasPrefix("/input") }
        let rest = problems.filter { !$0.path.hasPrefix("/input") }
        var reports: [ProblemReport] = []
        if !rest.isEmpty { reports.append(file?.report(rest, prefix: "/plan") ?? ProblemReport(problems: rest)) }
        if !ofInput.isEmpty { reports.append(input.report(ofInput)) }
        return reports
    }

    private func refused(_ reports: [ProblemReport]) -> ExitCode {
        for line in reports.flatMap(\.lines) { Console.complain(line) }
        if output.output == .json { output.show("", ["problems": .array(reports.flatMap(\.json))]) }
        return ExitStatus.rejected
    }
}
