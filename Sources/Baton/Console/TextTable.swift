/// A table as lines of text, no wider than it may be: long texts are wrapped.
struct TextTable {
    struct Column {
        var title: String
        var isNumeric = false
        /// What its values look like.
        var ink: (@Sendable (String) -> Ink)?

        init(_ title: String, isNumeric: Bool = false, ink: (@Sendable (String) -> Ink)? = nil) {
            self.title = title
            self.isNumeric = isNumeric
            self.ink = ink
        }
    }

    var columns: [Column]
    var rows: [[String]] = []
    var indent = 0

    private static let gap = 2
    private static let leastWidth = 10
    /// A longer one is broken.
    private static let longestWord = 32

    /// - Returns: `nil` when it cannot be that narrow.
    func widths(in width: Int) -> [Int]? {
        var widths = columns.indices.map { index in
            max(columns[index].title.displayWidth, rows.map { $0[index].displayWidth }.max() ?? 0)
        }
        let least = columns.indices.map { index in
            let words = rows.map { $0[index].split(separator: " ").map { String($0).displayWidth }.max() ?? 0 }
            return min(
                widths[index], max(min(words.max() ?? 0, Self.longestWord), columns[index].title.displayWidth, 6))
        }
        var excess = widths.reduce(0, +) + Self.gap * (columns.count - 1) + indent - width
        guard least.reduce(0, +) + Self.gap * (columns.count - 1) + indent <= width else { return nil }
        while excess > 0 {
            let candidates = columns.indices.filter { !columns[$0].isNumeric && widths[$0] > least[$0] }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return nil }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    func lines(width: Int) -> [StyledLine] {
        let widths = self.widths(in: width) ?? columns.map { max(Self.leastWidth, $0.title.displayWidth) }
        var lines = [line(columns.map(\.title), widths) { _, _ in .dim }]
        for row in rows {
            let cells = zip(row, widths).map { $0.wrapped(to: $1) }
            for index in 0..<(cells.map(\.count).max() ?? 1) {
                let pieces = cells.map { index < $0.count ? $0[index] : "" }
                lines.append(line(pieces, widths) { column, _ in columns[column].ink?(row[column]) ?? .plain })
            }
        }
        return lines
    }

    private func line(_ cells: [String], _ widths: [Int], _ ink: (Int, String) -> Ink) -> StyledLine {
        var line: StyledLine = indent > 0 ? [Styled(String(repeating: " ", count: indent))] : []
        let last = cells.lastIndex { !$0.isEmpty } ?? 0
        for (index, cell) in cells.prefix(last + 1).enumerated() {
            if index > 0 { line.append(Styled(String(repeating: " ", count: Self.gap))) }
            let right = columns[index].isNumeric
            let text = index == last && !right ? cell : cell.padded(to: widths[index], right: right)
            line.append(Styled(text, ink(index, cell)))
        }
        return line
    }

    func text(_ terminal: Terminal) -> String {
        lines(width: terminal.width).map { $0.rendered(terminal.hasColour) + "\n" }.joined()
    }
}
