import Contracts
import Foundation
import JSON

/// Times and spans for people; those for programs are RFC 3339.
enum Moment {
    /// In the time zone of whoever reads it.
    static func text(_ milliseconds: Int64) -> String {
        let date = broken(milliseconds)
        return [format(date.year, 4), format(date.month), format(date.day)].joined(separator: "-") + " " + clock(date)
    }

    /// The time of day, with milliseconds.
    static func time(_ milliseconds: Int64) -> String {
        clock(broken(milliseconds)) + "." + format(Int(((milliseconds % 1000) + 1000) % 1000), 3)
    }

    static func json(_ milliseconds: Int64?) -> JSONValue {
        milliseconds.map { .string(Timestamp(milliseconds: $0).description) } ?? .null
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// Such as `0.4 s`, `12 s`, `3:05`, `2:10:00`.
    static func span(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        if milliseconds < 10_000 { return "\(max(0, milliseconds) / 1000).\(max(0, milliseconds) % 1000 / 100) s" }
        if seconds < 60 { return "\(seconds) s" }
        let minutes = "\(seconds / 60 % 60)"
        let rest = ":" + format(Int(seconds % 60))
        return seconds < 3600 ? minutes + rest : "\(seconds / 3600):" + format(Int(seconds / 60 % 60)) + rest
    }

    private static func broken(_ milliseconds: Int64) -> DateComponents {
        Calendar.current.dateComponents(
            [.year, .month, .day, .hour, .minute, .second],
            from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }

    private static func clock(_ date: DateComponents) -> String {
        [date.hour, date.minute, date.second].map { format($0) }.joined(separator: ":")
    }

    private static func format(_ number: Int?, _ digits: Int = 2) -> String {
        let text = String(number ?? 0)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
