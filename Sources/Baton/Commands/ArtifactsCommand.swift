package import ArgumentParser
import JSON
import Store

/// `baton artifacts`: what tasks found, each by itself.
package struct ArtifactsCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "artifacts", abstract: "List what the tasks of a workflow found, each by itself.",
        discussion: """
            Every version of every artifact, also those that were superseded or not merged, with the reason. With --output \
            json one object a line, with its payload.
            """)

    @OptionGroup var options: WorkflowOptions

    package init() {}

    package func perform() async throws {
        let rows = try await options.services.withStore { store in
            _ = try await options.stored(store)
            return try await store.artifacts(of: options.workflow.text)
        }
        if options.output.output == .json {
            for row in rows { Console.print(row.json.text) }
            return
        }
        guard !rows.isEmpty else { return Console.print("There are no artifacts.") }
        var table = TextTable(columns: [
            .init("TASK"), .init("NAME"), .init("TRY", isNumeric: true), .init("DOMAIN"),
            .init("CONFIDENCE", isNumeric: true),
            .init("BYTES", isNumeric: true), .init("SUMMARY"), .init("NOT MERGED") { $0.isEmpty ? .plain : .yellow },
        ])
        table.rows = rows.map { row in
            [
                row.taskID, row.name, String(row.attempt), row.domain, row.confidence ?? "",
                String(row.bytes ?? row.payload?.count ?? 0), row.summary ?? "", row.rejected ?? "",
            ].map(\.printable)
        }
        Console.show(table.text(.current()))
    }
}
