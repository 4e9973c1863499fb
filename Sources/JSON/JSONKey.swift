/// A name or an index in the path of a value that is decoded or encoded.
struct JSONKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }
    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
    static let `super` = JSONKey(stringValue: "super")
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
