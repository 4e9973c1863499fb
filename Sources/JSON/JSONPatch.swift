/// A list of changes to a JSON value (RFC 6902).
package struct JSONPatch: Sendable, Equatable {
    package enum Operation: Sendable, Equatable {
        case add(JSONPointer, JSONValue)
        case remove(JSONPointer)
        case replace(JSONPointer, JSONValue)
        case move(from: JSONPointer, to: JSONPointer)
        case copy(from: JSONPointer, to: JSONPointer)
        case test(JSONPointer, JSONValue)
    }
    package var operations: [Operation]

    package init(_ operations: [Operation] = []) { self.operations = operations }

    package var isEmpty: Bool { operations.isEmpty }

    /// The value after all operations, in their order.
    ///
    /// - Throws: ``JSONPatchError`` for the first that fails; then nothing is applied.
    package func apply(to value: JSONValue) throws(JSONPatchError) -> JSONValue {
        var value = value
        for (index, operation) in operations.enumerated() {
            do throws(JSONPatchError.Reason) {
                try operation.apply(to: &value)
            } catch {
                throw JSONPatchError(index: index, reason: error)
            }
        }
        return value
    }
}

/// Why a patch cannot be applied, or a value is no patch.
package struct JSONPatchError: Error, Equatable, Sendable {
    package enum Reason: Error, Equatable, Sendable {
        /// There is nothing at the pointer, or no object or array that could take a value there.
        case noSuchPlace(JSONPointer)
        case testFailed(JSONPointer)
        /// A value cannot be moved into itself.
        case movedIntoItself(JSONPointer)
        case malformed(String)
    }
    /// Of the operation, from 0.
    package var index: Int
    package var reason: Reason

    package init(index: Int, reason: Reason) {
        self.index = index
        self.reason = reason
    }
}

extension JSONPatch.Operation {
    fileprivate func apply(to value: inout JSONValue) throws(JSONPatchError.Reason) {
        switch self {
        case .add(let pointer, let new): try value.add(new, at: pointer)
        case .remove(let pointer): _ = try value.remove(at: pointer)
        case .replace(let pointer, let new):
            try value.change(pointer, pointer.tokens[...]) { (place) throws(JSONPatchError.Reason) in place = new }
        case .move(let source, let target):
            guard !target.isInside(source) else { throw .movedIntoItself(source) }
            try value.add(try value.remove(at: source), at: target)
        case .copy(let source, let target): try value.add(try value.existing(source), at: target)
        case .test(let pointer, let expected):
            guard try value.existing(pointer) == expected else { throw .testFailed(pointer) }
        }
    }
}

extension JSONValue {
    fileprivate func existing(_ pointer: JSONPointer) throws(JSONPatchError.Reason) -> JSONValue {
        guard let value = self[pointer] else { throw .noSuchPlace(pointer) }
        return value
    }

    fileprivate mutating func add(_ value: JSONValue, at pointer: JSONPointer) throws(JSONPatchError.Reason) {
        guard let last = pointer.tokens.last else { self = value; return }
        try change(pointer, pointer.tokens.dropLast()) { (parent) throws(JSONPatchError.Reason) in
            switch parent {
            case .object(var object):
                parent = .null  // so that the members are not copied
                object[last] = value
                parent = .object(object)
            case .array(var elements):
                guard let index = last == "-" ? elements.count : JSONPointer.index(last), index <= elements.count
                else { throw .noSuchPlace(pointer) }
                parent = .null
                elements.insert(value, at: index)
                parent = .array(elements)
            default: throw .noSuchPlace(pointer)
            }
        }
    }

    fileprivate mutating func remove(at pointer: JSONPointer) throws(JSONPatchError.Reason) -> JSONValue {
        let removed = try existing(pointer)
        guard let last = pointer.tokens.last else {
            self = .null
            return removed
        }
        try change(pointer, pointer.tokens.dropLast()) { (parent) throws(JSONPatchError.Reason) in
            switch parent {
            case .object(var object):
                parent = .null
                object[last] = nil
                parent = .object(object)
            case .array(var elements):
                guard let index = JSONPointer.index(last) else { throw .noSuchPlace(pointer) }
                parent = .null
                elements.remove(at: index)
                parent = .array(elements)
            default: throw .noSuchPlace(pointer)
            }
        }
        return removed
    }

    /// Changes the value at a place in it, without copying what lies around.
    ///
    /// - Parameter tokens: the way to the place; `pointer` is the whole one, for the error.
    fileprivate mutating func change(
        _ pointer: JSONPointer, _ tokens: ArraySlice<String>,
        _ body: (inout JSONValue) throws(JSONPatchError.Reason) -> Void
    ) throws(JSONPatchError.Reason) {
        guard let token = tokens.first else { return try body(&self) }
        switch self {
        case .object(var object):
            guard let position = object.position(of: token) else { throw .noSuchPlace(pointer) }
            self = .null
            defer { self = .object(object) }
            try object.change(at: position) { (member) throws(JSONPatchError.Reason) in
                try member.change(pointer, tokens.dropFirst(), body)
            }
        case .array(var elements):
            guard let index = JSONPointer.index(token), elements.indices.contains(index) else {
                throw .noSuchPlace(pointer)
            }
            self = .null
            defer { self = .array(elements) }
            try elements[index].change(pointer, tokens.dropFirst(), body)
        default: throw .noSuchPlace(pointer)
        }
    }
}
