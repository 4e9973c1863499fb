import ArgumentParser

/// What `baton bench` is asked for.
struct BenchOptions: ParsableArguments {
    @Option(help: "The shape of the workflows: fan, chain, single, partial, mixed or approval.")
    var workload = Workload.fan

    @Option(help: "How many workflows.")
    var workflows = 100

    @Option(
        help: ArgumentHelp(
            "How many of them are under way at once.",
            discussion: "All of a fan, mixed or approval, 10 chains, else one."))
    var concurrency: Int?

    @Option(
        help: ArgumentHelp(
            "How many tasks are side by side, or in a row.",
            discussion: "8 in a fan, between its root and its join; 20 in a chain."))
    var tasks: Int?

    @Option(help: "Bytes of JSON that each task is given and gives back, about.")
    var payload = 256

    @Option(help: "How often all of it is measured.")
    var `repeat` = 1

    @Option(help: "Workflows that run before, unmeasured.")
    var warmUp = 10

    @Option(help: ArgumentHelp("Give up when nothing is heard for so long.", valueName: "seconds"))
    var patience = 60

    @Option(help: "Names this installation in the JSON lines.")
    var label = "baton"

    /// How many run at once.
    var inFlight: Int { min(concurrency ?? workload.usualConcurrency ?? workflows, workflows) }

    func validate() throws {
        guard workflows >= 1, concurrency ?? 1 >= 1, `repeat` >= 1, warmUp >= 0, patience >= 1 else {
            throw ValidationError("Workflows, concurrency, repetitions and seconds count from 1.")
        }
        guard (1...999).contains(tasks ?? 1), workload == .chain || workload == .single || tasks ?? 1 <= 997 else {
            throw ValidationError("--tasks is 1 to 999, and a plan has at most 1000 tasks.")
        }
        guard (64...32_768).contains(payload) else { throw ValidationError("--payload is 64 to 32768 bytes.") }
    }
}
