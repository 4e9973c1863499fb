extension String {
    /// How many columns of a terminal it takes.
    var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// The same in one line and without characters that command a terminal: what tasks say is not to be trusted.
    var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var text = ""
        for scalar in unicodeScalars { text.unicodeScalars.append(scalar.isControl ? " " : scalar) }
        return text
    }

    /// Cut to a width, with an ellipsis where something is missing.
    func cut(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var text = ""
        var used = 0
        for character in self {
            guard used + character.displayWidth < width else { break }
            text.append(character)
            used += character.displayWidth
        }
        return width > 0 ? text + "…" : ""
    }

    func padded(to width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - displayWidth))
        return right ? space + self : self + space
    }

    /// Lines of at most `width` columns, broken between words where that is possible.
    func wrapped(to width: Int) -> [String] {
        let width = max(1, width)
        var lines: [String] = []
        var line = ""
        for word in split(separator: " ", omittingEmptySubsequences: true) {
            var word = String(word)
            if !line.isEmpty, line.displayWidth + 1 + word.displayWidth <= width {
                line += " " + word
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while word.displayWidth > width {
                var head = ""
                while let next = word.first, head.displayWidth + next.displayWidth <= width || head.isEmpty {
                    head.append(word.removeFirst())
                }
                lines.append(head)
            }
            line = word
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}

extension Character {
    /// 0 for marks that join what stands before, 2 for East Asian wide characters and emoji, else 1.
    var displayWidth: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
        return Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// Unicode's East_Asian_Width W and F, in blocks.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD,
    ]
}

extension Unicode.Scalar {
    /// C0, C1, and the marks that reorder a line.
    fileprivate var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || (0x202A...0x202E).contains(value)
            || (0x2066...0x2069).contains(value) || value == 0x2028 || value == 0x2029
    }
}
