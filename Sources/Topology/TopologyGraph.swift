extension Topology {
    /// The exchanges, bindings and queues as a graph in the language DOT.
    ///
    /// Queues that differ only in their partition or domain are drawn as one.
    package var dot: String {
        var lines = [
            "digraph \(quoted(virtualHost)) {", "  rankdir=LR;",
            "  node [fontname=\"Helvetica\", fontsize=11]; edge [fontname=\"Helvetica\", fontsize=9];",
        ]
        lines += exchanges.map {
            "  \(quoted($0.name)) [shape=box, style=filled, fillcolor=\"#dbe9f6\", "
                + "label=\(quoted("\($0.name)\n\($0.type)"))];"
        }
        lines += merged(queues.map { generalised($0.name) }).map { name, count in
            let label = count > 1 ? "\(name)\n(\(count))" : name
            return "  \(quoted("queue " + name)) [shape=cylinder, style=filled, fillcolor=\"#fbeed5\", "
                + "label=\(quoted(label))];"
        }
        lines += edges.map { edge in
            "  \(quoted(edge.from)) -> \(quoted(edge.to)) [label=\(quoted(edge.keys.joined(separator: "\n")))];"
        }
        lines += deadLetterEdges
        return lines.joined(separator: "\n") + "\n}\n"
    }

    private struct Edge {
        var from: String
        var to: String
        var keys: [String]
    }

    private var edges: [Edge] {
        var edges: [Edge] = []
        for binding in bindings {
            let to =
                switch binding.destination {
                case .queue(let name): "queue " + generalised(name)
                case .exchange(let name): name
                }
            let key = generalised(binding.key)
            if let index = edges.firstIndex(where: { $0.from == binding.source && $0.to == to }) {
                if !edges[index].keys.contains(key) { edges[index].keys.append(key) }
            } else {
                edges.append(Edge(from: binding.source, to: to, keys: [key]))
            }
        }
        return edges
    }

    /// Where a queue's messages go that are given up on.
    private var deadLetterEdges: [String] {
        let edges = policies.compactMap { policy -> String? in
            guard let exchange = policy.definition["dead-letter-exchange"]?.string else { return nil }
            return "  \(quoted("queue " + generalised(policy.name))) -> \(quoted(exchange)) [style=dashed, color=gray];"
        }
        return merged(edges).map(\.0)
    }

    /// `executor.payments` as `executor.<domain>`, `dispatcher.0` as `dispatcher.<n>`.
    private func generalised(_ name: String) -> String {
        for prefix in partitionPrefixes where name.hasPrefix(prefix) && Int(name.dropFirst(prefix.count)) != nil {
            return prefix + "<n>"
        }
        return name.split(separator: ".", omittingEmptySubsequences: false)
            .map { word in domains.contains { $0.name == word } ? "<domain>" : String(word) }
            .joined(separator: ".")
    }

    private func merged(_ names: [String]) -> [(String, Int)] {
        names.reduce(into: []) { result, name in
            if let index = result.firstIndex(where: { $0.0 == name }) {
                result[index].1 += 1
            } else {
                result.append((name, 1))
            }
        }
    }

    private func quoted(_ text: String) -> String {
        let escaped = text.reduce(into: "") { result, character in
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return "\"\(escaped)\""
    }
}
