/// The members of a JSON object, in the order they were written; names are unique by their UTF-8 bytes.
package struct JSONObject: Sendable {
    package typealias Member = (name: String, value: JSONValue)
    package private(set) var members: [Member]

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
        get { members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
        set {
            let index = members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }
}
