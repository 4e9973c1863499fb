import JSON

/// A decimal of at most 36 digits, for sums of money and counts: `coefficient × 10^exponent`, exact but for `/`.
struct FixedDecimal {
    private var coefficient: Int128
    private var exponent: Int

    private static let limit: Int128 = {
        var value: Int128 = 1
        for _ in 0..<36 { value *= 10 }
        return value
    }()

    /// - Returns: `nil` beyond 36 digits, or with an exponent beyond ±400.
    init?(_ number: JSONNumber) {
        let decimal = number.decimal
        guard decimal.digits.count <= 36, abs(decimal.point) <= 400 else { return nil }
        var value: Int128 = 0
        for digit in decimal.digits { value = value * 10 + Int128(digit) }
        coefficient = decimal.isNegative ? -value : value
        exponent = decimal.point - decimal.digits.count
    }

    private init?(_ coefficient: Int128, _ exponent: Int) {
        guard coefficient.magnitude < Self.limit.magnitude else { return nil }
        self.coefficient = coefficient
        self.exponent = exponent
    }

    var number: JSONNumber {
        let digits = String(coefficient.magnitude).utf8.map { $0 - 0x30 }
        let decimal = JSONDecimal(isNegative: coefficient < 0, digits: digits, point: digits.count + exponent)
        return JSONNumber(uncheckedLiteral: decimal.text)
    }

    func calculate(_ sign: Expression.Operator, _ other: FixedDecimal) -> FixedDecimal? {
        switch sign {
        case .times:
            let (product, overflow) = coefficient.multipliedReportingOverflow(by: other.coefficient)
            return overflow ? nil : FixedDecimal(product, exponent + other.exponent)
        case .divided: return divided(by: other)
        default: break
        }
        guard let (left, right, exponent) = aligned(with: other) else { return nil }
        switch sign {
        case .plus: return FixedDecimal(left + right, exponent)
        case .minus: return FixedDecimal(left - right, exponent)
        case .remainder: return FixedDecimal(left % right, exponent)
        default: return nil
        }
    }

    /// Both coefficients under the smaller exponent.
    private func aligned(with other: FixedDecimal) -> (Int128, Int128, Int)? {
        let common = min(exponent, other.exponent)
        guard let left = scaled(to: common), let right = other.scaled(to: common) else { return nil }
        return (left, right, common)
    }

    private func scaled(to smaller: Int) -> Int128? {
        guard coefficient != 0 else { return 0 }
        var value = coefficient
        for _ in 0..<(exponent - smaller) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product.magnitude < Self.limit.magnitude else { return nil }
            value = product
        }
        return value
    }

    /// Exact where the quotient ends within 20 more digits, else rounded there, half away from zero.
    private func divided(by other: FixedDecimal) -> FixedDecimal? {
        var quotient = coefficient / other.coefficient
        var rest = coefficient % other.coefficient
        var exponent = exponent - other.exponent
        for _ in 0..<20 where rest != 0 {
            let (tenfold, overflow) = rest.multipliedReportingOverflow(by: 10)
            guard !overflow, quotient.magnitude < (Self.limit / 10).magnitude else { break }
            quotient = quotient * 10 + tenfold / other.coefficient
            rest = tenfold % other.coefficient
            exponent -= 1
        }
        if rest.magnitude >= other.coefficient.magnitude - rest.magnitude, rest != 0 {
            quotient += (rest < 0) == (other.coefficient < 0) ? 1 : -1
        }
        return FixedDecimal(quotient, exponent)
    }
}
