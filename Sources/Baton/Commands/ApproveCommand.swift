package import ArgumentParser
import Contracts
import JSON
import Store

/// `baton approve`
package struct ApproveCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Decide what a workflow waits for: go on, once more, or stop.",
        discussion: """
              baton approvals                                            what waits for a decision
              baton approve ID preview --role deployer
              baton approve ID preview --decision retry --comment "the plan deletes a table"
              baton approve ID preview --modify '{"replicas": 2}'        merged into the input of what follows

            The task may be left out when only one of the workflow's waits. Who decides needs one of the roles that it asks for.
            """)

    enum Decision: String, ExpressibleByArgument, CaseIterable, Sendable {
        case `continue`, retry, abort

        var value: ApprovalDecision {
            switch self {
            case .continue: .continue
            case .retry: .retry
            case .abort: .abort
            }
        }

        var outcome: String {
            switch self {
            case .continue: "is approved"
            case .retry: "is sent back"
            case .abort: "is refused"
            }
        }
    }

    @Argument(help: ArgumentHelp("The workflow's id.", valueName: "id"))
    var id: WorkflowArgument
    @Argument(help: ArgumentHelp("The task that waits.", valueName: "task"))
    var task: TaskArgument?
    @Option(help: "continue, retry (what it needs runs again, then it is asked again) or abort.")
    var decision = Decision.continue
    @Option(help: "For the records, and for whoever reads them.")
    var comment: String?
    @Option(
        name: .customLong("modify"),
        help: ArgumentHelp(
            "Merged into the input of what follows: a JSON object, @file (JSON or YAML) or @-.", valueName: "json|@file"
        ))
    var modifications: String?
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var actor: ActorOptions

    package init() {}

    package func perform() async throws {
        let asked = try await asked()
        let body = ApprovalDecided(
            workflowID: id.id, taskID: asked.task, attempt: asked.attempt, decision: decision.value,
            modifications: try modifications.map { try InputText($0).value }, actor: actor.actor, comment: comment)
        try await Control(services: services, output: output)
            .say(body, to: id.id, done: "\(asked.task) \(decision.outcome)")
    }

    /// What is decided on: as it was seen, so that a decision never counts for a later question.
    private func asked() async throws -> (task: TaskID, attempt: Int?) {
        let open = try await services.withStore { store in
            guard try await store.workflow(id.id.text) != nil else {
                throw CommandFailure(ExitStatus.notFound, "There is no workflow \(id.id).")
            }
            return try await store.openApprovals(of: id.id.text)
        }
        if let task { return (task.id, open.first { $0.taskID == task.id.text }?.attempt) }
        guard open.count == 1, let only = open.first, let task = TaskID(only.taskID) else {
            let names = open.map(\.taskID).joined(separator: ", ")
            throw ValidationError(
                open.isEmpty ? "Nothing of \(id.id) waits for a decision." : "Which of \(names) is meant?")
        }
        return (task, only.attempt)
    }
}

/// `baton approvals`
package struct ApprovalsCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "List what waits for a decision, the oldest first.")

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let open = try await services.withStore { try await $0.openApprovals() }
        var table = TextTable(columns: [
            .init("WORKFLOW", isRigid: true), .init("TASK"), .init("BY"), .init("ASKED", isRigid: true), .init("UNTIL"),
            .init("WHAT"),
        ])
        table.rows = open.map { approval in
            [
                approval.workflowID, approval.taskID, approval.roles.joined(separator: ", "),
                Moment.text(approval.askedAt),
                approval.expiresAt.map { Moment.text($0) } ?? "", approval.subject,
            ].map(\.printable)
        }
        output.show(
            open.isEmpty ? "Nothing waits for a decision.\n" : table.text(.current()),
            ["approvals": .array(open.map(\.json))])
    }
}

extension OpenApproval {
    fileprivate var roles: [String] { asked["by"]?.array?.compactMap(\.string) ?? [] }

    fileprivate var subject: String {
        asked["title"]?.string ?? asked["of"].map { $0.isNull ? "" : $0.inline(60) } ?? ""
    }

    fileprivate var json: JSONValue {
        [
            "workflow_id": .string(workflowID), "task_id": .string(taskID), "attempt": .number(JSONNumber(attempt)),
            "asked": asked, "asked_at": Moment.json(askedAt), "expires_at": Moment.json(expiresAt),
        ]
    }
}
