import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A value` {
    @Test(arguments: [
        ("1", "1.0"), ("1", "10e-1"), ("1e2", "100"), ("-0", "0"), ("0.0e5", "0"), ("0.001", "1E-3"),
        ("18446744073709551616", "18446744073709551616.00"), ("1.5e300", "15e299"),
    ])
    func `is equal by exact decimal value`(one: String, other: String) throws {
        let (one, other) = (try JSONReader.parse(one), try JSONReader.parse(other))
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one.canonicalText == other.canonicalText)
        #expect(!(one < other) && !(other < one))
    }

    @Test(arguments: [
        ("1", "1.00000000000000000000001"), ("18446744073709551616", "18446744073709551617"), ("1", "-1"),
        ("0.1", "0.10000000000000000555"), ("1e400", "1e401"),
    ])
    func `differs by the last digit`(one: String, other: String) throws {
        #expect(try JSONReader.parse(one) != JSONReader.parse(other))
    }

    @Test func `compares strings and names by bytes`() {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        #expect(JSONValue.string(composed) != .string(decomposed))
        #expect([composed: 1] as JSONObject != [decomposed: 1])
        #expect(Set([JSONValue.string(composed), .string(decomposed), .string("\u{E9}")]).count == 2)
    }

    @Test func `does not mind the order of members, but of elements`() {
        let one: JSONValue = ["a": 1, "b": [1, 2]]
        let other: JSONValue = ["b": [1, 2], "a": 1]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1, "b": [2, 1]])
        #expect(one != ["a": 1, "c": [1, 2]])
        #expect(one != ["a": 1])
    }

    @Test(arguments: [
        ("3", 3), ("3.0", 3), ("3e2", 300), ("300e-2", 3), ("-0.0", 0), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min), ("-9.223372036854775808e18", Int.min), ("0e999999999", 0),
        ("3.5", nil), ("1e-1", nil), ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1e999999999", nil),
        ("92233720368547758070", nil),
    ])
    func `has an Int when it is whole and fits`(literal: String, int: Int?) throws {
        #expect(try #require(JSONNumber(literal: literal)).int == int)
    }

    @Test(arguments: [
        "0", "-0", "1", "0.1", "3.14159", "-2.5", "123456789012345", "1e22", "1e23", "0.000001",
        "1.7976931348623157e308",
        "5e-324", "9007199254740993", "0.30000000000000004", "2.2250738585072011e-308", "100000.000000001",
    ])
    func `has the nearest double`(literal: String) throws {
        let double = try #require(JSONNumber(literal: literal)).double
        #expect(double == Double(literal))
        #expect(JSONNumber(double).double == double)
    }

    @Test(arguments: ["", "-", "+1", "01", "1.", "1e", " 1", "1 ", "0x1", "NaN", "1e1000000000", "١"])
    func `takes no literal that is no JSON number`(literal: String) {
        #expect(JSONNumber(literal: literal) == nil)
    }

    @Test(arguments: [
        ("100", "100"), ("-1.50", "-1.5"), ("1e2", "100"), ("0.000001", "0.000001"), ("0.0000001", "1e-7"),
        ("1e63", "1" + String(repeating: "0", count: 63)), ("1e64", "1e+64"), ("-12345e400", "-1.2345e+404"),
        ("-0.0", "0"),
        ("12.34e-5", "0.0001234"), ("120e-9", "1.2e-7"),
    ])
    func `has one canonical number`(literal: String, canonical: String) throws {
        #expect(try #require(JSONNumber(literal: literal)).canonicalText == canonical)
    }

    @Test func `has one canonical text`() throws {
        let value = try JSONReader.parse(
            #"{"b": [1.0, "\u0041\/\u001f\n\"\\\u007f"], "a": null, "é": {}, "e": true, "": -0}"#)
        #expect(
            value.canonicalText == "{\"\":0,\"a\":null,\"b\":[1,\"A/\\u001f\\n\\\"\\\\\u{7F}\"],\"e\":true,\"é\":{}}")
    }

    @Test func `sorts names by bytes, not by UTF-16`() {
        let value: JSONValue = ["\u{FF61}": 1, "\u{1F600}": 2, "z": 3]
        #expect(value.canonicalText == "{\"z\":3,\"\u{FF61}\":1,\"\u{1F600}\":2}")
    }

    @Test func `has its place in the canonical order`() {
        let ascending: [JSONValue] = [
            .null, false, true, .number(JSONNumber(literal: "-1e400")!), -2, -1.5, 0, 0.001, 2, 10,
            .number(JSONNumber(literal: "1e400")!), "", "B", "a b", "a", "a\"", "a\n", "é", [1, 2], [1], [2], [],
            ["a": 1], ["a": 2], ["b": 0], [:],
        ]
        var generator = SeededGenerator(state: 1)
        #expect(ascending.shuffled(using: &generator).sorted() == ascending)
    }

    @Test func `is written pretty`() {
        let value: JSONValue = ["a": [1, ["b": .null]], "c": [], "d": [:]]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {
                      "b": null
                    }
                  ],
                  "c": [],
                  "d": {}
                }
                """)
    }

    @Test func `finds the members of a large object through every change`() {
        var generator = SeededGenerator(state: 7)
        var object = JSONObject()
        var model: [(String, Int)] = []
        for step in 0..<4_000 {
            let name = "n\(Int.random(in: 0..<120, using: &generator))"
            if Bool.random(using: &generator) || step < 100 {
                object[name] = .number(JSONNumber(step))
                if let at = model.firstIndex(where: { $0.0 == name }) {
                    model[at].1 = step
                } else {
                    model.append((name, step))
                }
            } else {
                object[name] = nil
                model.removeAll { $0.0 == name }
            }
            #expect(object.count == model.count)
            if step.isMultiple(of: 50) {
                #expect(object.names == model.map(\.0))
                for number in 0..<120 {
                    #expect(object["n\(number)"]?.int == model.first { $0.0 == "n\(number)" }?.1)
                }
            }
        }
    }

    @Test func `has SHA-256 digests`() {
        #expect(SHA256.hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.digest("abc").count == 32)
    }
}
