import JSON

/// What must hold of a database whatever happened (the engine's invariants, by their numbers).
enum Invariant: Int, CaseIterable, Sendable {
    case endsOnce = 1
    case dispatchedInOrder, oneAttempt, historyIsWhole, brokerWasTold, mergeIsExact, nothingWakes

    var title: String {
        switch self {
        case .endsOnce: "Every workflow ends once, or something will move it"
        case .dispatchedInOrder:
            "A task is dispatched only after its needs have ended, and never after its workflow has"
        case .oneAttempt: "At most one attempt of a task is current"
        case .historyIsWhole: "The history has no gap, and makes the rows that are stored"
        case .brokerWasTold: "The broker was told what the history says"
        case .mergeIsExact: "The last revision equals the merge of all artifacts at once"
        case .nothingWakes: "No wake-up for what has ended, no lease for what does not run"
        }
    }

    /// Why a database cannot show it.
    var blindness: String? {
        self == .brokerWasTold ? "a database cannot show this: what was published is not in it" : nil
    }
}

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
