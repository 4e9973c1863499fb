import ArgumentParser
import Foundation
import LocalServers

/// The pipeline under real faults: two replicas of every process, a steady load, and whatever can go wrong.
@main
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Break the pipeline while it works, and see whether anything is lost or doubled.",
        discussion: """
            Starts a RabbitMQ, a PostgreSQL and two replicas of every process, gives them work, injects faults one by one and \
            then at random, and checks afterwards that every accepted request has ended exactly once. At last it plants bugs \
            and shows that each is seen. Exit status: 0 when all of that holds.
            """)

    @Flag(help: "Each fault once, in about three minutes.")
    var short = false

    @Option(help: "Only the faults whose names contain one of these.")
    var only: [String] = []

    @Option(help: "Workflows a second.")
    var rate = 2.0

    @Option(help: "Minutes of faults at random after those that come one by one.")
    var minutes: Double?

    @Option(help: "So many times as many of each fault, at least one: 0.5 for half a campaign.")
    var scale = 1.0

    @Option(help: "For what is left to chance; printed when none is given.")
    var seed: UInt64 = .random(in: 0...999_999)

    @Option(help: "The `baton` to break; the one beside this program when none is named.")
    var baton: String?

    @Option(help: "The folder that everything is kept in; it is made anew.")
    var data = ".baton/chaos"

    @Option(help: "Write what came out into this file, as Markdown.")
    var report: String?

    func run() async throws {
        let program = baton ?? URL(filePath: Environment.ownProgram).deletingLastPathComponent().path + "/baton"
        let plan = CampaignPlan(
            isShort: short, only: only, scale: scale, rate: rate, random: .seconds((minutes ?? (short ? 0.4 : 5)) * 60),
            seed: seed)
        // A tablespace wants all of its path, and so does what runs in another folder.
        let campaign = Campaign(plan, baton: program, data: URL(filePath: data).standardizedFileURL.path)
        let outcome: CampaignOutcome
        do {
            outcome = try await campaign.run()
        } catch {
            try fail(["stopped by an error: \(error)"])
        }
        print(outcome.markdown)
        if let report { try outcome.markdown.write(toFile: report, atomically: true, encoding: .utf8) }
        if !outcome.holds { try fail(outcome.failures) }
    }

    /// Says why as the very last thing.
    private func fail(_ failures: [String]) throws -> Never {
        fflush(nil)
        FileHandle.standardError.write(Data(Postmortem(failures: failures, data: data).text.utf8))
        throw ExitCode.failure
    }
}
