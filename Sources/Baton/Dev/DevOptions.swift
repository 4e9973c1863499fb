import ArgumentParser

/// What `baton dev` is asked for.
struct DevOptions: ParsableArguments {
    @Option(help: "The folder that keeps the data.")
    var data = ".baton"

    @Flag(help: "Start the two servers and nothing else.")
    var servicesOnly = false

    @Option(help: ArgumentHelp("The folder of the skills to serve; ./skills when there is one.", valueName: "folder"))
    var skills: [String] = []

    @Option(
        help: ArgumentHelp(
            "The folder of the topology; ./topology when there is one, else the one built in.", valueName: "folder"))
    var topology: String?

    @Option(help: "Executors for each domain that has skills.")
    var executors = 1

    @Option(help: "Tasks that each executor runs at a time.")
    var concurrency: Int?

    @Option(
        help: ArgumentHelp(
            "A program to run once the servers are there; what it prints is for the executors.",
            discussion: """
                It finds PostgreSQL, as its administrator, by BATON_DEV_POSTGRES_URL. A line BATON_DOMAIN_PAYMENTS_…=VALUE \
                becomes a variable of the executors of the domain payments, and of nobody else.
                """, valueName: "program"))
    var prepare: String?

    @Option(help: "What to print: text, or json with one object a line.")
    var output = Output.text

    enum Output: String, ExpressibleByArgument, CaseIterable { case text, json }

    func validate() throws {
        guard executors >= 1, concurrency ?? 1 >= 1 else {
            throw ValidationError("Executors and concurrency count from 1.")
        }
    }
}
