/// The members of a JSON object, in the order they were written; names are unique by their UTF-8 bytes.
///
/// Equal whatever the order of the members. Small objects are searched from the front, larger ones have an index.
package struct JSONObject: Sendable {
    package typealias Member = (name: String, value: JSONValue)
    package private(set) var members: [Member]
    private var index: NameIndex?

    package init() { members = [] }

    /// - Parameter members: of two members with one name the later counts.
    package init(_ members: some Sequence<(String, JSONValue)>) {
        self.init()
        for (name, value) in members { self[name] = value }
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var names: [String] { members.map(\.name) }

    /// A new name is appended; `nil` removes the member.
    package subscript(name: String) -> JSONValue? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): append(name, value)
            case (nil, nil): break
            }
        }
    }

    /// Changes a member's value in place.
    mutating func change<Failure: Error>(
        at position: Int, _ body: (inout JSONValue) throws(Failure) -> Void
    ) throws(Failure) {
        try body(&members[position].value)
    }

    /// Where the member is among `members`.
    package func position(of name: String) -> Int? {
        if let index { return index.position(of: name, in: members) }
        for position in members.indices where members[position].name.hasSameBytes(as: name) { return position }
        return nil
    }

    /// - Parameter hint: the position that is tried first.
    func position(of name: String, startingAt hint: Int) -> Int? {
        if hint < members.count, members[hint].name.hasSameBytes(as: name) { return hint }
        return position(of: name)
    }

    /// The members by the bytes of their names: the order of canonical text.
    package var sortedMembers: [Member] { members.sorted { $0.name.bytesPrecede($1.name) } }

    /// - Parameter name: not a member yet.
    mutating func append(_ name: String, _ value: JSONValue) {
        members.append((name, value))
        if index != nil {
            index?.add(members.count - 1, of: members)
        } else if members.count > NameIndex.threshold {
            index = NameIndex(members)
        }
    }

    private mutating func remove(at position: Int) {
        index?.remove(position, of: members)
        members.remove(at: position)
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        // A sum, so that the order of the members does not count.
        var sum = 0
        for (name, value) in members {
            var member = Hasher()
            name.hashBytes(into: &member)
            value.hash(into: &member)
            sum &+= member.finalize()
        }
        hasher.combine(members.count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
