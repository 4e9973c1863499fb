import Contracts
package import JSON

/// What the next revision is compared with.
enum Baseline: Sendable {
    /// Nothing has been published yet.
    case none
    /// What this value last published itself: differences are known.
    case own(GatherHeader)
    /// What another owner published: compared member by member, once.
    case foreign(GatherHeader, view: JSONValue)
}

/// How the present state differs from the last revision.
package struct GatherChange: Sendable, Equatable {
    package var hasNewConflict = false
    package var hasNewStatus = false
    package var isClosed = false

    package init(hasNewConflict: Bool = false, hasNewStatus: Bool = false, isClosed: Bool = false) {
        self.hasNewConflict = hasNewConflict
        self.hasNewStatus = hasNewStatus
        self.isClosed = isClosed
    }
}

extension Gathering {
    /// As of the last ``render()``: `{"conflicts", "quality", "result", "unmerged"}`, members in canonical order.
    package var view: JSONValue {
        let entries = trie.entries
        return .object(
            JSONObject([
                (
                    "conflicts",
                    object(entries.lazy.compactMap { entry in entry.entry.listing.map { (entry.pointer, $0) } })
                ),
                ("quality", object(entries.lazy.map { ($0.pointer, $0.entry.quality) })),
                ("result", trie.result),
                ("unmerged", object(unmerged.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })),
            ]))
    }

    private func object(_ members: some Sequence<(Token, JSONValue)>) -> JSONValue {
        .object(JSONObject(members.map { ($0.text, $1) }))
    }

    /// - Returns: `nil` when neither view nor header have changed since the last revision.
    package mutating func change() -> GatherChange? {
        render()
        let header = header
        switch baseline {
        case .none: return GatherChange(hasNewConflict: header.conflictCount > 0, isClosed: header.isClosed)
        case .own(let last):
            guard last != header || !difference().patch.isEmpty else { return nil }
            return GatherChange(
                hasNewConflict: !trie.newConflicts.isEmpty, hasNewStatus: last.status != header.status,
                isClosed: header.isClosed)
        case .foreign(let last, let view):
            let now = self.view
            guard last != header || view != now else { return nil }
            let known = view["conflicts"]?.object ?? [:]
            return GatherChange(
                hasNewConflict: now["conflicts"]?.object?.names.contains { known.position(of: $0) == nil } ?? false,
                hasNewStatus: last.status != header.status, isClosed: header.isClosed)
        }
    }

    /// RFC 6902, from the last revision's view to the present one; `nil` when there is none to start from.
    package mutating func patch() -> JSONPatch? {
        render()
        switch baseline {
        case .none: return nil
        case .own: return difference().patch
        case .foreign(_, let view): return JSONPatch.diff(from: view, to: self.view)
        }
    }

    /// The present state is what the next revision is compared with.
    package mutating func markPublished() {
        render()
        trie.publish()
        unmergedChanges.removeAll()
        baseline = .own(header)
    }

    /// For a gathering that was rebuilt: what was published last, by whomever.
    package mutating func setPublished(_ header: GatherHeader, view: JSONValue) {
        baseline = .foreign(header, view: view)
    }

    private func difference() -> Difference {
        var difference = Difference()
        trie.compareConflicts(&difference)
        trie.compareQuality(&difference)
        trie.compareResult(&difference)
        for (pointer, published) in unmergedChanges.sorted(by: { $0.key < $1.key }) {
            difference.compare(
                published?.json, unmerged[pointer]?.json, at: JSONPointer(["unmerged", pointer.text]))
        }
        return difference
    }
}

extension Gathering {
    /// How many places have been visited by claims, and rendered, ever: what the cost depends on.
    package var work: (visited: Int, rendered: Int) { (trie.visitedPlaces, trie.renderedPlaces) }
}
