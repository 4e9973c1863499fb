/// A JSON number, kept as the literal it was read from, so that no digit is ever lost.
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

    /// The value when it is whole (`3`, `3.0`, `3e2`) and fits into 64 bits.
    package var int: Int? { Int(literal) }
    /// The nearest double; infinite beyond its range.
    package var double: Double { Double(literal) ?? .nan }
}
