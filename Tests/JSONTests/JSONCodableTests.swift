import Foundation
import JSON
import Testing

private struct Identifier: Hashable, Codable {
    let text: String
    init(_ text: String) { self.text = text }
    init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

private struct Message: Codable, Equatable {
    enum Status: String, Codable { case running, done }
    enum Outcome: Codable, Equatable { case nothing, value(Int, note: String?) }
    struct Part: Codable, Equatable {
        var name: String
        var weight: Double
        var tags: [String] = []
    }
    var id: Identifier
    var attempt: Int
    var confidence: Double
    var ratio: Float = 0.1
    var status: Status
    var note: String?
    var parent: Identifier?
    var parts: [Part]
    var counts: [String: Int]
    var outcome: Outcome
    var big: UInt64 = .max
    var small: Int8 = -128
    var payload: JSONValue
    var limit: JSONNumber
    var extra: JSONObject
    var matrix: [[Int?]] = [[1, nil], []]
    var flag: Bool = true

    static let example = Message(
        id: Identifier("wf-1"), attempt: 3, confidence: 0.835341, status: .done, note: nil, parent: Identifier("wf-0"),
        parts: [Part(name: "é", weight: 1e-7), Part(name: "\"", weight: -2, tags: ["a", "b"])],
        counts: ["x": 1, "y": 2],
        outcome: .value(7, note: "n"),
        payload: ["a": [1, .null, ["b": .number(JSONNumber(literal: "1.00000000000000000000001e5")!)]]],
        limit: JSONNumber(literal: "123456789012345678901234567890.50")!, extra: ["k": [true]])
}

private class Base: Codable { var base = 1 }
private final class Derived: Base {
    var own = "x"
    enum CodingKeys: CodingKey { case own, list, nested }
    enum NestedKeys: CodingKey { case deep }
    override init() { super.init() }
    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        own = try container.decode(String.self, forKey: .own)
        var list = try container.nestedUnkeyedContainer(forKey: .list)
        while !list.isAtEnd { own += String(try list.decode(Int.self)) }
        own += try container.nestedContainer(keyedBy: NestedKeys.self, forKey: .nested).decode(
            String.self, forKey: .deep)
        try super.init(from: container.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var list = container.nestedUnkeyedContainer(forKey: .list)
        var nested = container.nestedContainer(keyedBy: NestedKeys.self, forKey: .nested)
        try super.encode(to: container.superEncoder())
        try container.encode(own, forKey: .own)
        try list.encode(1)
        try nested.encode("d", forKey: .deep)
        try list.encode(2)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `Codable values` {
    private let encoder = JSONValueEncoder()
    private let decoder = JSONValueDecoder()

    @Test func `come back as they were`() throws {
        #expect(try decoder.decode(Message.self, from: encoder.encode(Message.example)) == .example)
        #expect(try decoder.decode(Message.self, from: encoder.bytes(Message.example)) == .example)
    }

    @Test func `hand JSON through untouched`() throws {
        let value = try encoder.encode(Message.example)
        #expect(value["payload"]?["a"]?[2]?["b"]?.number?.literal == "1.00000000000000000000001e5")
        #expect(value["limit"]?.number?.literal == "123456789012345678901234567890.50")
        let numbers = try JSONReader.parse("[1.00, 1e2, 100000000000000000000]")
        #expect(
            try encoder.encode(decoder.decode([JSONNumber].self, from: numbers)).text
                == "[1.00,1e2,100000000000000000000]")
        #expect(
            try encoder.encode(decoder.decode(JSONValue.self, from: numbers)).text == "[1.00,1e2,100000000000000000000]"
        )
        #expect(try encoder.encode([Message.example.payload]).text == "[\(Message.example.payload.text)]")
        #expect(try decoder.decode(JSONObject?.self, from: .null) == nil)
    }

    @Test func `are the same JSON as Foundation's`() throws {
        var message = Message.example
        message.payload = ["a": [1, .null, ["b": 1.5, "c": "x", "d": true]]]
        message.limit = JSONNumber(literal: "12.5")!
        let theirs = try JSONEncoder().encode(message)
        let ours = try encoder.bytes(message)
        #expect(try JSONReader.parse(Array(theirs)) == JSONReader.parse(ours))
        #expect(try JSONDecoder().decode(Message.self, from: Data(ours)) == message)
        #expect(try decoder.decode(Message.self, from: Array(theirs)) == message)
    }

    @Test func `may nest containers and call super in any order`() throws {
        let value = try encoder.encode(Derived())
        #expect(value == ["list": [1, 2], "nested": ["deep": "d"], "super": ["base": 1], "own": "x"])
        let derived = try decoder.decode(Derived.self, from: value)
        #expect(derived.own == "x12d")
        #expect(derived.base == 1)
    }

