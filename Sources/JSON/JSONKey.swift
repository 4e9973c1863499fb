/// A name or an index in the path of a value that is decoded or encoded.
enum JSONKey: CodingKey {
    case name(String)
    case index(Int)

    init(stringValue: String) { self = .name(stringValue) }
    init(intValue: Int) { self = .index(intValue) }

    var stringValue: String {
        switch self {
        case .name(let name): name
        case .index(let index): String(index)
        }
    }
    var intValue: Int? { if case .index(let index) = self { index } else { nil } }

    static let `super` = JSONKey.name("super")
}

extension JSONPointer {
    package init(_ path: [any CodingKey]) {
        self.init(path.map { key in key.intValue.map(String.init) ?? key.stringValue })
    }
}

extension DecodingError {
    /// The place of the value that could not be decoded; of a missing member, the object it is missing from.
    package var pointer: JSONPointer { JSONPointer(context.codingPath) }

    /// What is wrong there, in words.
    package var reason: String { context.debugDescription }

    private var context: Context {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: Context(codingPath: [], debugDescription: "\(self)")
        }
    }
}
