/// The exact value of a JSON number: `±0.d₁d₂d₃… × 10^point`.
package struct JSONDecimal: Hashable, Sendable {
    package let isNegative: Bool
    /// From 0 to 9, without leading or trailing zeros; zero has none.
    package let digits: [UInt8]
    /// 0 for zero. Exponents beyond ±10^17 count as that.
    package let point: Int

    package var isZero: Bool { digits.isEmpty }

    /// - Parameter digits: from 0 to 9, the most significant first; zeros at both ends are taken off.
    package init(isNegative: Bool, digits: [UInt8], point: Int) {
        let first = digits.firstIndex { $0 != 0 } ?? digits.count
        let last = digits.lastIndex { $0 != 0 } ?? first - 1
        self.digits = first == 0 && last == digits.count - 1 ? digits : Array(digits[first..<(last + 1)])
        self.point = self.digits.isEmpty ? 0 : point - first
        self.isNegative = isNegative && !self.digits.isEmpty
    }

    /// - Parameter literal: a valid JSON number literal.
    init(_ literal: String) {
        var digits: [UInt8] = []
        var isNegative = false
        var point: Int?
        var exponent: (value: Int, isNegative: Bool)?
        for byte in literal.utf8 {
            switch byte {
            case UInt8(ascii: "-"):
                if exponent == nil { isNegative = true } else { exponent?.isNegative = true }
            case UInt8(ascii: "+"): break
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"), UInt8(ascii: "E"): exponent = (0, false)
            case let byte:
                let digit = byte - UInt8(ascii: "0")
                if let sofar = exponent?.value {
                    exponent?.value = min(sofar * 10 + Int(digit), 100_000_000_000_000_000)
                } else {
                    digits.append(digit)
                }
            }
        }
        let shift = exponent.map { $0.isNegative ? -$0.value : $0.value } ?? 0
        self.init(isNegative: isNegative, digits: digits, point: (point ?? digits.count) + shift)
    }

    /// The value when it is whole and fits into 64 bits.
    package var int: Int? {
        guard digits.count <= point, point <= 19 || isZero else { return isZero ? 0 : nil }
        var value = 0
        for index in 0..<point {
            let digit = index < digits.count ? Int(digits[index]) : 0
            let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tenfold.addingReportingOverflow(isNegative ? -digit : digit)
            if tooLarge || overflow { return nil }
            value = sum
        }
        return value
    }

    /// Canonical text: plain for 10^-6 <= |x| < 10^64, else `d.ddde+N`.
    package var text: String {
        guard !isZero else { return "0" }
        let ascii = digits.map { $0 + UInt8(ascii: "0") }
        var text: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        switch point - 1 {
        case 0..<64 where digits.count <= point:
            text += ascii + zeros(point - digits.count)
        case 0..<64:
            text += ascii[..<point] + [UInt8(ascii: ".")] + ascii[point...]
        case -6..<0:
            text += [UInt8(ascii: "0"), UInt8(ascii: ".")] + zeros(-point) + ascii
        case let exponent:
            text.append(ascii[0])
            if digits.count > 1 { text += [UInt8(ascii: ".")] + ascii[1...] }
            text += "e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)".utf8
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func zeros(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "0"), count: count) }
}

extension JSONDecimal: Comparable {
    package static func < (left: JSONDecimal, right: JSONDecimal) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative
            ? right.isSmallerInMagnitude(than: left) : left.isSmallerInMagnitude(than: right)
    }

    private func isSmallerInMagnitude(than other: JSONDecimal) -> Bool {
        if isZero || other.isZero { return isZero && !other.isZero }
        if point != other.point { return point < other.point }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}
