import Contracts
import Gathering
import JSON
import Testing

/// One pointer, `/v`, whose claims are values of domains with a confidence in whole percent; reliability is 1.
private struct Claims {
    var claims: [(value: Int, domain: String, percent: Int)] = []
    var rule: JSONValue?

    /// What is said of each value, and of all together.
    struct Table {
        var conflict = 0
        var confidences: [Int: Int] = [:]
        var shown: Int?
        var confidence = 0
    }

    func table() throws -> Table {
        var block: JSONObject = ["default_reliability": 1, "conflict_threshold": 0]
        if let rule { block["merge"] = ["/v": rule] }
        var gathering = Gathering(try GatherDefinition(.object(block)))
        for (index, claim) in claims.enumerated() {
            gathering.apply(
                .artifact(
                    try Artifact(golden: [
                        "task": .string("t\(index)"), "domain": .string(claim.domain),
                        "confidence": .number(JSONNumber(uncheckedLiteral: "\(claim.percent)e-2")),
                        "payload": ["v": .number(JSONNumber(claim.value))],
                    ])))
        }
        gathering.render()
        let view = gathering.view
        let quality = try #require(view["quality"]?["/v"])
        var table = Table()
        table.conflict = try millionths(quality["conflict"])
        table.confidence = try millionths(quality["confidence"])
        table.shown = view["result"]?["v"]?.int
        for candidate in view["conflicts"]?["/v"]?["candidates"]?.array ?? [] {
            guard let value = candidate["value"]?.int else { continue }
            table.confidences[value] = try millionths(candidate["confidence"])
        }
        return table
    }

    private func millionths(_ json: JSONValue?) throws -> Int {
        try #require(json?.number?.decimal.millionths(in: 0...1_000_000))
    }
}

@Suite(.serialized, .timeLimit(.minutes(1)))
struct `The scores of one pointer` {
    private static let domains = ["a", "b", "c", "d", "e"]

    private func random(_ random: inout Seeded) -> (value: Int, domain: String, percent: Int) {
        (random.below(4), random.pick(Self.domains), random.below(101))
    }

    @Test(arguments: ["default", "vote"])
    func `keep the guarantees of the formula`(strategy: String) throws {
        for seed in 0..<100 {
            var random = Seeded(seed)
            var claims = Claims(rule: strategy == "vote" ? "vote" : nil)
            for _ in 0..<(1 + random.below(6)) { claims.claims.append(self.random(&random)) }
            let before = try claims.table()
            #expect(before.confidences.values.reduce(0, +) <= 1_000_000 + before.confidences.count)
            if before.confidences.count == 1 { #expect(before.conflict == 0) }

            let added = self.random(&random)
            claims.claims.append(added)
            let after = try claims.table()
            #expect(after.conflict >= before.conflict - 1, "added support never lowers the conflict: \(claims)")
            if added.value == before.shown {
                #expect(after.shown == before.shown && after.confidence >= before.confidence - 1, "\(claims)")
            } else if after.shown == before.shown {
                #expect(after.confidence <= before.confidence + 1, "\(claims)")
            }
            if added.percent == 0, before.confidences[added.value] != nil {
                #expect(after.confidences == before.confidences && after.conflict == before.conflict)
            }

            claims.claims.append((added.value, added.domain, random.below(added.percent + 1)))
            let repeated = try claims.table()
            #expect(
                repeated.confidences == after.confidences && repeated.conflict == after.conflict,
                "a second artifact of a domain adds nothing beyond its best: \(claims)")
        }
    }

    @Test func `of two certain opponents are halves, not a division by zero`() throws {
        let table = try Claims(claims: [(1, "a", 100), (2, "b", 100)]).table()
        #expect(table.confidences == [1: 497_487, 2: 497_487])
    }

    @Test func `never doubt the winning window more when a claim is added`() throws {
        for seed in 0..<100 {
            var random = Seeded(seed)
            var claims = Claims(rule: ["strategy": "numeric", "abs": 2])
            for _ in 0..<(1 + random.below(6)) {
                claims.claims.append((random.below(9), random.pick(Self.domains), random.below(101)))
            }
            let before = try bestDoubt(claims)
            claims.claims.append((random.below(9), random.pick(Self.domains), random.below(101)))
            #expect(try bestDoubt(claims) <= before + 1e-9, "\(claims)")
        }
    }

    /// The least product of doubts over all runs of numbers within the tolerance, by trying each.
    private func bestDoubt(_ claims: Claims) throws -> Double {
        let table = try claims.table()
        let shown = try #require(table.shown)
        var least = 1.0
        var ofShown = 1.0
        for low in Set(claims.claims.map(\.value)) {
            let window = claims.claims.filter { (low...low + 2).contains($0.value) }
            var best: [String: Int] = [:]
            for claim in window { best[claim.domain] = max(best[claim.domain] ?? 0, min(claim.percent, 99)) }
            let doubt = best.values.reduce(1.0) { $0 * (1 - Double($1) / 100) }
            least = min(least, doubt)
            if window.contains(where: { $0.value == shown }) { ofShown = min(ofShown, doubt) }
        }
        #expect(ofShown <= least + 1e-9, "the shown number is in a least doubted window: \(claims)")
        return least
    }
}
