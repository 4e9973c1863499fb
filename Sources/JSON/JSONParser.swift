/// The strict pass over one text. Its recursion is bounded by the depth limit.
struct JSONParser {
    private let limits: JSONLimits
    private var at = 0
    private var keys = 0
    private var depth = 0

    init(limits: JSONLimits) { self.limits = limits }

    mutating func document(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw JSONFailure(
                code: .tooLarge, offset: limits.bytes,
                message: "the text has \(bytes.count) bytes; at most \(limits.bytes) are taken")
        }
        skipSpace(bytes)
        let value = try value(bytes)
        skipSpace(bytes)
        guard at == bytes.count else { throw unexpected(bytes, "the end of the text") }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue {
        guard at < bytes.count else { throw unexpected(bytes, "a value") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try nested(bytes) { (self, bytes) throws(JSONFailure) in try self.object(bytes) }
        case UInt8(ascii: "["): return try nested(bytes) { (self, bytes) throws(JSONFailure) in try self.array(bytes) }
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

    private mutating func nested(
        _ bytes: Span<UInt8>, _ read: (inout JSONParser, Span<UInt8>) throws(JSONFailure) -> JSONValue
    ) throws(JSONFailure) -> JSONValue {
        guard depth < limits.depth else {
            throw JSONFailure(code: .tooDeep, offset: at, message: "nested deeper than \(limits.depth)")
        }
        depth += 1
        at += 1
        skipSpace(bytes)
        let value = try read(&self, bytes)
        depth -= 1
        return value
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue {
        var elements: [JSONValue] = []
        if accept(UInt8(ascii: "]"), bytes) { return .array(elements) }
        repeat {
            skipSpace(bytes)
            do {
                elements.append(try value(bytes))
            } catch {
                throw error.within(String(elements.count))
            }
            skipSpace(bytes)
        } while accept(UInt8(ascii: ","), bytes)
        guard accept(UInt8(ascii: "]"), bytes) else { throw unexpected(bytes, "“,” or “]”") }
        return .array(elements)
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONFailure) -> JSONValue {
        var object = JSONObject()
        if accept(UInt8(ascii: "}"), bytes) { return .object(object) }
        repeat {
            skipSpace(bytes)
            let start = at
            let name = try name(bytes)
            guard object.position(of: name) == nil else {
                throw JSONFailure(
                    code: .duplicateMember, offset: start, message: "the name “\(name)” is there twice",
                    reversedTokens: [name])
            }
            skipSpace(bytes)
            guard accept(UInt8(ascii: ":"), bytes) else { throw unexpected(bytes, "“:”").within(name) }
            skipSpace(bytes)
            do {
                object.append(name, try value(bytes))
            } catch {
                throw error.within(name)
            }
            skipSpace(bytes)
        } while accept(UInt8(ascii: ","), bytes)
        guard accept(UInt8(ascii: "}"), bytes) else { throw unexpected(bytes, "“,” or “}”") }
        return .object(object)
    }

    private mutating func name(_ bytes: Span<UInt8>) throws(JSONFailure) -> String {
        guard peek(bytes) == UInt8(ascii: "\"") else { throw unexpected(bytes, "a member's name") }
        guard keys < limits.keys else {
            throw JSONFailure(code: .tooManyKeys, offset: at, message: "more than \(limits.keys) members")
        }
        keys += 1
        return try JSONStringGrammar.read(bytes, &at)
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue, _ bytes: Span<UInt8>
    ) throws(JSONFailure) -> JSONValue {
        let text = word.description.utf8
        for expected in text {
            guard peek(bytes) == expected else { throw unexpected(bytes, "“\(word)”") }
            at += 1
        }
        return value
    }

    private func peek(_ bytes: Span<UInt8>) -> UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func accept(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard peek(bytes) == byte else { return false }
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
}

extension JSONFailure {
    fileprivate consuming func within(_ token: String) -> JSONFailure {
        reversedTokens.append(token)
        return self
    }
}
