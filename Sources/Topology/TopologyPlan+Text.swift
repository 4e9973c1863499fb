package import JSON

extension TopologyChange.Kind {
    package var sign: String {
        switch self {
        case .create: "+"
        case .change: "~"
        case .remove: "-"
        case .replace: "!"
        case .extra: "?"
        }
    }

    fileprivate func summary(_ count: Int) -> String {
        switch self {
        case .create: "\(count) to create"
        case .change: "\(count) to change in place"
        case .remove: "\(count) to remove"
        case .replace: count == 1 ? "1 needs replacing" : "\(count) need replacing"
        case .extra: count == 1 ? "1 unknown extra" : "\(count) unknown extras"
        }
    }
}

extension TopologyPlan {
    /// The difference for people: one thing a line, its properties below it.
    package var text: String {
        let place = "virtual host \(virtualHost) on \(address) (RabbitMQ \(brokerVersion))"
        guard !isEmpty else { return "\(place) is as the topology says.\n" }
        let lines = changes.flatMap(\.lines)
        return "\(place):\n\n" + lines.joined(separator: "\n") + "\n\n\(summary)\n"
    }

    package var summary: String {
        let parts = TopologyChange.Kind.allCases.compactMap { count($0) == 0 ? nil : $0.summary(count($0)) }
        return parts.isEmpty ? "nothing differs" : parts.joined(separator: ", ")
    }

    package var json: JSONValue {
        .object([
            "virtual_host": .string(virtualHost), "address": .string(address),
            "broker_version": .string(brokerVersion), "equal": .bool(isEmpty),
            "changes": .array(changes.map(\.json)),
        ])
    }
}

extension TopologyChange {
    fileprivate var lines: [String] {
        let head = "  \(kind.sign) \(subject)" + (kind == .replace ? "  (needs replacing)" : "")
        let more = note.map { "  # \($0)" } ?? ""
        return [head + more] + differences.map { "      \($0.line)" }
    }

    var json: JSONValue {
        var object: JSONObject = [
            "kind": .string(kind.rawValue), "subject": .string(subject.kind), "name": .string(subject.name),
        ]
        if !differences.isEmpty { object["differences"] = .array(differences.map(\.json)) }
        if let note { object["note"] = .string(note) }
        return .object(object)
    }
}

extension TopologyChange.Difference {
    fileprivate var line: String {
        switch (actual, desired) {
        case (let actual?, let desired?): "\(property): \(actual) -> \(desired)"
        case (nil, let desired?): "\(property): \(desired)"
        case (let actual?, nil): "\(property): \(actual) -> (none)"
        case (nil, nil): property
        }
    }

    fileprivate var json: JSONValue {
        .object([
            "property": .string(property), "actual": actual.map(JSONValue.string) ?? .null,
            "desired": desired.map(JSONValue.string) ?? .null,
        ])
    }
}
