import JSON

/// JSON values as a person reads them.
extension JSONValue {
    /// In one line of at most `limit` characters.
    func inline(_ limit: Int = 80) -> String {
        switch self {
        case .null: "–"
        case .bool(let value): value ? "yes" : "no"
        case .number(let number): number.literal
        case .string(let text): text.printable
        case .array(let elements):
            elements.isEmpty ? "none" : Self.list(elements.map { $0.inline(40) }, of: elements.count, limit)
        case .object(let object):
            Self.list(
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
