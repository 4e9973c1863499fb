package import ArgumentParser
import JSON
import Store

/// `baton migrate`: the database's schema.
package struct MigrateCommand: PeopleCommand {
    package static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema to the version that this program knows, or back.",
        discussion: """
            Takes a URL in BATON_DATABASE_URL of a user that may create schemas and owns what there is; `baton dev` migrates \
            its own database. Two at once do it once. The way back drops tables, with their rows:

              baton migrate                  all steps that are missing
              baton migrate --down           one step back
              baton migrate --down 4         back to step 4
              baton migrate --down 0         nothing of Baton is left
            """)

    @Flag(help: "Back, instead of forward.")
    var down = false

    @Argument(help: "With --down: the last step that stays; 0 leaves nothing. One step back when left out.")
    var step: Int?

    @OptionGroup var services: ServiceOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func validate() throws {
        if step != nil, !down { throw ValidationError("A step is named with --down only.") }
        if let step, !(0..<Migrator.latest).contains(step) {
            throw ValidationError("--down takes a step from 0 to \(Migrator.latest - 1).")
        }
    }

    package func perform() async throws {
        let migrator = Migrator(try services.database())
        let verb = down ? "taken back" : "applied"
        let names: [String]
        let left: Int
        if down {
            let present = try await migrator.step()
            left = step ?? max(0, present - 1)
            names = try await migrator.migrateDown(to: left)
        } else {
            names = try await migrator.migrate()
            left = Migrator.latest
        }
        let lines = names.map { "\($0) \(verb)" } + ["The schema is at step \(left) of \(Migrator.latest)."]
        output.show(
            lines.joined(separator: "\n") + "\n",
            [
                "step": .number(JSONNumber(left)), "latest": .number(JSONNumber(Migrator.latest)),
                "steps": .array(names.map { .string($0) }), "direction": .string(down ? "down" : "up"),
            ])
    }
}
