import Contracts
import Foundation
import JSON

/// JSON values as a person reads them.
extension JSONValue {
    /// In one line of at most `limit` characters.
    func inline(_ limit: Int = 80) -> String {
        switch self {
        case .null: "–"
        case .bool(let value): value ? "yes" : "no"
        case .number(let number): number.literal
        case .string(let text): Self.moment(text) ?? text.printable
        case .array(let elements):
            elements.isEmpty ? "none" : Self.list(elements.map(\.asElement), of: elements.count, limit)
        case .object(let object):
            range(object)
                ?? Self.list(
                    object.members.map { "\($0.name.readable) \($0.value.inline(40))" }, of: object.count, limit)
        }
    }

    /// As many as fit, and how many there are.
    private static func list(_ texts: [String], of count: Int, _ limit: Int) -> String {
        var text = ""
        for (index, piece) in texts.enumerated() {
            let next = text.isEmpty ? piece : text + ", " + piece
            if next.displayWidth > limit, index > 0 { return text + " … (\(count))" }
            text = next
        }
        return text
    }

    /// Within a list: one of several values, without commas of its own.
    private var asElement: String {
        if case .array(let parts) = self, parts.allSatisfy(\.isScalar) {
            return parts.map { $0.inline(40) }.joined(separator: " ")
        }
        return inline(40)
    }

    /// `335 to 356`.
    private func range(_ object: JSONObject) -> String? {
        guard object.count == 2 else { return nil }
        for (low, high) in [("low", "high"), ("min", "max"), ("from", "to")] {
            if let low = object[low], let high = object[high], low.isScalar, high.isScalar {
                return "\(low.inline(30)) to \(high.inline(30))"
            }
        }
        return nil
    }

    /// A time without what is always the same: `2026-09-15 19:00Z`.
    private static func moment(_ text: String) -> String? {
        guard (20...35).contains(text.utf8.count), Timestamp(text) != nil else { return nil }
        return text.replacing("T", with: " ", maxReplacements: 1).replacing(":00Z", with: "Z").replacing(
            ".000", with: "")
    }

    var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }
}

extension String {
    /// A member's name as words: `where_to_look_next` is `where to look next`.
    var readable: String { replacing("_", with: " ").printable }

    /// The same at the beginning of a sentence.
    var title: String { readable.prefix(1).uppercased() + readable.dropFirst() }

    /// Words that mean good or bad wherever they stand.
    var signal: Ink {
        switch self {
        case "critical", "high", "failed", "error", "closed": .red
        case "medium", "warning", "cancelled", "retry_wait", "paused": .yellow
        case "succeeded", "ok", "ready", "active": .green
        case "low", "info", "skipped", "pending": .dim
        default: .plain
        }
    }
}
