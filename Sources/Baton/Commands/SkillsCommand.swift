package import ArgumentParser
import Executor
import JSON
import Store

/// `baton skills`: what tasks can be done by.
package struct SkillsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "skills", abstract: "Check and register skills: what tasks can be done by.",
        discussion: """
            A skill is a folder named after it, with a file skill.yaml that says in which runner domain it runs, what it \
            takes and gives, and how it is done: a query, or a program in any language.

              skills/payments.order-totals/skill.yaml

            Executors read the files themselves; the planner knows what `baton skills sync` has registered.
            """,
        subcommands: [SkillsLintCommand.self, SkillsSyncCommand.self, SkillsListCommand.self])

    package init() {}
}

package struct SkillsLintCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Show everything that is wrong with the skills below a folder.",
        discussion: """
            One line for each problem, file:line:column: code: message.
            Exit status: 0 without problems, 1 with some, 66 when there is no skill.
            """)

    @Argument(
        help: ArgumentHelp("The folder that holds the skills' folders.", valueName: "folder"), completion: .directory)
    var folder: String

    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let reports = try SkillFolder(folder).reports
        output.show(
            reports.isEmpty ? "" : reports.flatMap(\.lines).joined(separator: "\n") + "\n",
            ["problems": .array(reports.flatMap(\.json))])
        if !reports.isEmpty { throw ExitStatus.failed }
    }
}

package struct SkillsSyncCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Register the skills below a folder, so that the planner knows them.",
        discussion: """
            The same again is left as it is; a changed file needs a higher version. If one has problems none is registered.
            Exit status: 0 when all are registered, 1 when there are problems.
            """)

    @Argument(
        help: ArgumentHelp("The folder that holds the skills' folders.", valueName: "folder"), completion: .directory)
    var folder: String

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let folder = try SkillFolder(folder)
        guard folder.reports.isEmpty else { throw refused(folder.reports) }
        let conflicts = try await services.withStore { store in
            var conflicts: [ProblemReport] = []
            for skill in folder.skills {
                if let report = try await register(skill, store) { conflicts.append(report) }
            }
            return conflicts
        }
        if !conflicts.isEmpty { throw refused(conflicts) }
    }

    private func refused(_ reports: [ProblemReport]) -> ExitCode {
        for line in reports.flatMap(\.lines) { Console.complain(line) }
        return ExitStatus.failed
    }

    private func register(_ skill: SkillFile, _ store: Store) async throws -> ProblemReport? {
        let done: String
        switch try await store.register(skill.row(workspace: workspace.workspace)) {
        case .added: done = "registered"
        case .unchanged: done = "unchanged"
        case .conflict(let version):
            let message = "version \(version) of \(skill.id) is registered with other content; raise the version"
            return ProblemReport(
                file: skill.folder + "/skill.yaml",
                problems: [.init(path: "/version", code: "version_exists", message: message)])
        }
        output.show(
            "\(skill.id)@\(skill.version) \(done)\n",
            [
                "id": .string(skill.id.text), "version": .number(JSONNumber(skill.version)),
                "domain": .string(skill.domain.text), "status": .string(done),
            ])
        return nil
    }
}

package struct SkillsListCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the registered skills, each in its latest version.")

    @Option(help: "Only those of this workspace.")
    var workspace: String?

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let rows = try await services.withStore { try await $0.skills(workspace: workspace) }
        var table = TextTable(columns: [
            .init("SKILL"), .init("VERSION", isNumeric: true), .init("DOMAIN"), .init("TITLE"), .init("WORKSPACE"),
        ])
        table.rows = rows.map { row in
            [
                row.id, row.version.map(String.init) ?? "", row.domain, row.skill["title"]?.string ?? "", row.workspace,
            ].map(\.printable)
        }
        output.show(
            rows.isEmpty ? "No skills are registered.\n" : table.text(.current()),
            [
                "skills": .array(
                    rows.map { row in
                        [
                            "id": .string(row.id), "version": row.version.map { .number(JSONNumber($0)) } ?? .null,
                            "workspace": .string(row.workspace), "domain": .string(row.domain), "skill": row.skill,
                        ]
                    })
            ])
    }
}
