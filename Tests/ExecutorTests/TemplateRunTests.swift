import Contracts
import JSON
import Testing

@testable import Executor

@Suite(.timeLimit(.minutes(1)))
struct `A template` {
    private func run(_ rule: TemplateRule, _ input: JSONValue) async throws(RunFailure) -> JSONValue {
        try await TemplateRun(rule: rule).run(order(input: input), Recorder()).output
    }

    @Test func `gives what is filled into it`() async throws {
        let rule = TemplateRule(
            output: ["said": "${{ input.name }}!", "at": "${{ run.started_at }}", "n": 1], delay: nil)
        let output = try await run(rule, ["name": "Ada"])
        #expect(output["said"] == "Ada!" && output["n"] == 1)
        #expect(try #require(output["at"]?.number).double > 1_600_000_000)
    }

    @Test func `takes as long as its input says`() async throws {
        let rule = TemplateRule(output: .null, delay: "${{ input.delay }}")
        let start = ContinuousClock.now
        _ = try await run(rule, ["delay": "30ms"])
        #expect(ContinuousClock.now - start >= .milliseconds(30))
    }

    @Test func `fails for good when its delay is none`() async throws {
        let failure = await #expect(throws: RunFailure.self) {
            try await run(TemplateRule(output: .null, delay: "${{ input.delay }}"), ["delay": "soon"])
        }
        #expect(failure?.code == "invalid_delay" && failure?.isPermanent == true)
    }

    @Test func `ends when it is cancelled`() async throws {
        let work = Task { try await run(TemplateRule(output: .null, delay: "1h"), [:]) }
        work.cancel()
        await #expect(throws: RunFailure.cancelled) { try await work.value }
    }
}