    @Test(arguments: [true, false]) func `leave nothing behind, whether they can be encoded or not`(isEncodable: Bool)
        throws
    {
        final class Key: CodingKey {
            let stringValue: String
            init(stringValue: String) { self.stringValue = stringValue }
            var intValue: Int? { nil }
            init?(intValue: Int) { nil }
        }
        struct Nested: Encodable {
            let key: Key
            let value: Double
            func encode(to encoder: any Encoder) throws {
                var outer = encoder.container(keyedBy: Key.self)
                var middle = outer.nestedContainer(keyedBy: Key.self, forKey: key)
                var inner = middle.nestedUnkeyedContainer(forKey: key)
                try inner.encode(value)
                try 1.encode(to: outer.superEncoder())
            }
        }
        weak var key: Key?
        do {
            let nested = Nested(key: Key(stringValue: "k"), value: isEncodable ? 1 : .nan)
            key = nested.key
            #expect((try? encoder.encode(nested)) == (isEncodable ? ["k": ["k": [1]], "super": 1] : nil))
        }
        #expect(key == nil)
    }

    @Test func `encode a member again in its place`() throws {
        struct Twice: Encodable {
            enum CodingKeys: CodingKey { case a, b }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(1, forKey: .a)
                try container.encode(2, forKey: .b)
                try container.encode(3, forKey: .a)
            }
        }
        #expect(String(decoding: try encoder.bytes(Twice()), as: UTF8.self) == #"{"a":3,"b":2}"#)
    }

    @Test(arguments: [
        (
            #"{"parts":[{"name":"a","weight":1,"tags":[]},{"name":1,"weight":1,"tags":[]}]}"#, "/parts/1/name",
            "expected a string, found a number"
        ),
        (#"{"parts":[{"name":"a","weight":1,"tags":["x",null]}]}"#, "/parts/0/tags/1", "expected a string, found null"),
        (#"{"parts":[{"weight":1,"tags":[]}]}"#, "/parts/0", "“name” is missing"),
        (#"{"parts":[{"name":"a","weight":1e999,"tags":[]}]}"#, "/parts/0/weight", "1e999 is too large"),
        (#"{"parts":[[]]}"#, "/parts/0", "expected an object, found an array"),
        (#"{"parts":{}}"#, "/parts", "expected an array, found an object"),
        (#"{"attempt":1.5}"#, "/attempt", "1.5 is not a whole number from -128 to 127"),
        (#"{"attempt":128}"#, "/attempt", "128 is not a whole number from -128 to 127"),
        (#"{"attempt":"1"}"#, "/attempt", "expected a whole number, found a string"),
        (#"{"status":"gone"}"#, "/status", "Cannot initialize Status from invalid String value gone"),
        (#"{"counts":{"a/b":true}}"#, "/counts/a~1b", "expected a whole number, found a boolean"),
        (#"[]"#, "", "expected an object, found an array"),
    ])
    func `say what does not fit and where`(text: String, pointer: String, reason: String) throws {
        struct Loose: Decodable {
            var parts: [Message.Part]?
            var attempt: Int8?
            var status: Message.Status?
            var counts: [String: Int]?
        }
        let error = #expect(throws: DecodingError.self) {
            try decoder.decode(Loose.self, from: JSONReader.parse(text))
        }
        #expect(error?.pointer.text == pointer)
        #expect(error?.reason == reason)
    }

    @Test func `take whole numbers however they are written`() throws {
        #expect(
            try decoder.decode([Int].self, from: JSONReader.parse("[3.0,3e2,-0,9223372036854775807]")) == [
                3, 300, 0, .max,
            ])
        #expect(
            try decoder.decode([UInt64].self, from: JSONReader.parse("[18446744073709551615,18446744073709551615.0]"))
                == [.max, .max])
        #expect(throws: DecodingError.self) {
            try decoder.decode([Int].self, from: JSONReader.parse("[9223372036854775808]"))
        }
        #expect(throws: DecodingError.self) { try decoder.decode([UInt].self, from: JSONReader.parse("[-1]")) }
        #expect(throws: DecodingError.self) { try decoder.decode([Int].self, from: JSONReader.parse("[1e999999999]")) }
    }

    @Test func `refuse numbers that JSON does not have`() throws {
        for number in [Double.nan, .infinity, -.infinity] {
            let error = #expect(throws: EncodingError.self) { try encoder.encode(["a": [1, number]]) }
            if case .invalidValue(_, let context) = error { #expect(JSONPointer(context.codingPath).text == "/a/1") }
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>) func `of random JSON pass through both ways`(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<200 {
            let value = JSONValue.random(using: &generator)
            #expect(try decoder.decode(JSONValue.self, from: encoder.bytes(value)).text == value.text)
            #expect(try decoder.decode([String: JSONValue].self, from: encoder.encode(["v": value]))["v"] == value)
        }
    }
}
