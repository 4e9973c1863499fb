/// Number literals: RFC 8259, section 6.
enum NumberGrammar {
    /// More digits of an exponent than that are refused: no such number means anything to anybody.
    static let exponentDigits = 9

    /// - Returns: where the literal that begins at `start` ends.
    static func end(of bytes: Span<UInt8>, from start: Int) throws(JSONFailure) -> Int {
        var at = start
        func digits() throws(JSONFailure) {
            let first = at
            while at < bytes.count, isDigit(bytes[at]) { at += 1 }
            if at == first { throw JSONFailure(offset: at, message: "expected a digit") }
        }

        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        let first = at
        try digits()
        if bytes[first] == UInt8(ascii: "0"), at > first + 1 {
            throw JSONFailure(offset: first, message: "a number with a leading zero")
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            let exponent = at
            try digits()
            if at - exponent >= exponentDigits {
                // Also when the point stands after the first digit, as it does in the canonical text.
                let decimal = JSONDecimal(String(ascii: bytes.extracting(start..<at)))
                guard at - exponent == exponentDigits, decimal.isZero || abs(decimal.point - 1) < 1_000_000_000 else {
                    throw JSONFailure(
                        code: .numberOutOfRange, offset: exponent,
                        message: "an exponent of more than \(exponentDigits) digits")
                }
            }
        }
        return at
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

/// Strings: RFC 8259, section 7, with paired surrogates only.
enum JSONStringGrammar {
    /// - Parameter at: on the opening quotation mark; then after the closing one.
    static func read(_ bytes: Span<UInt8>, _ at: inout Int) throws(JSONFailure) -> String {
        let start = at + 1
        var end = start
        while true {
            guard end < bytes.count else { throw JSONFailure(offset: start - 1, message: "a string is not closed") }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                at = end + 1
                return try string(bytes, start..<end)
            case UInt8(ascii: "\\"): return try escaped(bytes, &at, plain: start..<end)
            case 0..<0x20: throw JSONFailure(offset: end, message: "a control character in a string")
            default: end += 1
            }
        }
    }

    private static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONFailure) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw JSONFailure(offset: range.lowerBound + error.byteOffsets.lowerBound, message: "invalid UTF-8")
        }
    }

    /// Reads on from the first escape.
    private static func escaped(
        _ bytes: Span<UInt8>, _ at: inout Int, plain: Range<Int>
    ) throws(JSONFailure) -> String {
        var text = try string(bytes, plain)
        var start = plain.upperBound
        var end = start
        while true {
            guard end < bytes.count else { throw JSONFailure(offset: at, message: "a string is not closed") }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                text += try string(bytes, start..<end)
                at = end + 1
                return text
            case UInt8(ascii: "\\"):
                text += try string(bytes, start..<end)
                text.unicodeScalars.append(try escape(bytes, &end))
                start = end
            case 0..<0x20: throw JSONFailure(offset: end, message: "a control character in a string")
            default: end += 1
            }
        }
    }

    /// - Parameter at: on the backslash; then after the escape.
    private static func escape(_ bytes: Span<UInt8>, _ at: inout Int) throws(JSONFailure) -> Unicode.Scalar {
        let start = at
        guard at + 1 < bytes.count else { throw JSONFailure(offset: at, message: "an escape is cut off") }
        at += 2
        switch bytes[at - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw JSONFailure(offset: start, message: "an escape that JSON does not have")
        }
        let unit = try hex4(bytes, &at)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw JSONFailure(offset: start, message: "a lone surrogate") }
        at += 2
        let low = try hex4(bytes, &at)
        guard 0xDC00...0xDFFF ~= low, let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw JSONFailure(offset: start, message: "a lone surrogate") }
        return scalar
    }

    private static func hex4(_ bytes: Span<UInt8>, _ at: inout Int) throws(JSONFailure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < bytes.count, let digit = hexValue(bytes[at]) else {
                throw JSONFailure(offset: at, message: "expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension String {
    /// - Parameter ascii: bytes below 0x80.
    init(ascii: Span<UInt8>) {
        self = unsafe String(copying: UTF8Span(unchecked: ascii, isKnownASCII: true))
    }
}
