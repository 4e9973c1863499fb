/// Bounds what aliases can cost before Yams composes the text.
///
/// Yams compares all keys of a mapping by value, with aliases written out: a key that nests a few dozen of them
/// never ends. The text is only skimmed here, so in a file with anchors something that merely looks like an
/// alias (inside a quoted string, say) counts as one.
struct AnchorGuard {
    private let lines: [Substring.UTF8View]

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(\.utf8)
    }

    func check(aliases limit: Int) throws(YAMLError) {
        guard lines.contains(where: { !marks(UInt8(ascii: "&"), in: $0).isEmpty }) else { return }
        var aliases = 0
        for (index, line) in lines.enumerated() {
            let found = marks(UInt8(ascii: "*"), in: line)
            aliases += found.count
            guard aliases <= limit else {
                throw YAMLError(
                    code: .limit, message: "more than \(limit) aliases",
                    position: SourcePosition(line: index + 1, column: found.first.map { $0 + 1 } ?? 1))
            }
            if let column = complexKey(in: Array(line), aliases: found) {
                throw YAMLError(
                    code: .key, message: "in a file with anchors a key must be written out as a string",
                    position: SourcePosition(line: index + 1, column: column + 1))
            }
        }
    }

    /// Offsets at which an anchor or an alias seems to begin.
    private func marks(_ sign: UInt8, in line: Substring.UTF8View) -> [Int] {
        var offsets: [Int] = []
        var before = UInt8(ascii: " ")
        for (offset, byte) in line.enumerated() {
            if byte == sign, Self.opens(before) { offsets.append(offset) }
            before = byte
        }
        guard !offsets.isEmpty else { return [] }
        let bytes = Array(line)
        return offsets.filter { $0 + 1 < bytes.count && Self.isName(bytes[$0 + 1]) }
    }

    private static func opens(_ byte: UInt8) -> Bool { " \t[]{},:-?\"'".utf8.contains(byte) }
    private static func isName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D
    }
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private func complexKey(in line: [UInt8], aliases: [Int]) -> Int? {
        func colonFollows(_ start: Int) -> Bool {
            var at = start
            while at < line.count, Self.isBlank(line[at]) { at += 1 }
            guard at < line.count, line[at] == UInt8(ascii: ":") else { return false }
            return at + 1 == line.count || Self.isBlank(line[at + 1]) || ",[]{}".utf8.contains(line[at + 1])
        }
        for (at, byte) in line.enumerated() where byte == UInt8(ascii: "?") {
            let opens = at == 0 || Self.opens(line[at - 1])
            if opens, at + 1 == line.count || Self.isBlank(line[at + 1]) { return at }
        }
        guard let first = aliases.first else { return nil }
        for alias in aliases {
            var end = alias + 1
            while end < line.count, Self.isName(line[end]) { end += 1 }
            if colonFollows(end) { return alias }
        }
        for at in line.indices.dropFirst(first) where "]}".utf8.contains(line[at]) && colonFollows(at + 1) {
            return first
        }
        return nil
    }
}
