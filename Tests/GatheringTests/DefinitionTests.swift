import Contracts
import Gathering
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A gather block` {
    @Test func `has short forms for its rules`() throws {
        let short = try GatherDefinition(["merge": ["/checks": ["union": "name"], "/total": "sum"]])
        #expect(short.rules.rule(at: JSONPointer(["checks"])) == MergeRule(.union(key: "name")))
        #expect(short.rules.rule(at: JSONPointer(["total"])) == MergeRule(.sum))
        #expect(try GatherDefinition(.null).defaultReliability == 900_000)
    }

    @Test func `prefers the literal token to the star, the leftmost first`() throws {
        let rules = try GatherDefinition(["merge": ["/*/b": "sum", "/a/*": "min", "/*/*": "max", "/a/b": "vote"]]).rules
        #expect(rules.rule(at: JSONPointer(["a", "b"]))?.strategy == .vote)
        #expect(rules.rule(at: JSONPointer(["a", "c"]))?.strategy == .min)
        #expect(rules.rule(at: JSONPointer(["c", "b"]))?.strategy == .sum)
        #expect(rules.rule(at: JSONPointer(["c", "c"]))?.strategy == .max)
        #expect(rules.rule(at: JSONPointer(["a"])) == nil)
    }

    @Test func `is refused with every problem at once`() throws {
        let block: JSONValue = [
            "reliability": ["Payments": 0.5, "payments": 1.5], "conflict_threshold": "much", "speed": 1,
            "merge": [
                "status": "vote", "/a": "average", "/b": ["strategy": "numeric", "rel": 1],
                "/c": ["strategy": "prefer"],
                "/d": "sum", "/d/e": "vote", "/f": ["strategy": "vote", "weight": -1], "/g": ["union": 3],
                "/h": ["strategy": "union", "keys": "id"], "/*/i": "vote", "/i": ["union": "id"], "/i/*": "vote",
                "/i/x/y": "vote",
            ],
        ]
        let problems = #expect(throws: GatherProblems.self) {
            try GatherDefinition(block, at: JSONPointer(["gather"]))
        }?.problems
        let found = Set((problems ?? []).map { "\($0.path) \($0.code)" })
        #expect(
            found == [
                "/gather/reliability/Payments bad_domain", "/gather/reliability/payments bad_share",
                "/gather/conflict_threshold bad_share", "/gather/speed unknown_member",
                "/gather/merge/status bad_pointer", "/gather/merge/~1a unknown_strategy",
                "/gather/merge/~1b/rel bad_tolerance", "/gather/merge/~1c/domains bad_domains",
                "/gather/merge/~1d~1e rule_below_leaf", "/gather/merge/~1f/weight bad_integer",
                "/gather/merge/~1g/key not_a_string", "/gather/merge/~1h/keys unknown_member",
                "/gather/merge/~1i~1x~1y rule_below_leaf",
            ])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `Exact arithmetic` {
    private func decimal(_ literal: String) throws -> JSONDecimal { try #require(JSONNumber(literal: literal)).decimal }

    @Test func `agrees with that of integers`() throws {
        var random = Seeded(7)
        for _ in 0..<500 {
            let a = Int.random(in: -2_000_000_000...2_000_000_000, using: &random) / (random.chance(50) ? 1 : 100_000)
            let b = Int.random(in: -2_000_000_000...2_000_000_000, using: &random) / (random.chance(50) ? 1 : 100_000)
            let (x, y) = (try decimal("\(a)"), try decimal("\(b)"))
            #expect((x + y).int == a + b && (x - y).int == a - b && (x * y).int == a * b)
        }
    }

    @Test func `loses no digit over the whole range`() throws {
        let (large, small) = (try decimal("1e400"), try decimal("-1e-400"))
        #expect(large + small - large == small)
        #expect((try decimal("0.1") + decimal("0.2")).text == "0.3")
        #expect((try decimal("99999999999999999999") + decimal("1")).text == "100000000000000000000")
        #expect((try decimal("1.5") - decimal("1.5")).text == "0")
    }

    @Test(arguments: [("0.0000005", 1), ("0.00000049", 0), ("0.1234565", 123_457), ("1", 1_000_000), ("0", 0)])
    func `rounds to millionths, half up`(literal: String, millionths: Int) throws {
        #expect(try decimal(literal).millionths(in: 0...1_000_000) == millionths)
    }
}
