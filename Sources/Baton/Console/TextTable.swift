/// A table as lines of text, no wider than it may be: long texts are wrapped.
struct TextTable {
    struct Column {
        var title: String
        var isNumeric = false
        /// Never narrower than its values.
        var isRigid = false
        /// What its values look like.
        var ink: (@Sendable (String) -> Ink)?

        init(_ title: String, isNumeric: Bool = false, isRigid: Bool = false, ink: (@Sendable (String) -> Ink)? = nil) {
            self.title = title
            self.isNumeric = isNumeric
            self.isRigid = isRigid || isNumeric
            self.ink = ink
        }
    }

    var columns: [Column]
    var rows: [[String]] = []
    var indent = 0

    private static let gap = 2
    /// A longer one is broken.
    private static let longestWord = 32

    /// - Parameter isForced: break words, rather than give up.
    /// - Returns: `nil` when it cannot be that narrow.
    func widths(in width: Int, isForced: Bool = false) -> [Int]? {
        var widths = columns.indices.map { index in
            max(columns[index].title.displayWidth, cellWidth(index))
        }
        let least = columns.indices.map { index in
            let words = rows.map { longestWord($0[index]) }.max() ?? 0
            let title = longestWord(columns[index].title)
            let cells = columns[index].isRigid ? cellWidth(index) : min(words, Self.longestWord)
            return min(widths[index], max(cells, title, 6))
        }
        var excess = widths.reduce(0, +) + Self.gap * (columns.count - 1) + indent - width
        guard isForced || least.reduce(0, +) + Self.gap * (columns.count - 1) + indent <= width else { return nil }
        // Titles give way first, then what takes most.
        for index in columns.indices where excess > 0 {
            let spare = max(0, min(excess, widths[index] - max(cellWidth(index), least[index])))
            widths[index] -= spare
            excess -= spare
        }
        while excess > 0 {
            let candidates = columns.indices.filter { !columns[$0].isRigid && widths[$0] > (isForced ? 6 : least[$0]) }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return isForced ? widths : nil }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func cellWidth(_ index: Int) -> Int { rows.map { $0[index].displayWidth }.max() ?? 0 }

    private func longestWord(_ text: String) -> Int {
        text.split(separator: " ").map { String($0).displayWidth }.max() ?? 0
    }

    func lines(width: Int) -> [StyledLine] {
        let widths = self.widths(in: width) ?? self.widths(in: width, isForced: true) ?? []
        let titles = wrapped(columns.map(\.title), widths).map { line($0, widths) { _, _ in .dim } }
        return titles
            + rows.flatMap { row in
                wrapped(row, widths).map { pieces in
                    line(pieces, widths) { column, _ in columns[column].ink?(row[column]) ?? .plain }
                }
            }
    }

    /// A row as the lines it takes.
    private func wrapped(_ row: [String], _ widths: [Int]) -> [[String]] {
        let cells = zip(row, widths).map { $0.wrapped(to: $1) }
        return (0..<(cells.map(\.count).max() ?? 1)).map { index in cells.map { index < $0.count ? $0[index] : "" } }
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
