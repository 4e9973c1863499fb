import JSON

/// Text that is compared, hashed and ordered by its UTF-8 bytes, as JSON demands of names and strings.
package struct Token: Sendable {
    package let text: String
    package init(_ text: String) { self.text = text }
}

extension Token: Hashable, Comparable, CustomStringConvertible {
    package static func == (left: Token, right: Token) -> Bool { left.text.hasSameBytes(as: right.text) }
    package static func < (left: Token, right: Token) -> Bool { left.text.bytesPrecede(right.text) }

    package func hash(into hasher: inout Hasher) {
        let bytes = text.utf8.span
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        hasher.combine(UInt8.max)  // no byte of UTF-8: ends the text
    }

    package var description: String { text }
}
