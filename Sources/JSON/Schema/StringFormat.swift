import Glibc

/// The values of JSON Schema's `format` that are checked; all others are remarks.
enum StringFormat: String, Sendable {
    case dateTime = "date-time"
    case date, time, uuid, uri, email, hostname, ipv4, ipv6
    case uriReference = "uri-reference"
    case jsonPointer = "json-pointer"

    func accepts(_ text: String) -> Bool {
        switch self {
        case .dateTime: Self.isDateTime(text)
        case .date: Self.isDate(Array(text.utf8))
        case .time: Self.isTime(Array(text.utf8))
        case .uuid: Self.isUUID(text)
        case .uri: Self.isURI(text, needsScheme: true)
        case .uriReference: Self.isURI(text, needsScheme: false)
        case .email: Self.isEmail(text)
        case .hostname: Self.isHostname(Array(text.utf8)[...])
        case .ipv4: Self.isAddress(text, AF_INET, atMost: 15)
        case .ipv6: Self.isAddress(text, AF_INET6, atMost: 45)
        case .jsonPointer: JSONPointer(parsing: text) != nil
        }
    }

    /// Its sentence: “must be …”.
    var noun: String {
        switch self {
        case .dateTime: "a date and time as in RFC 3339, such as 2026-01-05T09:00:04Z"
        case .date: "a date, such as 2026-01-05"
        case .time: "a time with its offset, such as 09:00:04Z"
        case .uuid: "a UUID"
        case .uri: "a URI"
        case .uriReference: "a URI or a relative reference"
        case .email: "an e-mail address"
        case .hostname: "a host name"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .jsonPointer: "a JSON Pointer"
        }
    }
}

// RFC 3339.
extension StringFormat {
    private static func isDateTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(64))
        guard bytes.count > 11, bytes[10] | 0x20 == UInt8(ascii: "t") else { return false }
        return isDate(Array(bytes[..<10])) && isTime(Array(bytes[11...]))
    }

    private static func isDate(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            1...12 ~= month
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return 1...days[month - 1] ~= day
    }

    /// At most nine digits of a second's fraction and more are taken, a leap second only at its time.
    private static func isTime(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 9, bytes.count <= 64, bytes[2] == UInt8(ascii: ":"), bytes[5] == UInt8(ascii: ":"),
            let hour = number(bytes[0..<2]), let minute = number(bytes[3..<5]), let second = number(bytes[6..<8]),
            hour < 24, minute < 60, second <= 60
        else { return false }
        var rest = bytes[8...]
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { isDigit($0) }
            guard !fraction.isEmpty else { return false }
            rest = rest[fraction.endIndex...]
        }
        guard let offset = offset(rest) else { return false }
        return second < 60 || ((hour * 60 + minute - offset) % 1440 + 1440) % 1440 == 1439
    }

    /// In minutes east of UTC.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(bytes)
        if bytes.count == 1, bytes[0] | 0x20 == UInt8(ascii: "z") { return 0 }
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
            bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]),
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (bytes[0] == UInt8(ascii: "-") ? -1 : 1)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.allSatisfy(isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}

extension StringFormat {
    private static func isUUID(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(37))
        return bytes.count == 36
            && bytes.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : isHexadecimal(byte)
            }
    }

    /// RFC 3986: the characters, the percent signs and the scheme; not what the scheme says of the rest.
    private static func isURI(_ text: String, needsScheme: Bool) -> Bool {
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, isHexadecimal(bytes[index + 1]), isHexadecimal(bytes[index + 2])
                else { return false }
            } else if !isLetterOrDigit(byte), !"-._~:/?#[]@!$&'()*+,;=".utf8.contains(byte) {
                return false
            }
        }
        guard let colon = bytes.firstIndex(where: { ":/?#".utf8.contains($0) }), bytes[colon] == UInt8(ascii: ":")
        else { return !needsScheme }
        let scheme = bytes[..<colon]
        return !scheme.isEmpty && !isDigit(scheme[0])
            && scheme.allSatisfy { isLetterOrDigit($0) || "+-.".utf8.contains($0) }
            && (isLetterOrDigit(scheme[0]))
    }

    private static func isEmail(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= 254, let at = bytes.lastIndex(of: UInt8(ascii: "@")), 1...64 ~= at else { return false }
        return bytes[..<at].allSatisfy { 0x21...0x7E ~= $0 && !"\"(),:;<>@[\\]".utf8.contains($0) }
            && isHostname(bytes[(at + 1)...])
    }

    private static func isHostname(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard 1...253 ~= bytes.count else { return false }
        return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            1...63 ~= label.count && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        }
    }

    private static func isAddress(_ text: String, _ family: Int32, atMost length: Int) -> Bool {
        guard text.utf8.count <= length, !text.utf8.contains(0) else { return false }
        var address = in6_addr()
        return unsafe inet_pton(family, text, &address) == 1
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6 }
}
