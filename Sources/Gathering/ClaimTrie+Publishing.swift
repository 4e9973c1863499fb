import JSON

/// What has changed since the last revision, and the whole of it.
extension ClaimTrie {
    var result: JSONValue { shown(at: Self.root) ?? [:] }

    private func shown(at: Int) -> JSONValue? {
        let place = places[at]
        switch place.shown {
        case .nothing: return nil
        case .value(let json): return json
        case .open where place.key != nil:
            let elements = place.children.values.sorted { a, b in
                guard let a = places[a].order, let b = places[b].order else { return false }
                return a < b
            }
            return .array(elements.compactMap(shown))
        case .open:
            let members = place.children.sorted { $0.key < $1.key }
            return .object(JSONObject(members.compactMap { token, child in shown(at: child).map { (token.text, $0) } }))
        }
    }

    /// All that is said of places, in the order of their pointers.
    var entries: [(pointer: Token, entry: Entry)] {
        places[Self.root].children.values.flatMap(entries).sorted { $0.pointer < $1.pointer }
    }

    private func entries(at: Int) -> [(pointer: Token, entry: Entry)] {
        let place = places[at]
        let own = place.entry.map { [(place.pointer, $0)] } ?? []
        guard case .open = place.shown else { return own }
        return own + place.children.values.flatMap(entries)
    }

    // MARK: differences

    /// In the order of the view's members; the cost is that of what was rendered since.
    func compareConflicts(_ difference: inout Difference) {
        compare("conflicts", \.listing, &difference)
    }

    func compareQuality(_ difference: inout Difference) { compare("quality", \.quality, &difference) }

    private func compare(_ member: String, _ part: (Entry) -> JSONValue?, _ difference: inout Difference) {
        for (pointer, change) in changes.sorted(by: { $0.key < $1.key }) {
            difference.compare(
                change.published.flatMap(part), change.current.flatMap(part),
                at: JSONPointer([member, pointer.text]))
        }
    }

    func compareResult(_ difference: inout Difference) { compare(at: Self.root, &difference) }

    private func compare(at: Int, _ difference: inout Difference) {
        let place = places[at]
        guard place.isStale else { return }
        var path: JSONPointer { JSONPointer(parsing: "/result" + place.pointer.text) ?? .root }
        switch (place.published, place.shown) {
        case (.open, .open):
            for token in Set(place.staleChildren).sorted() {
                if let child = place.children[token] { compare(at: child, &difference) }
            }
        case (.value(let old), _): difference.compare(old, shown(at: at), at: path)
        case (.nothing, _): difference.compare(nil, shown(at: at), at: path)
        case (.open, .nothing): difference.compare([:], nil, at: path)
        case (.open, .value(let new)): difference.compare([:], new, at: path)
        }
    }

    // MARK: a revision is out

    /// What is shown now is what the next difference starts from.
    mutating func publish() {
        changes.removeAll()
        newConflicts.removeAll()
        publish(Self.root, isInList: false)
    }

    /// - Parameter isInList: a keyed list is compared as a whole.
    private mutating func publish(_ at: Int, isInList: Bool) {
        guard places[at].isStale else { return }
        let isList = places[at].key != nil
        if isInList {
            places[at].published = .nothing
        } else if isList, let list = shown(at: at) {
            places[at].published = .value(list)
        } else {
            places[at].published = places[at].shown
        }
        places[at].isStale = false
        let tokens = places[at].staleChildren
        places[at].staleChildren = []
        for token in tokens {
            guard let child = places[at].children[token] else { continue }
            publish(child, isInList: isInList || isList)
            prune(child)
        }
    }
}
