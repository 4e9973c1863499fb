/// The name of a place in a JSON value (RFC 6901).
package struct JSONPointer: Sendable {
    /// Member names, and the indices of elements in decimal; none for the whole value.
    package var tokens: [String]

    package init(_ tokens: [String] = []) { self.tokens = tokens }

    /// - Returns: `nil` for a text that is no JSON Pointer.
    package init?(parsing text: String) {
        guard !text.isEmpty else { self.init(); return }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let token = Self.unescape(part) else { return nil }
            tokens.append(token)
        }
        self.init(tokens)
    }

    package static let root = JSONPointer()
    package var isRoot: Bool { tokens.isEmpty }

    package func appending(_ token: String) -> JSONPointer { JSONPointer(tokens + [token]) }
    package func appending(_ index: Int) -> JSONPointer { appending(String(index)) }

    /// Whether it names a place within the value at the other.
    package func isInside(_ other: JSONPointer) -> Bool {
        tokens.count > other.tokens.count && JSONPointer(Array(tokens.prefix(other.tokens.count))) == other
    }

    /// The text of RFC 6901: empty for the whole value, else `/a/b~1c/0`.
    package var text: String { tokens.reduce(into: "") { $0 += "/" + Self.escape($1) } }

    /// A token as it is written in a pointer: `~` as `~0`, `/` as `~1`.
    package static func escape(_ token: String) -> String {
        guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return token }
        var escaped: [UInt8] = []
        for byte in token.utf8 {
            switch byte {
            case UInt8(ascii: "~"): escaped += "~0".utf8
            case UInt8(ascii: "/"): escaped += "~1".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func unescape(_ part: Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else { bytes.append(byte); continue }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The index that a token names in an array: decimal, without leading zeros.
    static func index(_ token: String) -> Int? {
        guard token.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            token.utf8.count == 1 || token.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Int(token)
    }
}

extension JSONPointer: Hashable, CustomStringConvertible {
    package static func == (left: JSONPointer, right: JSONPointer) -> Bool {
        left.tokens.elementsEqual(right.tokens) { $0.hasSameBytes(as: $1) }
    }
    package func hash(into hasher: inout Hasher) {
        for token in tokens { token.hashBytes(into: &hasher) }
    }
    package var description: String { text }
}

extension JSONValue {
    /// The value at a place; `nil` when there is none.
    package subscript(pointer: JSONPointer) -> JSONValue? {
        var place = self
        for token in pointer.tokens {
            let next =
                switch place {
                case .object(let object): object[token]
                case .array: JSONPointer.index(token).flatMap { place[$0] }
                default: nil as JSONValue?
                }
            guard let next else { return nil }
            place = next
        }
        return place
    }
}
