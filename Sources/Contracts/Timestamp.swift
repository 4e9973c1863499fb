/// A moment in milliseconds since 1970 in UTC; on the wire RFC 3339, such as `2026-01-05T09:00:05.120Z`.
package struct Timestamp: Hashable, Sendable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
    package static func + (time: Timestamp, span: Duration) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + span.inMilliseconds)
    }
    package static func - (time: Timestamp, span: Duration) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds - span.inMilliseconds)
    }
    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, towards zero.
    package var inMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

// MARK: RFC 3339

extension Timestamp: CustomStringConvertible {
    /// Reads RFC 3339 with any offset and any number of digits of a second; digits past milliseconds are cut off.
    package init?(_ text: String) {
        var reader = DateReader(rest: text[...].utf8)
        guard let milliseconds = reader.read() else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// Always in UTC, always with milliseconds; years from 0000 to 9999.
    package var description: String {
        let (days, inDay) = Int(milliseconds).quotientFloored(86_400_000)
        let (year, month, day) = civil(days: days)
        let (seconds, fraction) = (inDay / 1000, inDay % 1000)
        return unsafe String(unsafeUninitializedCapacity: 24) { buffer in
            var next = 0
            func put(_ value: Int, digits: Int, then separator: UInt8) {
                var value = value
                for index in stride(from: next + digits - 1, through: next, by: -1) {
                    unsafe buffer[index] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                unsafe buffer[next + digits] = separator
                next += digits + 1
            }
            put(min(max(year, 0), 9999), digits: 4, then: UInt8(ascii: "-"))
            put(month, digits: 2, then: UInt8(ascii: "-"))
            put(day, digits: 2, then: UInt8(ascii: "T"))
            put(seconds / 3600, digits: 2, then: UInt8(ascii: ":"))
            put(seconds / 60 % 60, digits: 2, then: UInt8(ascii: ":"))
            put(seconds % 60, digits: 2, then: UInt8(ascii: "."))
            put(fraction, digits: 3, then: UInt8(ascii: "Z"))
            return next
        }
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let time = Timestamp(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an RFC 3339 time: \(text.prefix(100))"))
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// One pass over the bytes of an RFC 3339 time.
private struct DateReader {
    var rest: Substring.UTF8View

    /// Milliseconds since 1970; `nil` for anything else than one whole RFC 3339 time.
    mutating func read() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            take("T") || take("t"), let hour = number(2), take(":"), let minute = number(2), take(":"),
            let second = number(2),
            (1...12).contains(month), (1...daysIn(month: month, year: year)).contains(day),
            hour < 24, minute < 60, second <= 60,  // 60: a leap second, the same moment as the next second's 0
            let fraction = fraction(), let offset = offset(), rest.isEmpty
        else { return nil }
        let seconds = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Int64(seconds * 1000 + fraction)
    }

    /// Seconds east of UTC.
    private mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isEast = take("+")
        guard isEast || take("-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    /// Milliseconds, 0 when there is no fraction; `nil` for a point without digits.
    private mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        var (value, scale, digits) = (0, 100, 0)
        while let byte = rest.first, byte.isDigit {
            value += Int(byte - UInt8(ascii: "0")) * scale
            scale /= 10
            digits += 1
            rest.removeFirst()
        }
        return digits > 0 ? value : nil
    }

    private mutating func number(_ digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let byte = rest.first, byte.isDigit else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            rest.removeFirst()
        }
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }
}

// Days and dates of the proleptic Gregorian calendar, in eras of 400 years that begin on 1 March
// (Howard Hinnant, “chrono-Compatible Low-Level Date Algorithms”).

private func days(year: Int, month: Int, day: Int) -> Int {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).quotientFloored(400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).quotientFloored(146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
}

private func daysIn(month: Int, year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

extension Int {
    fileprivate func quotientFloored(_ divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
