/// A JSON number, kept as the literal it was read from, so that no digit is ever lost.
///
/// Equal, hashed and ordered by exact decimal value: `1`, `1.0` and `10e-1` are one number.
package struct JSONNumber: Sendable {
    /// A valid JSON number literal (RFC 8259, section 6).
    package let literal: String

    /// - Parameter literal: must be a valid JSON number literal; the reader has checked it.
    package init(uncheckedLiteral literal: String) { self.literal = literal }
    package init(_ value: Int) { literal = String(value) }
    /// - Parameter value: must be finite.
    package init(_ value: Double) {
        precondition(value.isFinite, "JSON has no literal for \(value)")
        literal = value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }
    /// `nil` when the text is not a JSON number literal, or its exponent has more than nine digits.
    package init?(literal: String) {
        let bytes = literal.utf8.span
        guard let end = try? NumberGrammar.end(of: bytes, from: 0), end == bytes.count else { return nil }
        self.literal = literal
    }

    /// The value when it is whole (`3`, `3.0`, `3e2`) and fits into 64 bits.
    package var int: Int? { Int(literal) ?? decimal.int }

    /// The nearest double; infinite beyond its range.
    package var double: Double { shortDouble ?? Double(literal) ?? .nan }

    /// The one text that all literals of this value share: no trailing zeros, plain for 10^-6 <= |x| < 10^64,
    /// else `d.ddde+N`; `-0` is `0`.
    package var canonicalText: String { decimal.text }

    /// The exact value.
    package var decimal: JSONDecimal { JSONDecimal(literal) }
}

extension JSONNumber: Comparable, Hashable {
    package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
        left.literal == right.literal || left.decimal == right.decimal  // literals are ASCII
    }
    package static func < (left: JSONNumber, right: JSONNumber) -> Bool { left.decimal < right.decimal }
    package func hash(into hasher: inout Hasher) { hasher.combine(decimal) }
}

extension JSONNumber: CustomStringConvertible {
    package var description: String { literal }
}

extension JSONNumber {
    /// A short literal's double. A mantissa below 2^53 and a power of ten up to 10^22 are exact doubles, so one
    /// multiplication or division rounds once, to the nearest (Clinger, “How to read floating point numbers accurately”).
    private var shortDouble: Double? {
        let bytes = literal.utf8.span
        var mantissa = 0
        var digits = 0
        var scale: Int?
        let isNegative = bytes.count > 0 && bytes[0] == UInt8(ascii: "-")
        for index in (isNegative ? 1 : 0)..<bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                mantissa = mantissa * 10 + Int(bytes[index] - UInt8(ascii: "0"))
                digits += 1
                scale = scale.map { $0 + 1 }
                if digits > 15 { return nil }
            case UInt8(ascii: "."): scale = 0
            default: return nil
            }
        }
        let magnitude = Double(mantissa) / Self.powersOfTen[scale ?? 0]
        return isNegative ? -magnitude : magnitude
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}
