import Invariants
import JSON

/// What was found out about one invariant.
struct Finding: Sendable {
    var invariant: Invariant
    /// How many of what: `213 workflows`.
    var lookedAt: [(count: Int, what: String)] = []
    var violations: [String] = []

    mutating func count(_ number: Int, _ what: String) {
        if let index = lookedAt.firstIndex(where: { $0.what == what }) {
            lookedAt[index].count += number
        } else {
            lookedAt.append((number, what))
        }
    }

    var looked: String {
        invariant.blindness ?? lookedAt.map { "\($0.count) \($0.what)" }.joined(separator: ", ")
    }

    func lines(_ limit: Int = 20) -> [StyledLine] {
        let mark: Styled =
            invariant.blindness != nil
            ? Styled("–", .dim) : violations.isEmpty ? Styled("✓", .green) : Styled("✗", .red)
        var lines: [StyledLine] = [
            [mark, Styled(" \(invariant.rawValue)  "), Styled(invariant.title)], ["     ", Styled(looked, .dim)],
        ]
        lines += violations.prefix(limit).map { ["     ", Styled($0.printable, .red)] }
        if violations.count > limit { lines.append(["     ", Styled("… and \(violations.count - limit) more", .red)]) }
        return lines
    }

    var json: JSONValue {
        [
            "invariant": .number(JSONNumber(invariant.rawValue)), "title": .string(invariant.title),
            "checked": .bool(invariant.blindness == nil), "looked_at": .string(looked),
            "violations": .array(violations.map { .string($0) }),
        ]
    }
}
