import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The reader` {
    @Test func `takes every kind of value`() throws {
        let value = try JSONReader.parse(
            #" {"a": [null, true, false, -12.50e+3, "x", {}, []], "é": "\u00e9\n\ud83d\ude00\/", "": ""} "#)
        #expect(
            value == [
                "a": [.null, true, false, .number(JSONNumber(-12500)), "x", [:], []], "é": "é\n😀/", "": "",
            ])
        #expect(value["a"]?[3]?.number?.literal == "-12.50e+3")
        #expect(value.object?.names == ["a", "é", ""])
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "'a'", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}", "{\"a\":}", "{\"a\"}", "{1:1}", "[", "{", "]", "[1", "{\"a\":1", "[1]]", "1 1", "01", "-01", "+1",
        "1.",
        ".5", "-", "1e", "1e+", "1.e5", "0x10", "1_0", "\"", "\"a", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12G4\"",
        "\"\\",
        "\"\t\"", "\"\n\"", "\"\u{0}\"", "// c\n1", "1 // c", "/* */1", "\u{FEFF}1", "\u{A0}1", "{\"a\":1 \"b\":2}",
        "[\"a\u{1F}\"]",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud83d\\u0041\"",
        "\u{C}1",
    ])
    func `refuses what is not RFC 8259`(text: String) {
        #expect(throws: JSONError.self) { try JSONReader.parse(text) }
        #expect(throws: JSONError.self) { try JSONReader.parse("{\"a\":" + text) }
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0x81], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0xAF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xC3], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func `refuses invalid UTF-8 and says where`(bytes: [UInt8]) throws {
        for prefix in ["", "plain ", "é", "\\n"] {
            let text = Array("{\"a\":[\"\(prefix)".utf8) + bytes + Array("\"]}".utf8)
            let error = #expect(throws: JSONError.self) { try JSONReader.parse(text) }
            #expect(error?.code == .invalidJSON)
            #expect(error?.message == "invalid UTF-8")
            #expect(error?.offset == 7 + prefix.utf8.count)
            #expect(error?.pointer.text == "/a/0")
        }
    }

    @Test func `names the place of an error`() throws {
        let error = #expect(throws: JSONError.self) {
            try JSONReader.parse("{\"a\": 1,\n \"ü/\": [true,\n  {\"c\": 01}]}")
        }
        #expect(error?.pointer.text == "/ü~1/1/c")
        #expect(error?.line == 3)
        #expect(error?.column == 9)
        #expect(error?.offset == 32)
        #expect(error?.description == "a number with a leading zero (line 3, column 9, at /ü~1/1/c)")
    }

    @Test func `takes the last of a name's values where it is told to`() throws {
        var limits = JSONLimits.default
        limits.takesRepeatedNames = true
        let value = try JSONReader.parse(Array(#"{"online":[1],"a":2,"online":[3]}"#.utf8), limits: limits)
        #expect(value == ["a": 2, "online": [3]])
    }

    @Test func `refuses a name that is there twice, however it is spelled`() throws {
        for size in [1, 16, 17, 500] {
            let names = (0..<size).map { "n\($0)" }
            for twice in [names[0], names[size - 1]] {
                let escaped = "\\u006e" + twice.dropFirst()
                let text = "{" + (names + [escaped]).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
                let error = #expect(throws: JSONError.self) { try JSONReader.parse(text) }
                #expect(error?.code == .duplicateMember)
                #expect(error?.pointer.text == "/\(twice)")
            }
        }
    }

    @Test func `takes composed and decomposed names for two`() throws {
        let value = try JSONReader.parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test func `holds to its limits, and takes what just keeps them`() throws {
        let limits = JSONLimits(bytes: 20, depth: 3, keys: 2)
        func code(_ text: String) -> JSONError.Code? {
            do { _ = try JSONReader.parse(text, limits: limits) } catch { return error.code }
            return nil
        }
        #expect(code("[[[]]]") == nil)
        #expect(code("[[[[]]]]") == .tooDeep)
        #expect(code("[{\"a\":[]},[[]]]") == nil)
        #expect(code("\"" + String(repeating: "x", count: 18) + "\"") == nil)
        #expect(code("\"" + String(repeating: "x", count: 19) + "\"") == .tooLarge)
        #expect(code("[{\"a\":1},{\"a\":1}]") == nil)
        #expect(code("{\"a\":1,\"b\":{\"c\":1}}".replacing("1", with: "")) == .invalidJSON)
        #expect(code("{\"a\":{\"b\":{\"c\":1}}}".prefix(20).description) == .tooManyKeys)
        #expect(code("1e999999999") == nil)
        #expect(code("1e1000000000") == .numberOutOfRange)
        // Their canonical texts, 1.2e+1000000000 and 1e-1000000000, would be refused when they are read again.
        #expect(code("12e999999999") == .numberOutOfRange)
        #expect(code("0.1e-999999999") == .numberOutOfRange)
        #expect(code("12e999999998") == nil)
    }

    @Test func `refuses text of depth 10,000, and a million brackets`() throws {
        for (opening, closing) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = String(repeating: opening, count: 10_000) + "1" + String(repeating: closing, count: 10_000)
            let error = #expect(throws: JSONError.self) { try JSONReader.parse(deep) }
            #expect(error?.code == .tooDeep)
        }
        let limits = JSONLimits(bytes: .max, depth: .max)
        let error = #expect(throws: JSONError.self) {
            try JSONReader.parse([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000), limits: limits)
        }
        #expect(error?.code == .tooDeep)
    }

    @Test func `bears 128 levels on a thread of 512 KiB, and so does all that is done with them`() throws {
        let results = onSmallThread {
            let text = String(repeating: "[{\"a\":", count: 64) + "1" + String(repeating: "}]", count: 64)
            guard let value = try? JSONReader.parse(text, limits: JSONLimits(depth: .max)),
                let again = try? JSONReader.parse(value.prettyText, limits: JSONLimits(depth: 128))
            else { return [false] }
            return [
                value == again, value.hashValue == again.hashValue, value.canonicalText == text, !(value < again),
                JSONPatch.diff(from: value, to: again).isEmpty,
                (try? JSONValueDecoder().decode(JSONValue.self, from: value)) == value,
            ]
        }
        #expect(results == [true, true, true, true, true, true])
    }

    @Test func `reads an object of 10,000 names in no time`() throws {
        let text = "{" + (0..<10_000).map { "\"name-\($0)\":\($0)" }.joined(separator: ",") + "}"
        let took = try ContinuousClock().measure {
            let object = try #require(try JSONReader.parse(text).object)
            for number in 0..<10_000 where object["name-\(number)"]?.int != number {
                Issue.record("name-\(number) is not found")
            }
        }
        #expect(took < .seconds(5))  // 50 million comparisons would take longer
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func `reads what was written`(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<300 {
            let value = JSONValue.random(using: &generator)
            for style in [JSONStyle.compact, .pretty, .canonical] {
                let bytes = value.serialized(style)
                let again = try JSONReader.parse(bytes)
                #expect(again == value)
                #expect(again.hashValue == value.hashValue)
                #expect(again.serialized(style) == bytes)
            }
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func `survives random bytes`(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let alphabet =
            Array("[]{}:,\"\\/0123456789.eE+-truefalsn \n\tud8c".utf8) + [
                0, 0x1F, 0x80, 0xC3, 0xA9, 0xED, 0xA0, 0xF0, 0xFF,
            ]
        for round in 0..<3_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 2) {
                bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator)!
                }
            } else {
                bytes = JSONValue.random(using: &generator).serialized()
                for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
                    bytes[bytes.indices.randomElement(using: &generator)!] = alphabet.randomElement(using: &generator)!
                }
                bytes = Array(bytes.prefix(Int.random(in: 0...(bytes.count * 2), using: &generator)))
            }
            do {
                let value = try JSONReader.parse(bytes)
                #expect(try JSONReader.parse(value.serialized()) == value)
            } catch {
                #expect((0...bytes.count).contains(error.offset))
            }
        }
    }
}
