import JSON

/// Whether an artifact can be merged at all: a function of the artifact alone.
extension Artifact {
    func flaw(by definition: GatherDefinition) -> Rejection? {
        guard confidence.number?.decimal.share != nil else { return .invalidConfidence }
        guard bytes <= definition.limits.payloadBytes else { return .payloadTooLarge }
        let payload: JSONValue
        switch self.payload {
        case .unusable(let rejection): return rejection
        case .json(let json): payload = json
        }
        guard case .object = payload else { return .notAnObject }
        guard payload.depth <= definition.limits.depth else { return .tooDeep }
        guard payload.numbersAreWithinLimits else { return .numberOutOfRange }
        let claims = definition.rules.claims(of: payload, at: definition.rules.root, isRoot: true)
        return claims <= definition.limits.claims ? nil : .tooManyClaims
    }
}

extension JSONDecimal {
    /// From 0 to 1, in millionths.
    var share: Int? {
        let isOne = digits == [1] && point == 1
        guard !isNegative, point <= 0 || isOne else { return nil }
        return millionths(in: 0...1_000_000)
    }

    /// Whether the literal's digits and the value's exponent are few enough to calculate with.
    func isWithinLimits(_ number: JSONNumber?) -> Bool {
        guard isZero || abs(point - 1) <= GatherLimits.exponent else { return false }
        guard let literal = number?.literal, literal.utf8.count > GatherLimits.digits else { return true }
        return literal.significantDigits <= GatherLimits.digits
    }
}

extension String {
    /// Of a number literal: leading zeros do not count, trailing ones do.
    fileprivate var significantDigits: Int {
        let mantissa = utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        return mantissa.drop { !(UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }.count {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }
}

extension JSONValue {
    /// Arrays and objects within each other.
    fileprivate var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.lazy.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.lazy.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }

    fileprivate var numbersAreWithinLimits: Bool {
        switch self {
        case .number(let number): number.decimal.isWithinLimits(number)
        case .array(let elements): elements.allSatisfy(\.numbersAreWithinLimits)
        case .object(let object): object.members.allSatisfy(\.value.numbersAreWithinLimits)
        default: true
        }
    }

    /// What names an element of a keyed list: a string or a number.
    func elementKey(_ key: String) -> ClaimValue? {
        switch self[key] {
        case .string?, .number?: self[key].map { ClaimValue($0.canonical) }
        default: nil
        }
    }
}

extension RuleTree {
    /// Leaves and elements of sets.
    fileprivate func claims(of value: JSONValue, at cursor: Cursor, isRoot: Bool = false) -> Int {
        let rule = isRoot ? nil : rule(at: cursor)
        switch (value, rule?.strategy) {
        case (.array(let elements), .union(.some(let key))):
            return elements.reduce(0) { sum, element in
                guard let token = element.elementKey(key)?.text else { return sum + 1 }
                return sum + claims(of: element, at: step(cursor, token))
            }
        case (.array(let elements), nil), (.array(let elements), .union(nil)): return max(1, elements.count)
        case (.object(let object), nil):
            return object.members.reduce(0) { $0 + claims(of: $1.value, at: step(cursor, Token($1.name))) }
        default: return 1
        }
    }
}
