import JSON
import Yams

/// Turns Yams' tree into a JSON value and notes where everything stood.
struct Conversion {
    let limits: YAMLLimits
    private(set) var positions = SourceMap()
    private var values = 0

    init(limits: YAMLLimits) { self.limits = limits }

    mutating func value(of node: Node, at pointer: String, depth: Int, key: SourcePosition? = nil) throws(YAMLError)
        -> JSONValue
    {
        let position = node.mark.map(SourcePosition.init)
        values += 1
        guard values <= limits.values else {
            throw YAMLError(code: .limit, message: "more than \(limits.values) values", position: position)
        }
        switch node {
        case .scalar(let scalar):
            positions.note(position, for: pointer)
            return try value(of: scalar, position: position)
        case .mapping(let mapping):
            positions.note(key ?? position, for: pointer)
            try checkDepth(depth, position)
            var object = JSONObject()
            for (name, member) in mapping {
                let (name, place) = try self.name(of: name)
                object[name] = try value(of: member, at: pointer + "/" + escaped(name), depth: depth + 1, key: place)
            }
            return .object(object)
        case .sequence(let sequence):
            positions.note(key ?? position, for: pointer)
            try checkDepth(depth, position)
            var elements: [JSONValue] = []
            for (index, element) in sequence.enumerated() {
                elements.append(try value(of: element, at: pointer + "/\(index)", depth: depth + 1))
            }
            return .array(elements)
        case .alias:
            throw YAMLError(code: .syntax, message: "an alias without its anchor", position: position)
        }
    }

    private func checkDepth(_ depth: Int, _ position: SourcePosition?) throws(YAMLError) {
        guard depth < limits.depth else {
            throw YAMLError(code: .limit, message: "nested deeper than \(limits.depth)", position: position)
        }
    }

    private func name(of node: Node) throws(YAMLError) -> (String, SourcePosition?) {
        let position = node.mark.map(SourcePosition.init)
        guard case .scalar(let scalar) = node else {
            throw YAMLError(code: .key, message: "a key must be a string", position: position)
        }
        guard !(scalar.string == "<<" && scalar.style == .plain) else {
            throw YAMLError(
                code: .key, message: "merge keys (<<) are not supported: write the members out", position: position)
        }
        return (scalar.string, position)
    }

    private func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0x7E || $0 == 0x2F }) else { return name }
        return name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }

    private func value(of scalar: Node.Scalar, position: SourcePosition?) throws(YAMLError) -> JSONValue {
        let tag = scalar.tag.description
        switch tag {
        case "tag:yaml.org,2002:str" where scalar.style != .plain: return .string(scalar.string)
        case "", "tag:yaml.org,2002:str": break
        case "!": return .string(scalar.string)
        default:
            throw YAMLError(code: .tag, message: "the tag \(tag) means nothing here", position: position)
        }
        guard scalar.style == .plain, tag.isEmpty else { return .string(scalar.string) }
        return try PlainScalar(scalar.string, position: position).value()
    }
}

/// An unquoted scalar, read by the core schema of YAML 1.2.
struct PlainScalar {
    let text: String
    let position: SourcePosition?

    init(_ text: String, position: SourcePosition?) {
        self.text = text
        self.position = position
    }

    func value() throws(YAMLError) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
            throw refused("JSON has no such number")
        default: break
        }
        guard let literal = try number() else { return .string(text) }
        guard let number = JSONNumber(literal: literal) else { throw refused("an exponent of more than 9 digits") }
        return .number(number)
    }

    private func refused(_ reason: String) -> YAMLError {
        YAMLError(
            code: .number, message: "\(text): \(reason); put it in quotes if it is not a number", position: position)
    }

    /// The literal that JSON has for it; `nil` if the text is no number.
    private func number() throws(YAMLError) -> String? {
        let bytes = Array(text.utf8)
        if bytes.starts(with: Array("0x".utf8)) { return try radix(16, digits: bytes.dropFirst(2)) }
        if bytes.starts(with: Array("0o".utf8)) { return try radix(8, digits: bytes.dropFirst(2)) }
        var rest = bytes[...]
        func digits() -> ArraySlice<UInt8> {
            let run = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(run.count)
            return run
        }
        var sign: [UInt8] = []
        if let first = rest.first, first == 0x2B || first == 0x2D {
            if first == 0x2D { sign = [first] }
            rest = rest.dropFirst()
        }
        let whole = digits()
        var fraction: ArraySlice<UInt8>?
        if rest.first == 0x2E {
            rest = rest.dropFirst()
            fraction = digits()
        }
        guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
        var exponent: [UInt8] = []
        if let first = rest.first, first | 0x20 == 0x65 {
            exponent = [first]
            rest = rest.dropFirst()
            if let sign = rest.first, sign == 0x2B || sign == 0x2D {
                exponent.append(sign)
                rest = rest.dropFirst()
            }
            let power = digits()
            guard !power.isEmpty else { return nil }
            exponent += power
        }
        guard rest.isEmpty else { return nil }
        guard whole.count <= 1 || whole.first != 0x30 else { throw refused("a number with leading zeros") }
        let point: [UInt8] = if let fraction, !fraction.isEmpty { [0x2E] + fraction } else { [] }
        return String(decoding: sign + (whole.isEmpty ? [0x30] : Array(whole)) + point + exponent, as: UTF8.self)
    }

    private func radix(_ radix: Int, digits: ArraySlice<UInt8>) throws(YAMLError) -> String? {
        let digits = String(decoding: digits, as: UTF8.self)
        guard !digits.isEmpty, digits.utf8.first != 0x2B, digits.utf8.first != 0x2D,
            digits.allSatisfy({ $0.isHexDigit && $0.isASCII && (radix == 16 || ("0"..."7").contains($0)) })
        else { return nil }
        guard let value = UInt64(digits, radix: radix) else { throw refused("beyond 64 bits") }
        return String(value)
    }
}
