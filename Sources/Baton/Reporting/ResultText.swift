import JSON

/// The merged result in lines, whatever it is: sections, tables for lists of objects, names and values for objects.
struct ResultText {
    let width: Int
    /// Of a table or a list; the rest is counted.
    var rowLimit: Int? = 40
    /// By pointer with `*` for elements: the member by which the elements of a list are known.
    var keys: [String: String] = [:]
    /// Pointers of the places on which sources disagree.
    var disputed: Set<String> = []

    /// Each member of the result as a section of its own: small ones first, then lists.
    func lines(_ result: JSONValue) -> [StyledLine] {
        guard case .object(let object) = result else { return value(result, at: .root, indent: 0) }
        let (lists, rest) = (
            object.members.filter { $0.value.array != nil }, object.members.filter { $0.value.array == nil }
        )
        let scalars = rest.filter(\.value.isScalar)
        var lines: [StyledLine] = []
        if !scalars.isEmpty { lines += pairs(scalars, at: .root, indent: 0) + [[]] }
        for member in rest.filter({ !$0.value.isScalar }) + lists {
            let count = member.value.array.map { "  \($0.count)" } ?? ""
            lines.append([Styled(member.name.title, .bold), Styled(count, .dim)])
            lines += value(member.value, at: JSONPointer([member.name]), indent: 2) + [[]]
        }
        return lines
    }

    private func value(_ value: JSONValue, at pointer: JSONPointer, indent: Int) -> [StyledLine] {
        switch value {
        case .object(let object) where object.isEmpty: return [line("nothing", indent: indent, ink: .dim)]
        case .object(let object) where isTable(object):
            let rows = object.members.map { member in
                JSONObject(
                    [(ListText.nameColumn, .string(member.name))]
                        + (member.value.object?.members ?? []).map { ($0.name, $0.value) })
            }
            return ListText(text: self, pointer: pointer, indent: indent).lines(rows)
        case .object(let object):
            let fits = object.members.map { isShort($0.value, beside: $0.name, indent: indent) }
            var lines = pairs(zip(object.members, fits).filter(\.1).map(\.0), at: pointer, indent: indent)
            for (member, fits) in zip(object.members, fits) where !fits {
                lines.append(line(member.name.readable, indent: indent))
                lines += self.value(member.value, at: pointer.appending(member.name), indent: indent + 2)
            }
            return lines
        case .array(let elements) where elements.isEmpty: return [line("none", indent: indent, ink: .dim)]
        case .array(let elements):
            let objects = elements.compactMap(\.object)
            if objects.count == elements.count, !objects.allSatisfy(\.isEmpty) {
                return ListText(text: self, pointer: pointer, indent: indent).lines(objects)
            }
            return bullets(elements, indent: indent)
        default: return paragraph(value.inline(.max), indent: indent)
        }
    }

    /// Members that are objects with the same members are rows of one table.
    private func isTable(_ object: JSONObject) -> Bool {
        guard object.count > 1, let first = object.members.first?.value.object, first.count > 1 else { return false }
        let names = Set(first.names)
        return object.members.allSatisfy { member in
            member.value.object.map { Set($0.names) == names && $0.members.allSatisfy(\.value.isScalar) } ?? false
        }
    }

    /// Whether it fits beside its name.
    private func isShort(_ value: JSONValue, beside name: String, indent: Int) -> Bool {
        if value.isScalar { return true }
        if case .array(let elements) = value, elements.contains(where: { $0.object != nil }) { return false }
        if case .object(let object) = value, !object.members.allSatisfy(\.value.isScalar) { return false }
        return value.inline(.max).displayWidth + name.displayWidth + indent + 4 <= width
    }

    /// Names and values, one pair a line, the values below each other.
    private func pairs(_ members: [JSONObject.Member], at pointer: JSONPointer, indent: Int) -> [StyledLine] {
        let nameWidth = min(30, members.map { $0.name.readable.displayWidth }.max() ?? 0)
        return members.flatMap { member in
            let text = member.value.inline(.max).wrapped(to: width - indent - nameWidth - 2)
            let isDisputed = disputed.contains(pointer.appending(member.name).text)
            return text.enumerated().map { index, piece -> StyledLine in
                let name = (index == 0 ? member.name.readable : "").padded(to: nameWidth)
                return [
                    Styled(String(repeating: " ", count: indent)), Styled(name, .dim), "  ",
                    Styled(piece, isDisputed ? .yellow : (member.value.string?.signal ?? .plain)),
                ] + (isDisputed && index == text.count - 1 ? [Styled(" ≠", .yellow)] : [])
            }
        }
    }

    private func bullets(_ elements: [JSONValue], indent: Int) -> [StyledLine] {
        let shown = elements.prefix(rowLimit ?? .max)
        let lines = shown.flatMap { element in
            let text = element.inline(.max).wrapped(to: width - indent - 2)
            return text.enumerated().map { index, piece in line((index == 0 ? "· " : "  ") + piece, indent: indent) }
        }
        return lines + rest(elements.count - shown.count, indent: indent)
    }

    func rest(_ count: Int, indent: Int) -> [StyledLine] {
        count > 0 ? [line("… and \(count) more (--all shows them)", indent: indent, ink: .dim)] : []
    }

    func paragraph(_ text: String, indent: Int) -> [StyledLine] {
        text.wrapped(to: width - indent).map { line($0, indent: indent) }
    }

    func line(_ text: String, indent: Int, ink: Ink = .plain) -> StyledLine {
        [Styled(String(repeating: " ", count: indent)), Styled(text, ink)]
    }
}
