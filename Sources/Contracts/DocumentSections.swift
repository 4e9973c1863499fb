/// The headings of a text document, as Markdown writes them: `# Goals`.
package enum DocumentSections {
    private static let most = 1000
    private static let longest = 500

    /// In order, without their marks; those within fenced code are none.
    package static func headings(of text: String) -> [String] {
        var headings: [String] = []
        var isCode = false
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = line.drop { $0 == " " }
            if trimmed.hasPrefix("```") { isCode.toggle() }
            let marks = trimmed.prefix { $0 == "#" }.count
            guard !isCode, (1...6).contains(marks), trimmed.dropFirst(marks).first == " " else { continue }
            let heading = String(comparablePart(trimmed.dropFirst(marks)).prefix(longest))
            if !heading.isEmpty { headings.append(heading) }
            if headings.count == most { break }
        }
        return headings
    }

    /// Two headings are one when these are equal: case and space around do not matter.
    package static func comparable(_ heading: String) -> String { comparablePart(heading[...]).lowercased() }

    private static func comparablePart(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace || last == "#" { text.removeLast() }
        return text
    }
}
