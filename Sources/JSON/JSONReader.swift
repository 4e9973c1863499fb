/// What a text may have at most; passing a limit is an error.
package struct JSONLimits: Sendable {
    /// Of the whole text.
    package var bytes: Int
    /// Arrays and objects within each other: 2 in `[[]]`. More than 128 counts as 128: what is done with values
    /// recurs, and so deep a thread with a stack of 512 KiB bears it.
    package var depth: Int
    /// Members of all objects together.
    package var keys: Int
    /// Whether a name may be in an object more than once, where what writes it cannot be helped: the last one counts.
    package var takesRepeatedNames = false

    package init(bytes: Int = 1 << 20, depth: Int = 64, keys: Int = 10_000) {
        self.bytes = bytes
        self.depth = min(depth, 128)
        self.keys = keys
    }

    /// 1 MiB, 64 deep, 10,000 keys: those of a message.
    package static let `default` = JSONLimits()

    /// As large as the broker lets it be: what our own processes have put together.
    package static let ofOurOwn = JSONLimits(bytes: .max, depth: 128, keys: .max)
}

/// Reads JSON text strictly, in one pass: RFC 8259 and nothing else, valid UTF-8, no lone surrogates, no name twice in
/// an object. Number literals are kept as they are.
package enum JSONReader {
    package static func parse(_ bytes: Span<UInt8>, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        do {
            var parser = JSONParser(limits: limits)
            return try parser.document(bytes)
        } catch {
            throw JSONError(error, in: bytes)
        }
    }

    package static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        try parse(bytes.span, limits: limits)
    }

    package static func parse(_ bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(JSONError) -> JSONValue
    {
        try parse(bytes.span, limits: limits)
    }

    package static func parse(_ text: String, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        try parse(text.utf8.span, limits: limits)
    }
}

/// A ``JSONError`` in the making.
struct JSONFailure: Error {
    var code = JSONError.Code.invalidJSON
    var offset: Int
    var message: String
    /// The way to the place.
    var tokens: [String] = []
}

extension JSONError {
    fileprivate init(_ failure: JSONFailure, in bytes: Span<UInt8>) {
        var line = 1
        var column = 1
        for index in 0..<min(failure.offset, bytes.count) {
            switch bytes[index] {
            case UInt8(ascii: "\n"): (line, column) = (line + 1, 1)
            case 0x80...0xBF: break  // the scalar was counted at its first byte
            default: column += 1
            }
        }
        self.init(
            code: failure.code, offset: failure.offset, line: line, column: column,
            pointer: JSONPointer(failure.tokens), message: failure.message)
    }
}
