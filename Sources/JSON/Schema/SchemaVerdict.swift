/// Whether a value is valid, and no more: what nearly every message is asked. What is wrong, and where, is valijson's to say.
///
/// Made of the same flat table as valijson's schema, it comes to the same verdict without json-c's tree of the value:
/// that tree alone costs more.
struct SchemaVerdict: Sendable {
    private let nodes: [Node]
    private let checks: [SchemaCheck]
    private let patterns: [Pattern]

    /// Deeper recursion is left to valijson, which gets a deeper stack for it.
    private static let depthLimit = 200

    init(_ bundle: SchemaBundle) {
        nodes = bundle.table.map(Node.init)
        checks = bundle.checks
        patterns = bundle.patterns
    }

    /// - Returns: `nil` for a value that is nested too deep to say.
    func isValid(_ value: JSONValue) -> Bool? {
        do throws(TooDeep) {
            return try fits(value, 0, depth: 0)
        } catch {
            return nil
        }
    }

    private struct TooDeep: Error {}

    private func fits(_ value: JSONValue, _ number: Int, depth: Int) throws(TooDeep) -> Bool {
        guard depth < Self.depthLimit else { throw TooDeep() }
        let (node, depth) = (nodes[number], depth + 1)
        if let reference = node.reference { return try fits(value, reference, depth: depth) }
        if let kinds = node.kinds, !kinds.admit(value) { return false }
        for check in node.checks where checks[check].problem(with: value) != nil { return false }
        switch value {
        case .object(let object): if try !fits(object, node, depth: depth) { return false }
        case .array(let elements): if try !fits(elements, node, depth: depth) { return false }
        default: break
        }
        if node.isPlain { return true }
        return try fitsCombined(value, node, depth: depth)
    }

    private func fits(_ object: JSONObject, _ node: Node, depth: Int) throws(TooDeep) -> Bool {
        guard node.memberCounts.contains(object.count) else { return false }
        for (index, name) in node.required.enumerated() {
            if object.position(of: name, startingAt: index) == nil { return false }
        }
        // Messages have their members in the schema's order, more or less: the search begins where the last one ended.
        var hint = 0
        for (name, member) in object.members {
            var isKnown = false
            if let position = node.position(of: name, startingAt: hint) {
                isKnown = true
                hint = position + 1
                if try !fits(member, node.properties[position].schema, depth: depth) { return false }
            }
            for (pattern, schema) in node.patternProperties where patterns[pattern].matches(name) {
                isKnown = true
                if try !fits(member, schema, depth: depth) { return false }
            }
            if !isKnown, let schema = node.additionalProperties {
                if try !fits(member, schema, depth: depth) { return false }
            }
            if let schema = node.propertyNames, try !fits(.string(name), schema, depth: depth) { return false }
        }
        for (name, needed) in node.neededBeside where object.position(of: name) != nil {
            if needed.contains(where: { object.position(of: $0) == nil }) { return false }
        }
        for (name, schema) in node.dependencies where object.position(of: name) != nil {
            if try !fits(.object(object), schema, depth: depth) { return false }
        }
        return true
    }

    private func fits(_ elements: [JSONValue], _ node: Node, depth: Int) throws(TooDeep) -> Bool {
        guard node.elementCounts.contains(elements.count) else { return false }
        for (index, element) in elements.enumerated() {
            let schema = index < node.tuple.count ? node.tuple[index] : node.items
            if let schema, try !fits(element, schema, depth: depth) { return false }
        }
        guard let contained = node.contains else { return true }
        for element in elements { if try fits(element, contained, depth: depth) { return true } }
        return false
    }

    private func fitsCombined(_ value: JSONValue, _ node: Node, depth: Int) throws(TooDeep) -> Bool {
        for schema in node.allOf { if try !fits(value, schema, depth: depth) { return false } }
        if let schemas = node.anyOf, try count(value, schemas, depth: depth, atMost: 1) == 0 { return false }
        if let schemas = node.oneOf, try count(value, schemas, depth: depth, atMost: 2) != 1 { return false }
        if let schema = node.not, try fits(value, schema, depth: depth) { return false }
        guard let condition = node.condition else { return true }
        let branch = try fits(value, condition, depth: depth) ? node.then : node.otherwise
        guard let branch else { return true }
        return try fits(value, branch, depth: depth)
    }

    private func count(_ value: JSONValue, _ schemas: [Int], depth: Int, atMost: Int) throws(TooDeep) -> Int {
        var count = 0
        for schema in schemas where count < atMost { if try fits(value, schema, depth: depth) { count += 1 } }
        return count
    }
}

extension SchemaVerdict {
    /// The kinds of values that a `type` names.
    struct Kinds: OptionSet, Sendable {
        let rawValue: UInt8
        static let null = Kinds(rawValue: 1), boolean = Kinds(rawValue: 2), integer = Kinds(rawValue: 4)
        static let number = Kinds(rawValue: 8), string = Kinds(rawValue: 16), array = Kinds(rawValue: 32)
        static let object = Kinds(rawValue: 64)

