import JSON

/// What a JSON value is, in canonical order.
enum Kind: Int, Comparable, Sendable {
    case null, boolean, number, string, array, object

    init(_ value: JSONValue) {
        self =
            switch value {
            case .null: .null
            case .bool: .boolean
            case .number: .number
            case .string: .string
            case .array: .array
            case .object: .object
            }
    }

    static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    var name: String { "\(self)" }
}

/// A claimed value with what comparing it needs: equal canonical text, the same claim.
struct ClaimValue: Sendable {
    /// In canonical form.
    let json: JSONValue
    let text: Token
    let kind: Kind
    /// Of a number.
    let decimal: JSONDecimal?

    /// - Parameter json: in canonical form.
    init(_ json: JSONValue) {
        self.json = json
        text = Token(json.canonicalText)
        kind = Kind(json)
        decimal = json.number?.decimal
    }
}

extension ClaimValue: Hashable, Comparable {
    static func == (left: ClaimValue, right: ClaimValue) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Canonical order.
    static func < (left: ClaimValue, right: ClaimValue) -> Bool {
        if left.kind != right.kind { return left.kind < right.kind }
        if let a = left.decimal, let b = right.decimal { return a < b }
        return left.text < right.text
    }
}

extension JSONValue {
    /// The same value with its members sorted and its numbers in canonical form.
    var canonical: JSONValue {
        switch self {
        case .null, .bool, .string: self
        case .number(let number): .number(JSONNumber(uncheckedLiteral: number.canonicalText))
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let object):
            .object(JSONObject(object.sortedMembers.lazy.map { ($0.name, $0.value.canonical) }))
        }
    }
}
