import JSON

/// A list of objects: a table where it fits, else a paragraph for each.
struct ListText {
    let text: ResultText
    let pointer: JSONPointer
    let indent: Int

    /// Stands for the name under which an element lies in an object.
    static let nameColumn = " "

    private struct Column {
        var name: String
        var isNumeric: Bool
        /// Of its widest value.
        var width: Int
        var isNested: Bool
        /// What comes first: the step, the severity, the key, short values, long texts, nested values.
        var rank: Int
    }

    func lines(_ objects: [JSONObject]) -> [StyledLine] {
        let columns = columns(of: objects)
        let shown = Array(sorted(objects).prefix(text.rowLimit ?? .max))
        let rest = text.rest(objects.count - shown.count, indent: indent)
        return (table(shown, columns) ?? shown.flatMap { paragraph($0, columns) }) + rest
    }

    // MARK: Columns

    private var key: String? {
        text.keys[pointer.text] ?? text.keys["/" + pointer.tokens.map { _ in "*" }.joined(separator: "/")]
    }

    private func columns(of objects: [JSONObject]) -> [Column] {
        var names: [String] = []
        for object in objects { for name in object.names where !names.contains(name) { names.append(name) } }
        let columns = names.map { name in
            let values = objects.compactMap { $0[name] }.filter { !$0.isNull }
            let isNested = values.contains { !$0.isScalar }
            let width = values.map { $0.inline(60).displayWidth }.max() ?? 0
            return Column(
                name: name, isNumeric: !values.isEmpty && values.allSatisfy { $0.number != nil }, width: width,
                isNested: isNested, rank: rank(name, width: width, isNested: isNested))
        }
        return columns.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(
            \.element)
    }

    private func rank(_ name: String, width: Int, isNested: Bool) -> Int {
        switch name {
        case "step", "rank", "number", "no": return 0
        case "severity", "priority", "status", "state", "level": return 1
        case key, "id", "key", "slug", "name", Self.nameColumn: return 2
        case "title", "summary", "message", "description": return 4
        default: return isNested && width > 24 ? 6 : (width <= 24 ? 3 : 5)
        }
    }

    private static let severities = ["critical", "high", "medium", "low", "info"]

    /// The worst first, where they have a severity; else as they are.
    private func sorted(_ objects: [JSONObject]) -> [JSONObject] {
        guard objects.allSatisfy({ $0["step"] == nil }) else { return objects }
        let ranks = objects.map { $0["severity"]?.string.flatMap(Self.severities.firstIndex) }
        guard ranks.allSatisfy({ $0 != nil }) else { return objects }
        return zip(ranks, objects).enumerated().sorted {
            ($0.element.0 ?? 0, $0.offset) < ($1.element.0 ?? 0, $1.offset)
        }.map(\.element.1)
    }

    // MARK: A table

    /// - Returns: `nil` when it would not be easy to read.
    private func table(_ objects: [JSONObject], _ columns: [Column]) -> [StyledLine]? {
        var table = TextTable(
            columns: columns.map { .init($0.name.readable, isNumeric: $0.isNumeric, ink: Self.ink) }, indent: indent)
        for object in objects {
            table.rows.append(
                columns.map { column in
                    guard let value = object[column.name] else { return "" }
                    return value.inline(60) + (isDisputed(object, column.name) ? " ≠" : "")
                })
        }
        guard let widths = table.widths(in: text.width) else { return nil }
        let heights = table.rows.map { row in zip(row, widths).map { $0.wrapped(to: $1).count }.max() ?? 1 }
        let isLong = heights.contains { $0 > 4 } || heights.reduce(0, +) > 2 * heights.count
        return isLong ? nil : table.lines(width: text.width)
    }

    private static let ink: @Sendable (String) -> Ink = { $0.hasSuffix(" ≠") ? .yellow : $0.signal }

    private func isDisputed(_ object: JSONObject, _ name: String) -> Bool {
        guard !text.disputed.isEmpty, let key, let element = object[key] else { return false }
        return text.disputed.contains(pointer.appending(element.canonicalText).appending(name).text)
    }

    // MARK: Paragraphs

    /// What is short in the first line, each long text below it.
    private func paragraph(_ object: JSONObject, _ columns: [Column]) -> [StyledLine] {
        let present = columns.filter { object[$0.name].map { !$0.isNull } ?? false }
        var head: StyledLine = [Styled(String(repeating: " ", count: indent))]
        for column in present where column.rank < 4 {
            let value = (object[column.name]?.inline() ?? "") + (isDisputed(object, column.name) ? " ≠" : "")
            if head.count > 1 { head.append("  ") }
            if column.rank == 3 { head.append(Styled(column.name.readable + " ", .dim)) }
            let padded = column.rank < 2 ? value.padded(to: column.width, right: column.isNumeric) : value
            head.append(Styled(padded, column.rank == 2 ? .bold : Self.ink(value)))
        }
        let long = present.filter { $0.rank >= 4 }
        let labels = long.map(\.name.readable.displayWidth).max() ?? 0
        let body = long.flatMap { column in
            let value = object[column.name]?.inline(column.isNested ? 160 : .max) ?? ""
            return value.wrapped(to: text.width - indent - labels - 6).enumerated().map { index, piece -> StyledLine in
                let label = (index == 0 ? column.name.readable : "").padded(to: labels)
                return [Styled(String(repeating: " ", count: indent + 4)), Styled(label, .dim), "  ", Styled(piece)]
            }
        }
        return (head.count > 1 ? [head.cut(to: text.width)] : []) + body
    }
}
