import JSON

/// A patch in the making: what leads from one view to the next, part by part.
struct Difference {
    private(set) var patch = JSONPatch()

    mutating func compare(_ old: JSONValue?, _ new: JSONValue?, at pointer: @autoclosure () -> JSONPointer) {
        switch (old, new) {
        case (nil, nil): break
        case (nil, let new?): patch.operations.append(.add(pointer(), new))
        case (_?, nil): patch.operations.append(.remove(pointer()))
        case (let old?, let new?):
            let inner = JSONPatch.diff(from: old, to: new)
            if !inner.isEmpty { patch.operations += inner.operations.map { $0.below(pointer()) } }
        }
    }
}

extension JSONPatch.Operation {
    /// The same at another place; of the operations that a difference has.
    fileprivate func below(_ pointer: JSONPointer) -> JSONPatch.Operation {
        func at(_ inner: JSONPointer) -> JSONPointer { JSONPointer(pointer.tokens + inner.tokens) }
        return switch self {
        case .add(let place, let value): .add(at(place), value)
        case .remove(let place): .remove(at(place))
        case .replace(let place, let value): .replace(at(place), value)
        case .test(let place, let value): .test(at(place), value)
        case .move(let source, let target): .move(from: at(source), to: at(target))
        case .copy(let source, let target): .copy(from: at(source), to: at(target))
        }
    }
}
