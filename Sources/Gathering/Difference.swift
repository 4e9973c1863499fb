import JSON

/// What leads from one view to the next (RFC 6902): only `add`, `replace` and `remove`, only at members of objects, in
/// the order of their names; arrays are replaced whole.
struct Difference {
    private(set) var operations: [JSONValue] = []
    var isEmpty: Bool { operations.isEmpty }

    /// - Parameter path: of both; text of a JSON Pointer.
    mutating func compare(_ old: JSONValue?, _ new: JSONValue?, at path: String) {
        switch (old, new) {
        case (nil, nil): break
        case (nil, let new?): operations.append(["op": "add", "path": .string(path), "value": new])
        case (_?, nil): operations.append(["op": "remove", "path": .string(path)])
        case (.object(let old)?, .object(let new)?):
            let names = Set((old.names + new.names).map(Token.init)).sorted()
            for name in names {
                compare(old[name.text], new[name.text], at: path + "/" + JSONPointer.escape(name.text))
            }
        case (let old?, let new?):
            guard old != new else { return }
            operations.append(["op": "replace", "path": .string(path), "value": new])
        }
    }
}
