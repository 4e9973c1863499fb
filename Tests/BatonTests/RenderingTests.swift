import Contracts
import JSON
import Store
import Testing

@testable import Baton

@Suite(.timeLimit(.minutes(1)))
struct `A result in text` {
    private func text(_ json: String, width: Int = 100, keys: [String: String] = [:], disputed: Set<String> = []) throws
        -> [String]
    {
        let value = try JSONReader.parse(Array(json.utf8))
        return ResultText(width: width, keys: keys, disputed: disputed).lines(value).map { $0.rendered(false) }
    }

    @Test func `shows a list of objects as a table, its key first and numbers to the right`() throws {
        let lines = try text(
            #"{"events": [{"capacity": 420, "slug": "lisbon"}, {"capacity": 80, "slug": "oslo-2"}]}"#,
            keys: ["/events": "slug"])
        #expect(
            lines == ["Events  2", "  slug    capacity", "  lisbon       420", "  oslo-2        80", ""])
    }

    @Test func `shows objects of one shape as a table of their names`() throws {
        let lines = try text(#"{"edge": {"/bid": {"p95": 180, "n": 3}, "/vote": {"p95": 7, "n": 12}}}"#)
        #expect(lines == ["Edge", "         p95   n", "  /bid   180   3", "  /vote    7  12", ""])
    }

    @Test func `shows what fits no table as paragraphs, the worst first`() throws {
        let long = String(repeating: "look at what the processor says ", count: 8)
        let lines = try text(
            """
            {"findings": [{"id": "a", "next": "\(long)", "severity": "low", "title": "A", "evidence": [[1, 2], [3, 4]]},
                          {"id": "b", "next": "\(long)", "severity": "high", "title": "B", "evidence": [5]}]}
            """)
        #expect(lines[1] == "  high  b  evidence 5")
        #expect(lines[2] == "      title  B")
        #expect(lines[3].hasPrefix("      next   look at what the processor says"))
        #expect(lines.contains("  low   a  evidence 1 2, 3 4"))
    }

    @Test func `marks what sources disagree on`() throws {
        let lines = try text(
            #"{"events": [{"slug": "lisbon", "revenue": 5}, {"slug": "oslo", "revenue": 6}]}"#,
            keys: ["/events": "slug"], disputed: [#"/events/"oslo"/revenue"#])
        #expect(lines.contains { $0.contains("6 ≠") })
        #expect(!lines.contains { $0.contains("5 ≠") })
    }

    @Test func `says yes, no, ranges and times as people do`() throws {
        let lines = try text(
            #"{"r": {"ready": false, "none": null, "span": {"low": 3, "high": 5}, "at": "2026-09-15T19:00:00Z"}}"#)
        #expect(lines.contains("  ready  no"))
        #expect(lines.contains("  none   –"))
        #expect(lines.contains("  at     2026-09-15 19:00Z"))
        #expect(lines.contains("  span   3 to 5"))
    }

    @Test func `lets no task command the terminal`() throws {
        let lines = try text(#"{"title": "\u001b[2Jgone\nnext\u202e", "list": [{"a\u001b": "\u0007b"}]}"#)
        for scalar in lines.joined().unicodeScalars {
            #expect(scalar.value >= 0x20 && scalar.value != 0x202E && !(0x7F...0x9F).contains(scalar.value))
        }
    }

    @Test(arguments: [40, 60, 80, 100, 160])
    func `is never wider than the terminal`(width: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width))
        for _ in 0..<60 {
            let value = JSONValue.object(
                JSONObject((0..<3).map { ("member_\($0)", Self.random(depth: 3, &generator)) }))
            for line in ResultText(width: width).lines(value) {
                // A table of numbers alone cannot be narrower than they are.
                #expect(line.displayWidth <= max(width, 100), "\(line.rendered(false))")
            }
        }
    }

    private static func random(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        let words = ["order", "totals", "disagree", "日本語", "naïve", "a-very-long-identifier-without-a-space-in-it"]
        switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &generator) {
        case 0: return .number(JSONNumber(Int.random(in: -9999...999_999, using: &generator)))
        case 1: return .bool(Bool.random(using: &generator))
        case 2, 3:
            let count = Int.random(in: 0..<20, using: &generator)
            return .string((0..<count).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " "))
        case 4, 5:
            let names = ["id", "severity", "count", "next"]
            return .array(
                (0..<4).map { _ in
                    .object(JSONObject(names.map { ($0, random(depth: depth - 2, &generator)) }))
                })
        case 6: return .array((0..<5).map { _ in random(depth: depth - 1, &generator) })
        default: return .object(JSONObject((0..<4).map { ("key_\($0)", random(depth: depth - 1, &generator)) }))
        }
    }
}