        private static let names: [String: Kinds] = [
            "null": .null, "boolean": .boolean, "integer": .integer, "number": .number, "string": .string,
            "array": .array, "object": .object,
        ]

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(names: JSONValue) { self.init((names.array ?? []).compactMap { Self.names[$0.string ?? ""] }) }

        func admit(_ value: JSONValue) -> Bool {
            switch value {
            case .null: contains(.null)
            case .bool: contains(.boolean)
            case .number(let number): contains(.number) || (contains(.integer) && number.isWhole)
            case .string: contains(.string)
            case .array: contains(.array)
            case .object: contains(.object)
            }
        }
    }

    /// One schema of the table; those that it refers to are numbers of others.
    final class Node: Sendable {
        let reference: Int?
        let kinds: Kinds?
        let checks: [Int]
        let required: [String]
        let properties: [(name: String, schema: Int)]
        let patternProperties: [(pattern: Int, schema: Int)]
        let additionalProperties, propertyNames: Int?
        let neededBeside: [(name: String, needed: [String])]
        let dependencies: [(name: String, schema: Int)]
        let memberCounts, elementCounts: ClosedRange<Int>
        /// Of the first elements, one for each.
        let tuple: [Int]
        /// Of the elements after those.
        let items: Int?
        let contains: Int?
        let allOf: [Int]
        let anyOf, oneOf: [Int]?
        let not, condition, then, otherwise: Int?
        /// Nothing but what speaks of kinds, members and elements.
        let isPlain: Bool

        init(_ schema: JSONObject) {
            func members(_ name: String) -> [(name: String, value: JSONValue)] { schema[name]?.object?.members ?? [] }
            func names(_ value: JSONValue?) -> [String] { (value?.array ?? []).map { CName.unescape($0.string ?? "") } }
            func counts(_ least: String, _ most: String) -> ClosedRange<Int> {
                let least = schema[least]?.int ?? 0
                return least...max(least, schema[most]?.int ?? .max)
            }
            // Bounds that exclude each other leave nothing, which a range cannot say.
            func never(_ least: String, _ most: String) -> Bool {
                (schema[least]?.int ?? 0) > (schema[most]?.int ?? .max)
            }
            reference = schema["$ref"].flatMap { Self.number(of: .object(["$ref": $0])) }
            kinds = schema["type"].map { Kinds(names: $0) }
            checks = (schema["baton"]?.array ?? []).compactMap(\.int)
            required = names(schema["required"])
            properties = members("properties").map { ($0.name, Self.number(of: $0.value)!) }
            patternProperties = members("patternProperties").map { (Int($0.name)!, Self.number(of: $0.value)!) }
            additionalProperties = schema["additionalProperties"].flatMap(Self.number)
            propertyNames = schema["propertyNames"].flatMap(Self.number)
            neededBeside = members("dependencies").filter { $0.value.array != nil }.map { ($0.name, names($0.value)) }
            dependencies = members("dependencies").compactMap { member in
                Self.number(of: member.value).map { (member.name, $0) }
            }
            memberCounts =
                never("minProperties", "maxProperties") ? -1 ... -1 : counts("minProperties", "maxProperties")
            elementCounts = never("minItems", "maxItems") ? -1 ... -1 : counts("minItems", "maxItems")
            tuple = (schema["items"]?.array ?? []).compactMap(Self.number)
            items =
                schema["items"]?.array == nil
                ? schema["items"].flatMap(Self.number) : schema["additionalItems"].flatMap(Self.number)
            contains = schema["contains"].flatMap(Self.number)
            allOf = (schema["allOf"]?.array ?? []).compactMap(Self.number)
            anyOf = schema["anyOf"]?.array?.compactMap(Self.number)
            oneOf = schema["oneOf"]?.array?.compactMap(Self.number)
            not = schema["not"].flatMap(Self.number)
            condition = schema["if"].flatMap(Self.number)
            then = schema["then"].flatMap(Self.number)
            otherwise = schema["else"].flatMap(Self.number)
            isPlain = allOf.isEmpty && anyOf == nil && oneOf == nil && not == nil && condition == nil
        }

        func position(of name: String, startingAt hint: Int) -> Int? {
            if hint < properties.count, properties[hint].name.hasSameBytes(as: name) { return hint }
            return properties.firstIndex { $0.name.hasSameBytes(as: name) }
        }

        /// Of `{"$ref": "#/definitions/7"}`; `nil` for what is no reference.
        private static func number(of schema: JSONValue) -> Int? {
            schema["$ref"]?.string.flatMap { Int($0.dropFirst("#/definitions/".count)) }
        }
    }
}

extension JSONNumber {
    /// `3`, `3.0` and `3e2` are whole.
    fileprivate var isWhole: Bool {
        let digits = literal.utf8
        if digits.allSatisfy({ $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }) { return true }
        let decimal = decimal
        return decimal.isZero || decimal.point >= decimal.digits.count
    }
}
