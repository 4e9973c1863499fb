import Contracts
import Gathering
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A merge` {
    @Test func `gives what the golden file expects`() throws {
        let scenarios = try Scenario.golden("merge")
        #expect(scenarios.count == 44)
        for scenario in scenarios {
            try check(scenario, scenario.gatherEvents(), "as given")
            try check(scenario, scenario.gatherEvents().reversed(), "reversed")
            try check(scenario, scenario.gatherEvents().flatMap { [$0, $0] }, "doubled")
        }
    }

    private func check(_ scenario: Scenario, _ events: [GatherEvent], _ order: String) throws {
        var gathering = try scenario.makeGathering()
        for event in events { gathering.apply(event) }
        let outcome = Scenario.outcome(&gathering)
        #expect(outcome.canonicalText == scenario.expect.canonicalText, "\(scenario.name), \(order)")
    }
}
