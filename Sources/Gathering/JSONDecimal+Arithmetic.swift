package import JSON

/// Exact, in the manner of pen and paper: the operands of a merge have at most 64 digits, its sums as many as they need.
extension JSONDecimal {
    static let zero = JSONDecimal(isNegative: false, digits: [], point: 0)

    package static prefix func - (value: JSONDecimal) -> JSONDecimal {
        JSONDecimal(isNegative: !value.isNegative, digits: value.digits, point: value.point)
    }

    package var magnitude: JSONDecimal { isNegative ? -self : self }

    package static func + (left: JSONDecimal, right: JSONDecimal) -> JSONDecimal {
        if left.isZero { return right }
        if right.isZero { return left }
        let point = Swift.max(left.point, right.point)
        let last = Swift.max(left.digits.count - left.point, right.digits.count - right.point)
        let a = left.aligned(point: point, last: last)
        let b = right.aligned(point: point, last: last)
        if left.isNegative == right.isNegative {
            return JSONDecimal(isNegative: left.isNegative, digits: sum(a, b), point: point + 1)
        }
        let isSmaller = a.lexicographicallyPrecedes(b)
        return JSONDecimal(
            isNegative: isSmaller ? right.isNegative : left.isNegative,
            digits: isSmaller ? difference(b, a) : difference(a, b), point: point)
    }

    package static func - (left: JSONDecimal, right: JSONDecimal) -> JSONDecimal { left + -right }

    package static func * (left: JSONDecimal, right: JSONDecimal) -> JSONDecimal {
        var product = [Int](repeating: 0, count: left.digits.count + right.digits.count)
        for (i, a) in left.digits.enumerated() {
            for (j, b) in right.digits.enumerated() { product[i + j + 1] += Int(a) * Int(b) }
        }
        var carry = 0
        for index in product.indices.reversed() {
            carry += product[index]
            product[index] = carry % 10
            carry /= 10
        }
        return JSONDecimal(
            isNegative: left.isNegative != right.isNegative, digits: product.map(UInt8.init),
            point: left.point + right.point)
    }

    /// The digits from 10^(point - 1) down to 10^-last.
    private func aligned(point: Int, last: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: point - self.point) + digits
            + [UInt8](repeating: 0, count: last - (digits.count - self.point))
    }

    /// One digit longer than its operands, which are equally long.
    private static func sum(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var digits = [UInt8](repeating: 0, count: a.count + 1)
        for index in a.indices.reversed() {
            let digit = digits[index + 1] + a[index] + b[index]
            digits[index + 1] = digit % 10
            digits[index] = digit / 10
        }
        return digits
    }

    /// - Parameter a: at least `b`, and as long.
    private static func difference(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var digits = a
        var borrow: UInt8 = 0
        for index in a.indices.reversed() {
            let taken = b[index] + borrow
            borrow = a[index] < taken ? 1 : 0
            digits[index] = a[index] + 10 * borrow - taken
        }
        return digits
    }
}

extension JSONDecimal {
    /// The number in millionths, half away from zero; `nil` when it is out of `range`.
    package func millionths(in range: ClosedRange<Int>) -> Int? {
        guard point < 12 else { return nil }
        let scaled = point + 6  // 0.d₁d₂… × 10^scaled
        guard scaled >= 0 else { return range.contains(0) ? 0 : nil }
        var value = 0
        for index in 0..<scaled { value = value * 10 + (index < digits.count ? Int(digits[index]) : 0) }
        if scaled < digits.count, digits[scaled] >= 5 { value += 1 }
        let signed = isNegative ? -value : value
        return range.contains(signed) ? signed : nil
    }

    /// - Parameter millionths: not negative.
    init(millionths: Int) {
        let digits = Array(String(millionths).utf8).map { $0 - UInt8(ascii: "0") }
        self.init(isNegative: false, digits: digits, point: digits.count - 6)
    }
}

extension JSONValue {
    static func score(_ millionths: Int) -> JSONValue { .decimal(JSONDecimal(millionths: millionths)) }
    static func decimal(_ value: JSONDecimal) -> JSONValue { .number(JSONNumber(uncheckedLiteral: value.text)) }
}
