/// What we check ourselves: exactly, and in time linear in the value.
enum SchemaCheck: Sendable {
    case pattern(Pattern)
    case format(StringFormat)
    case minLength(Int)
    case maxLength(Int)
    case minimum(JSONNumber)
    case maximum(JSONNumber)
    case exclusiveMinimum(JSONNumber)
    case exclusiveMaximum(JSONNumber)
    case multipleOf(Divisor)
    case const(JSONValue)
    case oneOf([JSONValue])
    case uniqueItems
    case never(keyword: String)

    /// `nil` when the value passes, or is of a kind that the check does not speak of; else the keyword and what is wrong.
    func problem(with value: JSONValue) -> (keyword: String, message: String)? {
        switch (self, value) {
        case (.pattern(let pattern), .string(let text)) where !pattern.matches(text):
            ("pattern", "must match \(pattern.source)")
        case (.format(let format), .string(let text)) where !format.accepts(text):
            ("format", "must be \(format.noun)")
        case (.minLength(let least), .string(let text)) where text.unicodeScalars.count < least:
            ("minLength", "must have at least \(least) \(least == 1 ? "character" : "characters")")
        case (.maxLength(let most), .string(let text)) where text.utf8.count > most && text.unicodeScalars.count > most:
            ("maxLength", "must have at most \(most) \(most == 1 ? "character" : "characters")")
        case (.minimum(let bound), .number(let number)) where number < bound:
            ("minimum", "must be at least \(bound)")
        case (.maximum(let bound), .number(let number)) where number > bound:
            ("maximum", "must be at most \(bound)")
        case (.exclusiveMinimum(let bound), .number(let number)) where number <= bound:
            ("exclusiveMinimum", "must be more than \(bound)")
        case (.exclusiveMaximum(let bound), .number(let number)) where number >= bound:
            ("exclusiveMaximum", "must be less than \(bound)")
        case (.multipleOf(let divisor), .number(let number)) where !divisor.divides(number.decimal):
            ("multipleOf", "must be a multiple of \(divisor.number)")
        case (.const(let constant), _) where value != constant:
            ("const", "must be \(excerpt(constant.text))")
        case (.oneOf(let values), _) where !values.contains(value):
            ("enum", "must be one of \(excerpt(values.map(\.text).joined(separator: ", ")))")
        case (.uniqueItems, .array(let elements)):
            firstTwin(in: elements).map { ("uniqueItems", "elements \($0) and \($1) are equal") }
        case (.never(let keyword), _): (keyword, "is not allowed here")
        default: nil
        }
    }

    private func excerpt(_ text: String) -> String {
        text.unicodeScalars.count > 200 ? String(text.unicodeScalars.prefix(200)) + "…" : text
    }

    private func firstTwin(in elements: [JSONValue]) -> (Int, Int)? {
        var seen: [JSONValue: Int] = [:]
        for (index, element) in elements.enumerated() {
            if let earlier = seen.updateValue(index, forKey: element) { return (earlier, index) }
        }
        return nil
    }
}

/// The number of a `multipleOf`: its digits without trailing zeros, at most 18 of them, so that remainders fit.
struct Divisor: Sendable {
    let number: JSONNumber
    private let significand: UInt64
    /// The number is `significand × 10^exponent`.
    private let exponent: Int

    init?(_ number: JSONNumber) {
        let decimal = number.decimal
        guard !decimal.isZero, !decimal.isNegative, decimal.digits.count <= 18 else { return nil }
        self.number = number
        significand = decimal.digits.reduce(0) { $0 * 10 + UInt64($1) }
        exponent = decimal.point - decimal.digits.count
    }

    func divides(_ value: JSONDecimal) -> Bool {
        guard !value.isZero else { return true }
        let shift = value.point - value.digits.count - exponent
        // The value's last digit is not zero, so that it has no factor 10 to make up for a missing one.
        guard shift >= 0 else { return false }
        var remainder: UInt64 = 0
        for digit in value.digits { remainder = product(remainder, 10, plus: UInt64(digit)) }
        return product(remainder, powerOfTen(shift)) == 0
    }

    /// `left × right + addend`, modulo the significand.
    private func product(_ left: UInt64, _ right: UInt64, plus addend: UInt64 = 0) -> UInt64 {
        UInt64((UInt128(left) * UInt128(right) + UInt128(addend)) % UInt128(significand))
    }

    private func powerOfTen(_ exponent: Int) -> UInt64 {
        var (result, base, rest) = (1 % significand, 10 % significand, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, base) }
            base = product(base, base)
            rest >>= 1
        }
        return result
    }
}
