/// The strict pass over one text. It does not recur: what encloses the value being read is on a stack of its own.
struct JSONParser {
    private let limits: JSONLimits
    private var at = 0
    private var keys = 0
    /// The arrays and objects that are not closed yet, the outermost first.
    private var open: [OpenContainer] = []
    /// Whether the value of the innermost one's next element or named member is being read.
    private var isInValue = false

    init(limits: JSONLimits) {
        self.limits = limits
        open.reserveCapacity(8)
    }

    mutating func document(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw JSONFailure(
                code: .tooLarge, offset: limits.bytes,
                message: "the text has \(bytes.count) bytes; at most \(limits.bytes) are taken")
        }
        do throws(JSONFailure) {
            let value = try value(bytes)
            skipSpace(bytes)
            guard at == bytes.count else { throw unexpected(bytes, "the end of the text") }
            return value
        } catch {
            throw JSONFailure(
                code: error.code, offset: error.offset, message: error.message, tokens: place + error.tokens)
        }
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue {
        while true {
            skipSpace(bytes)
            guard var value = try begin(bytes) else { continue }
            // The value may be the last of its container, and that the last of the next.
            while true {
                guard let innermost = open.indices.last else { return value }
                open[innermost].add(value)
                isInValue = false
                skipSpace(bytes)
                if accept(UInt8(ascii: ","), bytes) {
                    try beginMember(bytes)
                    break
                }
                guard accept(open[innermost].closing, bytes) else {
                    throw unexpected(bytes, open[innermost].isObject ? "“,” or “}”" : "“,” or “]”")
                }
                value = open.removeLast().value
                isInValue = true
            }
        }
    }

    /// Reads a whole value, or the beginning of one that has others within; then there is none yet.
    private mutating func begin(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue? {
        guard at < bytes.count else { throw unexpected(bytes, "a value") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try beginContainer(OpenContainer(isObject: true), bytes)
        case UInt8(ascii: "["): return try beginContainer(OpenContainer(isObject: false), bytes)
        case UInt8(ascii: "\""): return .string(try JSONStringGrammar.read(bytes, &at))
        case UInt8(ascii: "t"): return try word("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try word("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try word("null", .null, bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let start = at
            at = try NumberGrammar.end(of: bytes, from: start)
            return .number(JSONNumber(uncheckedLiteral: String(ascii: bytes.extracting(start..<at))))
        default: throw unexpected(bytes, "a value")
        }
    }

    private mutating func beginContainer(
        _ container: OpenContainer, _ bytes: Span<UInt8>
    ) throws(JSONFailure) -> JSONValue? {
        guard open.count < limits.depth else {
            throw JSONFailure(code: .tooDeep, offset: at, message: "nested deeper than \(limits.depth)")
        }
        at += 1
        skipSpace(bytes)
        if accept(container.closing, bytes) { return container.value }
        open.append(container)
        isInValue = false
        try beginMember(bytes)
        return nil
    }

    /// Before a value: the name of a member; nothing for an element.
    private mutating func beginMember(_ bytes: Span<UInt8>) throws(JSONFailure) {
        let innermost = open.count - 1
        if open[innermost].isObject {
            skipSpace(bytes)
            let start = at
            let name = try name(bytes)
            if open[innermost].object.position(of: name) != nil {
                guard limits.takesRepeatedNames else {
                    throw JSONFailure(
                        code: .duplicateMember, offset: start, message: "the name “\(name)” is there twice",
                        tokens: [name])
                }
                open[innermost].object[name] = nil
            }
            open[innermost].name = name
            skipSpace(bytes)
            guard accept(UInt8(ascii: ":"), bytes) else {
                isInValue = true
                throw unexpected(bytes, "“:”")
            }
        }
        isInValue = true
    }

    private mutating func name(_ bytes: Span<UInt8>) throws(JSONFailure) -> String {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw unexpected(bytes, "a member's name") }
        guard keys < limits.keys else {
            throw JSONFailure(code: .tooManyKeys, offset: at, message: "more than \(limits.keys) members")
        }
        keys += 1
        return try JSONStringGrammar.read(bytes, &at)
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue, _ bytes: Span<UInt8>
    ) throws(JSONFailure) -> JSONValue {
        for expected in word.description.utf8 {
            guard accept(expected, bytes) else { throw unexpected(bytes, "“\(word)”") }
        }
        return value
    }

    private mutating func accept(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): at += 1
            default: return
            }
        }
    }

    private func unexpected(_ bytes: Span<UInt8>, _ expected: String) -> JSONFailure {
        JSONFailure(
            offset: at, message: at < bytes.count ? "expected \(expected)" : "expected \(expected), but the text ends")
    }

    /// The way to what is being read.
    private var place: [String] { (isInValue ? open[...] : open.dropLast()).map(\.token) }
}

/// An array or an object whose end has not been read yet.
private struct OpenContainer {
    let isObject: Bool
    var elements: [JSONValue] = []
    var object = JSONObject()
    /// Of the member whose value comes next.
    var name = ""

    init(isObject: Bool) { self.isObject = isObject }

    var closing: UInt8 { isObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    var value: JSONValue { isObject ? .object(object) : .array(elements) }
    var token: String { isObject ? name : String(elements.count) }

    mutating func add(_ value: JSONValue) {
        if isObject { object.append(name, value) } else { elements.append(value) }
    }
}
