extension JSONPatch {
    /// What turns one value into another: only `add`, `replace` and `remove` at object members, members in the order of
    /// their names' bytes; arrays are replaced whole.
    ///
    /// Values that are equal leave no operation, whatever the spelling of their numbers.
    package static func diff(from old: JSONValue, to new: JSONValue) -> JSONPatch {
        var patch = JSONPatch()
        patch.compare(old, new, at: .root)
        return patch
    }

    private mutating func compare(_ old: JSONValue, _ new: JSONValue, at pointer: JSONPointer) {
        guard case .object(let before) = old, case .object(let after) = new else {
            if old != new { operations.append(.replace(pointer, new)) }
            return
        }
        var names = before.members.map(\.name)
        names += after.members.lazy.map(\.name).filter { before.position(of: $0) == nil }
        for name in names.sorted(by: { $0.bytesPrecede($1) }) {
            let place = pointer.appending(name)
            switch (before[name], after[name]) {
            case (let old?, let new?): compare(old, new, at: place)
            case (_?, nil): operations.append(.remove(place))
            case (nil, let new?): operations.append(.add(place, new))
            case (nil, nil): break
            }
        }
    }
}

extension JSONPatch {
    /// The patch as RFC 6902 writes it.
    package var json: JSONValue { .array(operations.map(\.json)) }

    /// - Throws: ``JSONPatchError`` with `.malformed` for the first that is no operation.
    package init(json: JSONValue) throws(JSONPatchError) {
        guard case .array(let elements) = json else {
            throw JSONPatchError(index: 0, reason: .malformed("expected an array, found \(json.kind)"))
        }
        operations = []
        for (index, element) in elements.enumerated() {
            do throws(JSONPatchError.Reason) {
                operations.append(try Operation(json: element))
            } catch {
                throw JSONPatchError(index: index, reason: error)
            }
        }
    }
}

extension JSONPatch.Operation {
    fileprivate var json: JSONValue {
        switch self {
        case .add(let path, let value): ["op": "add", "path": .string(path.text), "value": value]
        case .remove(let path): ["op": "remove", "path": .string(path.text)]
        case .replace(let path, let value): ["op": "replace", "path": .string(path.text), "value": value]
        case .move(let from, let path): ["op": "move", "from": .string(from.text), "path": .string(path.text)]
        case .copy(let from, let path): ["op": "copy", "from": .string(from.text), "path": .string(path.text)]
        case .test(let path, let value): ["op": "test", "path": .string(path.text), "value": value]
        }
    }

    fileprivate init(json: JSONValue) throws(JSONPatchError.Reason) {
        func pointer(_ name: String) throws(JSONPatchError.Reason) -> JSONPointer {
            guard let text = json[name]?.string, let pointer = JSONPointer(parsing: text) else {
                throw .malformed("“\(name)” must be a JSON Pointer")
            }
            return pointer
        }
        func value() throws(JSONPatchError.Reason) -> JSONValue {
            guard let value = json["value"] else { throw .malformed("“value” is missing") }
            return value
        }
        switch json["op"]?.string {
        case "add": self = .add(try pointer("path"), try value())
        case "remove": self = .remove(try pointer("path"))
        case "replace": self = .replace(try pointer("path"), try value())
        case "move": self = .move(from: try pointer("from"), to: try pointer("path"))
        case "copy": self = .copy(from: try pointer("from"), to: try pointer("path"))
        case "test": self = .test(try pointer("path"), try value())
        case let other: throw .malformed("“op” is \(other.map { "“\($0)”" } ?? "missing")")
        }
    }
}

extension JSONPatch: Codable {
    package init(from decoder: any Decoder) throws {
        do {
            try self.init(json: JSONValue(from: decoder))
        } catch let error as JSONPatchError {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no JSON Patch: \(error.reason)"))
        }
    }

    package func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}
