package import ArgumentParser
import Contracts
import Engine
import Foundation
import JSON
import Store

/// `baton definitions`: what can be run.
package struct DefinitionsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "definitions", abstract: "Check, register and show definitions: plans with a name and a version.",
        discussion: """
            A definition is a YAML file with tasks, each of which names a skill:

              name: hello
              version: 1
              tasks:
                greet: { skill: payments.order-totals }

            A version never changes once it is registered: raise the number to change something.

              baton definitions lint hello.yaml     all its problems, with line and column
              baton definitions apply hello.yaml    register it, so that `baton submit hello` finds it
            """,
        subcommands: [
            DefinitionsLintCommand.self, DefinitionsApplyCommand.self, DefinitionsListCommand.self,
            DefinitionsShowCommand.self,
        ])

    package init() {}
}

package struct DefinitionsLintCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Show everything that is wrong with definitions, each problem with its place.",
        discussion: """
            One line for each problem, file:line:column: code: message. Skills are looked up in --skills DIR, else among \
            those that are registered, when there is a database to ask; else they are not checked.

            Exit status: 0 without problems, 1 with some, 66 when a file cannot be read.
            """)

    @Argument(help: ArgumentHelp("Definitions, as YAML or JSON.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("Take the skills below this folder for those there are.", valueName: "folder"))
    var skills: String?

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let catalog = try await catalog()
        if catalog == nil {
            Console.complain("The skills are not checked: there is neither --skills nor a database to ask.")
        }
        var reports: [ProblemReport] = []
        for path in files {
            do {
                _ = try DefinitionFile(path).check(catalog)
            } catch let report as ProblemReport {
                reports.append(report)
            }
        }
        output.show(
            reports.isEmpty ? "" : reports.flatMap(\.lines).joined(separator: "\n") + "\n",
            ["problems": .array(reports.flatMap(\.json))])
        if !reports.isEmpty { throw ExitStatus.failed }
    }

    private func catalog() async throws -> SkillCatalog? {
        if let skills { return try SkillFolder(skills).catalog() }
        guard services.hasDatabase else { return nil }
        return try await services.withStore { try await Catalogs.registered($0, workspace: workspace.workspace) }
    }
}

package struct DefinitionsApplyCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Register definitions, so that they can be submitted by name.",
        discussion: """
            All are checked first, also that their skills are registered (`baton skills sync`); if one has problems none is \
            registered. The same again is left as it is. A file without `version` gets the next one.

            Exit status: 0 when all are registered, 1 when there are problems.
            """)

    @Argument(help: ArgumentHelp("Definitions, as YAML or JSON.", valueName: "file"), completion: .file())
    var files: [String]

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        try await services.withStore { store in
            let catalog = try await Catalogs.registered(store, workspace: workspace.workspace)
            var checked: [(file: DefinitionFile, definition: Definition)] = []
            var reports: [ProblemReport] = []
            for path in files {
                do {
                    let file = try DefinitionFile(path)
                    checked.append((file, try file.check(catalog)))
                } catch let report as ProblemReport {
                    reports.append(report)
                }
            }
            if reports.isEmpty {
                for (file, definition) in checked {
                    if let report = try await register(file, definition, store) { reports.append(report) }
                }
            }
            guard !reports.isEmpty else { return }
            for line in reports.flatMap(\.lines) { Console.complain(line) }
            throw ExitStatus.failed
        }
    }

    private func register(_ file: DefinitionFile, _ definition: Definition, _ store: Store) async throws
        -> ProblemReport?
    {
        guard let name = definition.name else { return nil }
        let row = DefinitionRow(
            workspace: workspace.workspace, name: name.text, version: definition.version,
            digest: SHA256.hex(file.value.canonicalText), definition: file.value, source: file.source,
            actor: ActorOptions.userName)
        let (done, version): (String, Int)
        switch try await store.register(row) {
        case .added(let number): (done, version) = ("registered", number)
        case .unchanged(let number): (done, version) = ("unchanged", number)
        case .conflict(let number):
            return file.report([
                Problem(
                    path: "/version", code: "version_exists",
                    message: "version \(number) of \(name) is registered with other content; raise the version")
            ])
        }
        output.show(
            "\(name)@\(version) \(done)\n",
            ["name": .string(name.text), "version": .number(JSONNumber(version)), "status": .string(done)])
        return nil
    }
}

package struct DefinitionsListCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the definitions, each in its latest version.")

    @Option(help: "Only those of this workspace.")
    var workspace: String?

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let rows = try await services.withStore { try await $0.definitions(workspace: workspace) }
        var table = TextTable(columns: [
            .init("NAME"), .init("VERSION", isNumeric: true), .init("TASKS", isNumeric: true), .init("REGISTERED"),
            .init("BY"), .init("WORKSPACE"),
        ])
        table.rows = rows.map { row in
            [
                row.name, row.version.map(String.init) ?? "", String(row.definition["tasks"]?.object?.count ?? 0),
                Moment.text(row.createdAt), row.actor ?? "", row.workspace,
            ].map(\.printable)
        }
        output.show(
            rows.isEmpty ? "No definitions are registered.\n" : table.text(.current()),
            ["definitions": .array(rows.map { $0.summary })])
    }
}

package struct DefinitionsShowCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a definition as its file was written.")

    @Argument(help: ArgumentHelp("Its name; with a version, or the latest.", valueName: "name[@version]"))
    var reference: DefinitionReference

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let row = try await services.withStore { store in
            try await store.definition(reference.name.text, version: reference.version, workspace: workspace.workspace)
        }
        guard let row else {
            throw CommandFailure(
                ExitStatus.notFound, "\(reference.text) is not registered in the workspace \(workspace.workspace).")
        }
        var members = row.summary.object ?? [:]
        members["definition"] = row.definition
        output.show(row.source ?? row.definition.prettyText + "\n", .object(members))
    }
}

extension DefinitionRow {
    fileprivate var summary: JSONValue {
        [
            "name": .string(name), "version": version.map { .number(JSONNumber($0)) } ?? .null,
            "workspace": .string(workspace), "tasks": .number(JSONNumber(definition["tasks"]?.object?.count ?? 0)),
            "registered_at": Moment.json(createdAt), "actor": actor.map { .string($0) } ?? .null,
            "digest": .string(digest),
        ]
    }
}
