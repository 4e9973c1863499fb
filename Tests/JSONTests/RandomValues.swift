import JSON

/// SplitMix64: the same values in each run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension JSONValue {
    static func random(depth: Int = 4, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2: .number(.random(using: &generator))
        case 3, 4: .string(.randomJSON(using: &generator))
        case 5:
            .array(
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0...(depth == 1 ? 30 : 5), using: &generator)).map { _ in
                        (.randomJSON(using: &generator), random(depth: depth - 1, using: &generator))
                    }))
        }
    }
}

extension JSONNumber {
    static func random(using generator: inout SeededGenerator) -> JSONNumber {
        var literal = Bool.random(using: &generator) ? "-" : ""
        literal += ["0", "7", "10", "123456789", "98765432109876543210987"].randomElement(using: &generator)!
        literal += ["", "", ".5", ".000", ".0625000", ".1234567890123456789"].randomElement(using: &generator)!
        literal += ["", "", "e0", "E+2", "e-7", "e70", "e-400"].randomElement(using: &generator)!
        return JSONNumber(literal: literal)!
    }
}

extension String {
    static func randomJSON(using generator: inout SeededGenerator) -> String {
        let alphabet = [
            "a", "b", "Z", "0", " ", "\"", "\\", "/", "~", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "e\u{301}", "日", "😀",
        ]
        return (0..<Int.random(in: 0...20, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }
            .joined()
    }
}
