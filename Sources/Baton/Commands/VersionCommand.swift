package import ArgumentParser
import JSON
import Store

/// `baton version`.
package struct VersionCommand: PeopleCommand {
    package static let number = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show this program's version, and of the schema it works with.")

    @OptionGroup var output: OutputOptions

    package init() {}

    package func perform() async throws {
        output.show(
            "baton \(Self.number) (schema step \(Migrator.latest), \(Migrator.fingerprint))\n",
            [
                "version": .string(Self.number), "schema_step": .number(JSONNumber(Migrator.latest)),
                "schema": .string(Migrator.fingerprint),
            ])
    }
}
