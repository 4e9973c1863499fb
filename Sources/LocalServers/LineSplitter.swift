/// Cuts a stream of bytes into lines of UTF-8; bytes that are none become replacement characters.
struct LineSplitter {
    /// A longer line comes in pieces.
    static let limit = 65_536
    private var pending: [UInt8] = []

    /// - Returns: the lines that are complete now, without their ends.
    mutating func add(_ bytes: [UInt8]) -> [String] {
        pending += bytes
        var lines: [String] = []
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(text(pending[start..<end]))
            start = end + 1
        }
        while pending.endIndex - start > Self.limit {
            lines.append(text(pending[start..<start + Self.limit]))
            start += Self.limit
        }
        pending.removeFirst(start)
        return lines
    }

    /// What came after the last line's end; `nil` for nothing.
    mutating func rest() -> String? {
        defer { pending = [] }
        return pending.isEmpty ? nil : text(pending[...])
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
    }
}