/// SplitMix64: the same numbers each time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `Text in columns` {
    @Test func `counts wide characters twice and marks not at all`() {
        #expect("abc".displayWidth == 3)
        #expect("日本".displayWidth == 4)
        #expect("e\u{301}".displayWidth == 1)
        #expect("🎨".displayWidth == 2)
    }

    @Test func `is cut with an ellipsis, and wrapped between words`() {
        #expect("a longer text".cut(to: 8) == "a longe…")
        #expect("short".cut(to: 8) == "short")
        #expect("one two three".wrapped(to: 7) == ["one two", "three"])
        #expect("abcdefgh".wrapped(to: 3) == ["abc", "def", "gh"])
        #expect("".wrapped(to: 3) == [""])
    }

    @Test func `has colour only where there is some`() {
        let line: StyledLine = [Styled("ready", .green), " now"]
        #expect(line.rendered(false) == "ready now")
        #expect(line.rendered(true) == "\u{1B}[32mready\u{1B}[0m now")
        #expect(!Terminal.current(["NO_COLOR": "1", "TERM": "xterm"]).hasColour)
    }

    @Test(arguments: [
        (0, "0.0 s"), (340, "0.3 s"), (9999, "9.9 s"), (12_000, "12 s"), (185_000, "3:05"), (7_800_000, "2:10:00"),
    ])
    func `tells spans of time`(milliseconds: Int, text: String) {
        #expect(Moment.span(Int64(milliseconds)) == text)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `Conflicts in text` {
    private static let view = """
        {"result": {"events": [{"slug": "oslo", "revenue": 10}]}, "quality": {}, "unmerged": {},
         "conflicts": {"/events/\\"oslo\\"/revenue": {"kind": "value", "score": 0.78, "candidates": [
            {"confidence": 0.63, "domains": ["payments"], "value": 10}, {"confidence": 0.32, "domains": ["data-read"], "value": 12}]}}}
        """

    private func report() throws -> Report {
        var state = WatchState(id: .init(unchecked: "wf-1"))
        _ = state.take(
            .init(
                workflowID: .init(unchecked: "wf-1"), revision: 1, baseRevision: 0, pane: .onTime, status: .succeeded,
                coverage: .init(millionths: 1_000_000), confidence: .init(millionths: 805_000),
                conflict: .init(millionths: 780_000), conflictCount: 1, unmergedCount: 0,
                tasks: .init(expected: 2, reported: 2, settled: 2, failed: 0), emittedAt: .init(milliseconds: 0),
                snapshot: try JSONReader.parse(Array(Self.view.utf8))))
        func artifact(_ task: String, _ domain: String, _ revenue: Int) -> ArtifactRow {
            ArtifactRow(
                workflowID: "wf-1", taskID: task, name: "result", attempt: 1, seq: 0, digest: [], domain: domain,
                skillID: "x.y", summary: "revenue by \(task)",
                payload: Array(#"{"events": [{"slug": "oslo", "revenue": \#(revenue)}]}"#.utf8))
        }
        return Report(
            state, gather: ["merge": ["/events": ["union": "slug"]]],
            artifacts: [artifact("box-office", "data-read", 12), artifact("settlements", "payments", 10)])
    }

    @Test func `show both sides, their domains and the artifacts they come from`() throws {
        let text = try report().text(Terminal(width: 100))
        #expect(text.contains("events › oslo › revenue  conflict 0.78"))
        #expect(text.contains("✓ 10  0.63  payments   settlements: revenue by settlements"))
        #expect(text.contains("  12  0.32  data-read  box-office: revenue by box-office"))
        #expect(text.contains("10 ≠"))
        #expect(text.contains("coverage 100 %  ·  confidence 0.81  ·  1 conflict, of 0.78"))
    }

    @Test func `are told to programs as they were published`() throws {
        let json = try report().json
        #expect(json["revision"] == 1)
        #expect(json["coverage"] == 1)
        #expect(json["conflicts"]?.object?.count == 1)
        #expect(json["result"]?["events"]?[0]?["revenue"] == 10)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `The phases of a workflow` {
    private func stored(ended: [String], endedAt: Int64? = nil) throws -> StoredWorkflow {
        let plan = try JSONReader.parse(
            """
            {"tasks": {"a": {"phase": "build"}, "x": {}, "b": {"phase": "build"}, "c": {"phase": "run"}}}
            """)
        var row = WorkflowRow(
            id: "wf-1", workspace: "w", requestID: "r", requestDigest: "d", name: "n", status: "running", seq: 1,
            createdAt: 0)
        (row.plan, row.endedAt) = (plan, endedAt)
        let tasks = ended.map {
            TaskRow(workflowID: "wf-1", taskID: $0, key: $0, status: "succeeded", createdAt: 0, endedAt: 1)
        }
        return StoredWorkflow(row: row, tasks: tasks, takenMessages: [])
    }

    @Test func `are in the plan's order, the first that has not ended is the present one`() throws {
        let begun = try stored(ended: ["a", "x"])
        #expect(
            begun.phases == [Phase(name: "build", tasks: 2, ended: 1), Phase(name: "run", tasks: 1, ended: 0)])
        #expect(begun.currentPhase?.name == "build")
        #expect(try stored(ended: ["a", "b"]).currentPhase?.name == "run")
        #expect(try stored(ended: ["a", "b", "c"]).currentPhase == nil)
        #expect(try stored(ended: ["a"], endedAt: 5).currentPhase == nil)
        #expect(begun.phase(of: "b.7") == "build" && begun.phase(of: "x") == nil)
        #expect(begun.json["phase"] == "build")
    }
}
