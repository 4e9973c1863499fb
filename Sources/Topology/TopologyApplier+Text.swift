package import JSON

extension TopologyApplier.Outcome {
    package var text: String {
        var lines = made.map { "  \($0.kind.sign) \($0.subject)" }
        lines.append(made.isEmpty ? "Nothing to do." : "\(made.count) made.")
        guard !left.isEmpty else { return lines.joined(separator: "\n") + "\n" }
        lines += ["", "Left as it is:"]
        lines += left.map { "  \($0.kind.sign) \($0.subject)" + ($0.note.map { "  # \($0)" } ?? "") }
        return lines.joined(separator: "\n") + "\n"
    }

    package var json: JSONValue {
        ["made": .array(made.map(\.json)), "left": .array(left.map(\.json))]
    }
}
