import Yams

/// A place in a text; both count from 1, the column in Unicode scalars.
package struct SourcePosition: Hashable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Where the value that a JSON Pointer names stands in its text.
package struct SourceMap: Sendable {
    private var places: [String: SourcePosition] = [:]

    package init() {}

    /// The place of the value, or of the nearest one around it when the pointer names something that is missing.
    package func position(of pointer: String) -> SourcePosition? {
        var pointer = Substring(pointer)
        while true {
            if let place = places[String(pointer)] { return place }
            guard let slash = pointer.lastIndex(of: "/") else { return nil }
            pointer = pointer[..<slash]
        }
    }

    mutating func note(_ position: SourcePosition?, for pointer: String) {
        places[pointer] = position
    }
}

extension SourcePosition {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }

    init(offset: Int, in text: String) {
        let before = text.prefix(offset)
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        self.init(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1)
    }

    /// Where a block mapping that has `key` here has it once more: the next line with the key in the same column,
    /// before one that stands further left. Yams tells only the first place.
    func next(key: String, in text: String) -> SourcePosition? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1), !key.isEmpty else { return nil }
        for (index, content) in lines.enumerated().dropFirst(line) {
            let scalars = content.unicodeScalars
            let indent = scalars.prefix { $0 == " " }.count
            guard indent < scalars.count, scalars.dropFirst(indent).first != "#" else { continue }
            if indent < column - 1 { return nil }
            let rest = String(content.drop { $0 == " " })
            let spellings = [key, "\"\(key)\"", "'\(key)'"]
            if indent == column - 1, spellings.contains(where: { rest.hasPrefix($0 + ":") || rest.hasPrefix($0 + " ") })
            {
                return SourcePosition(line: index + 1, column: column)
            }
        }
        return nil
    }
}
