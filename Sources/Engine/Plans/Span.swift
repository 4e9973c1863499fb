package import JSON

/// Spans of time as people write them: `500ms`, `2s`, `1.5h`, `7d`, or a number of seconds.
package enum Span {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    private static let limit: Int64 = 365 * 86_400_000

    /// - Returns: `nil` for anything else, for more than a year, and for parts of a millisecond.
    package static func parse(_ value: JSONValue) -> Duration? {
        switch value {
        case .number(let seconds): milliseconds(seconds, of: 1000)
        case .string(let text): parse(text)
        default: nil
        }
    }

    package static func parse(_ text: String) -> Duration? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let unit = units.first(where: { $0.name == text[number.endIndex...] }), number.utf8.count <= 16,
            let value = JSONNumber(literal: String(number))
        else { return nil }
        return milliseconds(value, of: unit.milliseconds)
    }

    private static func milliseconds(_ number: JSONNumber, of unit: Int64) -> Duration? {
        // Nearly every span is a whole number of something.
        if let count = Int64(number.literal) {
            let (product, overflow) = count.multipliedReportingOverflow(by: unit)
            return !overflow && (0...limit).contains(product) ? .milliseconds(product) : nil
        }
        guard let count = FixedDecimal(number), let factor = FixedDecimal(JSONNumber(Int(unit))),
            let product = count.calculate(.times, factor)?.number.int, (0...limit).contains(Int64(product))
        else { return nil }
        return .milliseconds(product)
    }

    /// In the largest unit that it is a whole number of.
    package static func text(_ duration: Duration) -> String {
        let total = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        guard total > 0, let unit = units.first(where: { total % $0.milliseconds == 0 }) else { return "0s" }
        return "\(total / unit.milliseconds)\(unit.name)"
    }
}
