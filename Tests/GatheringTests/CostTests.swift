import Contracts
import Gathering
import JSON
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct `The cost of an artifact` {
    @Test func `is that of its size, however much was merged before`() throws {
        var gathering = Gathering(
            try GatherDefinition(["merge": ["/sum": "sum", "/shared": ["strategy": "numeric", "abs": 1]]]))
        var visits: [Int] = []
        var renders: [Int] = []
        for index in 0..<10_000 {
            let before = gathering.work
            gathering.apply(try artifact(index))
            if index % 500 == 499 { gathering.render() }
            visits.append(gathering.work.visited - before.visited)
            renders.append(gathering.work.rendered - before.rendered)
        }
        #expect(visits.suffix(1000).reduce(0, +) == visits.prefix(1000).reduce(0, +))
        #expect(renders.suffix(1000).reduce(0, +) == renders.prefix(1000).reduce(0, +))
    }

    @Test func `is not paid again for a copy of it`() throws {
        var gathering = Gathering(GatherDefinition())
        gathering.apply(try artifact(1))
        gathering.render()
        let before = gathering.work
        gathering.apply(try artifact(1))
        gathering.render()
        #expect(gathering.work == before)
    }

    @Test func `is paid by it alone when it is replaced`() throws {
        var gathering = Gathering(GatherDefinition())
        for index in 0..<500 { gathering.apply(try artifact(index)) }
        gathering.render()
        let before = gathering.work
        gathering.apply(try artifact(7, seq: 1))
        gathering.render()
        #expect(gathering.work.visited - before.visited <= 14 && gathering.work.rendered - before.rendered <= 14)
    }

    private func artifact(_ index: Int, seq: Int = 0) throws -> GatherEvent {
        .artifact(
            try Artifact(golden: [
                "task": .string("t\(index)"), "domain": .string(index % 2 == 0 ? "payments" : "data-read"),
                "confidence": 0.9, "seq": .number(JSONNumber(seq)),
                "payload": [
                    "own\(index)": ["a": .number(JSONNumber(index)), "b": .number(JSONNumber(seq))],
                    "sum": 1, "shared": .number(JSONNumber(index % 3)), "status": "active",
                ],
            ]))
    }
}

private func == (left: (visited: Int, rendered: Int), right: (visited: Int, rendered: Int)) -> Bool {
    left.visited == right.visited && left.rendered == right.rendered
}
