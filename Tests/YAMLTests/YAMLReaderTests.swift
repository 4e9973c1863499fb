import JSON
import Testing
import YAML

private func failure(_ text: String, _ limits: YAMLLimits = YAMLLimits()) throws -> YAMLError {
    try #require(throws: YAMLError.self) { try YAMLReader.parse(text, limits: limits) }
}

@Suite(.timeLimit(.minutes(1)))
struct `A YAML text` {
    @Test func `becomes the JSON value that it spells`() throws {
        let value = try YAMLReader.parse(
            """
            name: deploy # a comment
            on: yes
            list: [1, "2", ~, true, 'x']
            folded: >-
              one
              two
            empty:
            """
        ).value
        #expect(value["name"]?.string == "deploy")
        #expect(value["on"]?.string == "yes")
        #expect(value["list"]?[0]?.int == 1)
        #expect(value["list"]?[1]?.string == "2")
        #expect(value["list"]?[2]?.isNull == true)
        #expect(value["list"]?[3]?.bool == true)
        #expect(value["list"]?[4]?.string == "x")
        #expect(value["folded"]?.string == "one two")
        #expect(value["empty"]?.isNull == true)
        #expect(value.object?.names == ["name", "on", "list", "folded", "empty"])
    }

    @Test(arguments: [
        ("184467440737095516160", "184467440737095516160"), ("1.10", "1.10"), ("-0.0000000000000000000001", nil),
        ("+5", "5"), (".5", "0.5"), ("5.", "5"), ("1E400", nil), ("0x1F", "31"), ("0o17", "15"),
    ])
    func `keeps the digits of its numbers`(text: String, literal: String?) throws {
        #expect(try YAMLReader.parse(text).value.number?.literal == literal ?? text)
    }

    @Test(arguments: ["1_000", "1.2.3", "12:30", "2026-01-01", "+", ".", "1e", "0xZ", "no", "!!str 5", "1 2"])
    func `has strings where other readers guess`(text: String) throws {
        #expect(try YAMLReader.parse(text).value.string == text.replacing("!!str ", with: ""))
    }

    @Test func `tells where each part stands`() throws {
        let map = try YAMLReader.parse("tasks:\n  one:\n    with: { a/b: 1 }\n  two: [x,\n    y]\n").positions
        #expect(map.position(of: "/tasks") == SourcePosition(line: 1, column: 1))
        #expect(map.position(of: "/tasks/one") == SourcePosition(line: 2, column: 3))
        #expect(map.position(of: "/tasks/one/with/a~1b") == SourcePosition(line: 3, column: 18))
        #expect(map.position(of: "/tasks/two/1") == SourcePosition(line: 5, column: 5))
        #expect(map.position(of: "/tasks/one/missing/member") == SourcePosition(line: 2, column: 3))
    }

    @Test(arguments: [
        ("tasks:\n  a: 1\n  b: 2\n  a: 3\n", 4, 3), ("x: {a: 1, a: 2}", 1, 5), ("a: 1\nb:\n  a: 1\n\"a\": 2\n", 4, 1),
    ])
    func `is refused when a key is written twice, with its place`(text: String, line: Int, column: Int) throws {
        let error = try failure(text)
        #expect(error.code == .duplicateKey)
        #expect(error.message.contains("\"a\""))
        #expect(error.position == SourcePosition(line: line, column: column))
    }

    @Test(arguments: [
        ("a: [1, 2", YAMLError.Code.syntax, 2), ("a: b: c", .syntax, 1), ("a: 1\n---\nb: 2", .syntax, 2),
        ("a: *nobody", .syntax, 1), ("\ta: 1", .syntax, 1), ("x:\n  n: 007", .number, 2),
        ("n: 1e1000000000", .number, 1), ("n: .inf", .number, 1),
        ("n: 0xFFFFFFFFFFFFFFFFFF", .number, 1), ("n: !secret x", .tag, 1), ("[a, b]: 1", .key, 1),
        ("a: &x {b: 1}\nc:\n  <<: *x", .key, 3),
    ])
    func `is refused with a code and a line`(text: String, code: YAMLError.Code, line: Int) throws {
        let error = try failure(text)
        #expect(error.code == code)
        #expect(error.position?.line == line)
    }

    @Test func `may use anchors`() throws {
        let value = try YAMLReader.parse("a: &r { attempts: 3 }\nb: { retry: *r, timeout: 5m }").value
        #expect(value["b"]?["retry"]?["attempts"]?.int == 3)
    }

    @Test func `cannot grow without bound through its anchors`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [" + Array(repeating: alias, count: 8).joined(separator: ", ") + "]\n"
        }
        #expect(try failure(text).code == .limit)
    }

    @Test(arguments: ["? *a29\n: 1", "*a29 : 1", "[*a29]: 1", "{b: *a29}: 1", "- ? [*a29]\n  : 1"])
    func `cannot hide such growth in a key`(key: String) throws {
        var text = "- &a0 [x]\n"
        for level in 1...29 { text += "- &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(try failure(text + "- \n  " + key.replacing("\n", with: "\n  ")).code == .key)
    }

    @Test func `has limits of size and depth`() throws {
        var limits = YAMLLimits()
        limits.bytes = 100
        #expect(try failure(String(repeating: " ", count: 101), limits).code == .limit)
        #expect(try failure(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)).code == .limit)
        #expect(try failure(String(repeating: "[", count: 100_000)).code == .syntax)
        #expect(try failure(String(repeating: "- ", count: 100_000)).code == .syntax)
        #expect(throws: YAMLError.self) { try YAMLReader.parse([0x61, 0xFF, 0x3A]) }
    }

    @Test func `that is empty is null`() throws {
        #expect(try YAMLReader.parse("").value.isNull)
        #expect(try YAMLReader.parse("# nothing\n").value.isNull)
    }

    @Test func `that is empty begins in its first line`() throws {
        #expect(try YAMLReader.parse("").positions.position(of: "/tasks") == SourcePosition(line: 1, column: 1))
    }

    /// Pieces in any order: each text has a value or an error.
    @Test func `made of any pieces ends in a value or an error`() {
        let pieces = [
            "a", ":", " ", "\n", "  ", "-", "[", "]", "{", "}", ",", "&x ", "*x", "!!str ", "!", "|", ">", "'", "\"",
            "#", "?", "%",
            "1", ".5", "~", "<<", "---", "...", "\t", "é", "\u{FEFF}", "\u{1F600}", "@", "`", "\\", "\r\n", "\u{85}",
            "0x",
        ]
        var state: UInt64 = 3
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var values = 0
        for _ in 0..<5000 {
            let text = (0..<(1 + random(14))).map { _ in pieces[random(pieces.count)] }.joined()
            if (try? YAMLReader.parse(text)) != nil { values += 1 }
        }
        #expect(values > 100)
    }
}
