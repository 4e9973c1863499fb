import Contracts
import Gathering
import JSON

/// One more artifact, and the revision that it makes: what the gatherer computes, whatever was merged before.
func merges() {
    for count in [10, 100, 1000, 10_000] {
        measure("merge: one more artifact after \(count), places of its own", of: { try Merged(count) { own($0) } }) {
            $0.takeMore()
        }
        measure("merge: one more artifact after \(count), shared places", of: { try Merged(count) { shared($0) } }) {
            $0.takeMore()
        }
    }
}

/// Claims that nobody else makes.
private func own(_ index: Int) -> JSONValue {
    ["task-\(index)": ["rows": .number(JSONNumber(index)), "state": "done", "city": "Köln"]]
}

/// A sum, a number within a tolerance, a word that all say and one that they do not agree on.
private func shared(_ index: Int) -> JSONValue {
    [
        "sum": .number(JSONNumber(index)), "level": .number(JSONNumber(index % 3)), "state": "done",
        "city": index % 2 == 0 ? "Köln" : "Bonn",
    ]
}

/// Merges of so many artifacts, published, and a thousand more in all for them to take.
private struct Merged {
    var gatherings: [Gathering]
    let more: [GatherEvent]

    init(_ count: Int, _ payload: (Int) -> JSONValue) throws {
        let definition = try GatherDefinition(
            ["merge": ["/sum": "sum", "/level": ["strategy": "numeric", "abs": 1]]])
        // So that there is hardly more in it at the end than at the beginning.
        let each = max(1, count / 10)
        more = (count..<count + each).map { artifact($0, payload($0)) }
        let events = (0..<count).map { artifact($0, payload($0)) }
        gatherings = (0..<max(1, 1000 / each)).map { _ in
            var gathering = Gathering(definition)
            for event in events { gathering.apply(event) }
            gathering.markPublished()
            return gathering
        }
    }

    mutating func takeMore() {
        var left = 1000
        for index in gatherings.indices {
            for event in more.prefix(left) {
                gatherings[index].apply(event)
                precondition(gatherings[index].change() != nil && gatherings[index].patch() != nil)
                gatherings[index].markPublished()
                left -= 1
            }
        }
        precondition(left == 0)
    }
}

private func artifact(_ index: Int, _ payload: JSONValue) -> GatherEvent {
    let (domain, at) = (
        DomainName(index % 2 == 0 ? "payments" : "data-read")!, Timestamp(milliseconds: 1_767_603_600_000)
    )
    return .artifact(
        Artifact(
            task: TaskID("t\(index)")!, name: ArtifactName("result")!, attempt: 1, seq: 0, domain: domain,
            confidence: 0.9, finishedAt: at,
            digest: Artifact.digest(
                domain: domain, confidence: 0.9, finishedAt: .string(at.description), payload: payload),
            bytes: payload.serialized().count, payload: .json(payload)))
}
