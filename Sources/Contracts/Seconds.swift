import JSON

/// A span of time; on the wire a number of seconds, with at most three decimals.
package struct Seconds: Hashable, Sendable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(_ duration: Duration) { milliseconds = duration.inMilliseconds }
    package var duration: Duration { .milliseconds(milliseconds) }
    package static func < (left: Seconds, right: Seconds) -> Bool { left.milliseconds < right.milliseconds }
}

extension Seconds: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer().decode(Double.self)
        guard (0...9_000_000_000).contains(value) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a number of seconds: \(value)"))
        }
        milliseconds = Int64((value * 1000).rounded())
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(JSONValue.number(JSONNumber(uncheckedLiteral: decimal(milliseconds, places: 3))))
    }
}

/// A confidence, a conflict or a coverage: 0 to 1 in whole millionths.
package struct Score: Hashable, Sendable, Comparable {
    package var millionths: Int

    package init(millionths: Int) { self.millionths = millionths }
    package static func < (left: Score, right: Score) -> Bool { left.millionths < right.millionths }
}

extension Score: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer().decode(Double.self)
        guard (0...1).contains(value) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a score from 0 to 1: \(value)"))
        }
        millionths = Int((value * 1_000_000).rounded())
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(JSONValue.number(JSONNumber(uncheckedLiteral: decimal(Int64(millionths), places: 6))))
    }
}

/// The shortest decimal literal of `value / 10^places`, for a value of 0 or more.
private func decimal(_ value: Int64, places: Int) -> String {
    var digits = String(value)
    digits = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
    let (whole, fraction) = (digits.dropLast(places), digits.suffix(places))
    guard let last = fraction.lastIndex(where: { $0 != "0" }) else { return String(whole) }
    return "\(whole).\(fraction[...last])"
}
