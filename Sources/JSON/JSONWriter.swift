/// How a value is written.
package enum JSONStyle: Sendable {
    /// No whitespace; members and number literals as they are.
    case compact
    /// Two spaces for each level.
    case pretty
    /// Members by the bytes of their names, numbers in canonical form, no whitespace: equal values, equal text.
    case canonical
}

extension JSONValue {
    /// UTF-8 text, with no escapes but those that JSON demands.
    package func serialized(_ style: JSONStyle = .compact) -> [UInt8] {
        var writer = JSONWriter(style: style)
        writer.write(self)
        return writer.bytes
    }

    package var text: String { String(decoding: serialized(), as: UTF8.self) }
    package var prettyText: String { String(decoding: serialized(.pretty), as: UTF8.self) }
    package var canonicalText: String { String(decoding: serialized(.canonical), as: UTF8.self) }
}

extension JSONValue: CustomStringConvertible {
    package var description: String { text }
}

extension JSONObject: CustomStringConvertible {
    package var description: String { JSONValue.object(self).text }
}

struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let style: JSONStyle
    private var depth = 0

    init(style: JSONStyle) {
        self.style = style
        bytes.reserveCapacity(512)
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let number): bytes += (style == .canonical ? number.canonicalText : number.literal).utf8
        case .string(let string): write(string)
        case .array(let elements):
            enclose("[", "]", elements) { $0.write($1) }
        case .object(let object):
            enclose("{", "}", style == .canonical ? object.sortedMembers : object.members) { writer, member in
                writer.write(member.name)
                writer.bytes.append(UInt8(ascii: ":"))
                if writer.style == .pretty { writer.bytes.append(UInt8(ascii: " ")) }
                writer.write(member.value)
            }
        }
    }

    private mutating func enclose<Element>(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ elements: [Element],
        _ writeElement: (inout JSONWriter, Element) -> Void
    ) {
        bytes.append(UInt8(ascii: opening))
        depth += 1
        for index in elements.indices {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine()
            writeElement(&self, elements[index])
        }
        depth -= 1
        if !elements.isEmpty { breakLine() }
        bytes.append(UInt8(ascii: closing))
    }

    private mutating func breakLine() {
        guard style == .pretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        for _ in 0..<depth { bytes += "  ".utf8 }
    }

    private mutating func write(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        let text = string.utf8.span
        var plain = 0  // what follows needs no escape
        for index in 0..<text.count where Self.needsEscape[Int(text[index])] {
            append(text, plain..<index)
            escape(text[index])
            plain = index + 1
        }
        append(text, plain..<text.count)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        unsafe text.extracting(range).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes += [
                UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), hexDigit(byte >> 4), hexDigit(byte & 15),
            ]
        }
    }

    private static let needsEscape: [Bool] = (UInt8.min...UInt8.max).map {
        $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
    }
}
