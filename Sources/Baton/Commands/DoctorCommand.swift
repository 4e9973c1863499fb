package import ArgumentParser
import JSON
import Store

/// `baton doctor`: what must hold, checked on a live database.
package struct DoctorCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check on a live database what must hold whatever happened.",
        discussion: """
            The engine's invariants, each with what was looked at and every violation: the history of each workflow is folded \
            again and compared with its rows, and all artifacts are merged at once and compared with the last revision. One of \
            them is about the broker, and no database can show it.

            Exit status: 0 without violations, 1 with some.
            """)

    @Option(help: "Look at so many workflows, the newest first.")
    var limit = 10_000

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        let findings = try await services.withStore { store in
            try await Doctor(store: store, objects: try services.objects()).examine(limit: max(1, limit))
        }
        let terminal = Terminal.current()
        let violations = findings.map(\.violations.count).reduce(0, +)
        var lines = findings.flatMap { $0.lines() }
        lines.append([])
        lines.append([violations == 0 ? Styled("No violations.", .green) : Styled("\(violations) violations.", .red)])
        output.show(
            lines.map { $0.rendered(terminal.hasColour) + "\n" }.joined(),
            ["violations": .number(JSONNumber(violations)), "findings": .array(findings.map(\.json))])
        if violations > 0 { throw ExitStatus.failed }
    }
}
