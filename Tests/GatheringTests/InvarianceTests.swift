import Contracts
import Gathering
import JSON
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct `The result of random events` {
    @Test func `depends neither on their order nor on repetitions`() throws {
        for seed in 0..<60 {
            let scenario = RandomScenario.make(seed)
            let events = try scenario.gatherEvents()
            var random = Seeded(seed + 1)
            let expected = try batch(scenario, events)
            for _ in 0..<3 {
                var shuffled = events.shuffled(using: &random)
                for event in events where random.chance(40) {
                    shuffled.insert(event, at: random.below(shuffled.count + 1))
                }
                #expect(try batch(scenario, shuffled) == expected, "\(scenario.name)")
            }
        }
    }

    @Test func `is the same whether they are merged at once or one by one, also after a reload`() throws {
        for seed in 1000..<1050 {
            let scenario = RandomScenario.make(seed)
            let events = try scenario.gatherEvents()
            var random = Seeded(seed)
            let reload = random.below(events.count + 1)
            var gathering = try scenario.makeGathering()
            for (index, event) in events.enumerated() {
                if index == reload {
                    gathering = try scenario.makeGathering()
                    for event in events[..<index].shuffled(using: &random) { gathering.apply(event) }
                }
                gathering.apply(event)
                let outcome = Scenario.outcome(&gathering)
                #expect(try batch(scenario, Array(events[...index])) == outcome.canonicalText, "\(scenario.name)")
            }
        }
    }

    @Test func `has scores from 0 to 1`() throws {
        for seed in 2000..<2050 {
            let scenario = RandomScenario.make(seed)
            var gathering = try scenario.makeGathering()
            for event in try scenario.gatherEvents() {
                gathering.apply(event)
                gathering.render()
                let header = gathering.header
                var scores = [header.coverage, header.confidence, header.conflict].map(\.millionths)
                for (_, quality) in gathering.view["quality"]?.object?.members ?? [] {
                    for (_, score) in quality.object?.members ?? [] {
                        scores.append(try #require(score.number?.decimal.millionths(in: -9...9_000_000)))
                    }
                }
                #expect(scores.allSatisfy { (0...1_000_000).contains($0) }, "\(scenario.name)")
            }
        }
    }

    @Test func `covers ever more of the plan unless something is taken back`() throws {
        for seed in 3000..<3100 {
            var maker = RandomScenario(random: Seeded(seed))
            let names = (0..<5).map { "t\($0)" }
            var gathering = Gathering(
                GatherDefinition(),
                tasks: names.enumerated().map {
                    PlannedTask(id: TaskID(unchecked: $1), index: $0, weight: maker.random.below(4))
                })
            var coverage = gathering.header.coverage
            for _ in 0..<20 {
                let task = maker.random.pick(names)
                if maker.random.chance(50) {
                    var artifact = maker.artifact()
                    artifact["task"] = .string(task)
                    artifact["attempt"] = 1
                    gathering.apply(.artifact(try Artifact(golden: .object(artifact))))
                } else {
                    let state = maker.random.pick([EndState.succeeded, .skipped, .failed])
                    gathering.apply(
                        .taskEnded(TaskEnd(task: TaskID(unchecked: task), attempt: 1, state: state)))
                }
                gathering.render()
                #expect(gathering.header.coverage >= coverage, "seed \(seed)")
                coverage = gathering.header.coverage
            }
        }
    }

    private func batch(_ scenario: Scenario, _ events: [GatherEvent]) throws -> String {
        var gathering = try scenario.makeGathering()
        for event in events { gathering.apply(event) }
        return Scenario.outcome(&gathering).canonicalText
    }
}
