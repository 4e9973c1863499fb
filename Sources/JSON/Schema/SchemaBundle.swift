/// A schema and all that it refers to, made ready for valijson: a flat table of schemas that refer to each other by
/// number, with our own checks taken out.
///
/// valijson 1.0 keys the schemas it has parsed by paths that are not unique (those of fetched documents, of
/// `propertyNames` and of names with a slash coincide with others); in a flat table they are.
struct SchemaBundle {
    private(set) var table: [JSONObject] = []
    private(set) var checks: [SchemaCheck] = []
    private(set) var patterns: [Pattern] = []
    private var known: [SchemaPlace: Int] = [:]
    private var places: [SchemaPlace] = []
    /// For each schema, those that it applies to the very same value; a `$ref` is no step, valijson follows it before.
    private var inPlace: [[(schema: Int, steps: Int)]] = []
    /// How many schemas apply to one value, each within the one before.
    private(set) var chain = 1
    private var depth = 0
    private let documents: SchemaDocuments

    /// More would only bound the recursion of valijson's parser.
    private static let depthLimit = 128
    private static let countLimit = 5_000
    private static let chainLimit = 32

    init(_ documents: SchemaDocuments) throws(JSONSchemaError) {
        self.documents = documents
        _ = try define(SchemaPlace(document: documents.root, pointer: .root))
        try refuseCycles()
    }

    /// What valijson compiles.
    var json: JSONValue {
        let definitions = table.enumerated().map { ("\($0)", JSONValue.object($1)) }
        return ["$ref": "#/definitions/0", "definitions": .object(JSONObject(definitions))]
    }

    private mutating func define(_ place: SchemaPlace) throws(JSONSchemaError) -> Int {
        if let number = known[place] { return number }
        guard depth < Self.depthLimit, table.count < Self.countLimit else {
            throw place.error("more than \(Self.countLimit) schemas, or nested deeper than \(Self.depthLimit)")
        }
        guard let schema = documents[place] else { throw place.error("there is no schema here") }
        let number = table.count
        known[place] = number
        places.append(place)
        table.append([:])
        inPlace.append([])
        depth += 1
        table[number] = try rewrite(schema, SchemaContext(place: place, number: number))
        depth -= 1
        return number
    }

    private mutating func rewrite(_ schema: JSONValue, _ here: SchemaContext) throws(JSONSchemaError) -> JSONObject {
        guard case .object(let schema) = schema else {
            guard case .bool(let isAnything) = schema else {
                throw here.place.error("a schema is an object, true or false, not \(schema.kind)")
            }
            return isAnything ? [:] : ["baton": [add(.never(keyword: here.keyword))]]
        }
        if let reference = schema["$ref"] {
            guard case .string(let text) = reference else { throw here.place.error("“$ref” must be a string") }
            let target = try define(documents.resolve(text, from: here.place))
            inPlace[here.number].append((target, 0))
            return ["$ref": Self.reference(target)]
        }
        if schema["$id"] != nil, !here.place.pointer.isRoot { throw here.place.error("“$id” inside a document") }
        for name in Self.refused where schema[name] != nil {
            throw here.place.error("“\(name)” is not a keyword of draft-07 that is checked here")
        }
        var result = try structure(schema, here)
        let checks = try assertions(schema, here).map { add($0) }
        if !checks.isEmpty { result["baton"] = .array(checks) }
        return result
    }

    /// Keywords of later drafts, which would go unchecked without a word.
    private static let refused = [
        "$anchor", "$dynamicRef", "$recursiveRef", "dependentRequired", "dependentSchemas", "prefixItems",
        "minContains",
        "maxContains", "unevaluatedItems", "unevaluatedProperties",
    ]

    private mutating func add(_ check: SchemaCheck) -> JSONValue {
        checks.append(check)
        return .number(JSONNumber(checks.count - 1))
    }

    private static func reference(_ number: Int) -> JSONValue { .string("#/definitions/\(number)") }

    /// The schema at a place below, as a reference to it.
    private mutating func child(
        _ here: SchemaContext, _ tokens: [String], appliesInPlace: Bool = false
    ) throws(JSONSchemaError) -> JSONValue {
        let number = try define(here.place.appending(tokens))
        if appliesInPlace { inPlace[here.number].append((number, 1)) }
        return ["$ref": Self.reference(number)]
    }

    /// The same schema again and again within one value would never end.
    private mutating func refuseCycles() throws(JSONSchemaError) {
        var waiting = Array(repeating: 0, count: table.count)
        var chains = Array(repeating: 1, count: table.count)
        for targets in inPlace { for target in targets { waiting[target.schema] += 1 } }
        var free = waiting.indices.filter { waiting[$0] == 0 }
        while let number = free.popLast() {
            for (target, steps) in inPlace[number] {
                chains[target] = max(chains[target], chains[number] + steps)
                waiting[target] -= 1
                if waiting[target] == 0 { free.append(target) }
            }
        }
        if let number = waiting.firstIndex(where: { $0 > 0 }) {
            throw places[number].error("the schema contains itself without going deeper into the value")
        }
        if let number = chains.firstIndex(where: { $0 > Self.chainLimit }) {
            throw places[number].error("more than \(Self.chainLimit) schemas within each other for one value")
        }
        chain = chains.max() ?? 1
    }
}

// What valijson does: it goes through the schema and the value.
extension SchemaBundle {
    /// In the order in which valijson's parser goes through a schema, so that both recur equally deep.
    private mutating func structure(_ schema: JSONObject, _ here: SchemaContext) throws(JSONSchemaError) -> JSONObject {
        var result = JSONObject()
        for name in ["allOf", "anyOf"] { result[name] = try list(name, schema, here) }
        result["contains"] = try single("contains", schema, here)
        result["dependencies"] = try dependencies(schema, here)
        if case .array = schema["items"] {
            result["items"] = try list("items", schema, here, appliesInPlace: false)
            result["additionalItems"] = try single("additionalItems", schema, here) ?? true
        } else {
            result["items"] = try single("items", schema, here)
        }
        if schema["if"] != nil {
            for name in ["if", "then", "else"] { result[name] = try single(name, schema, here, appliesInPlace: true) }
        }
        for name in ["maxItems", "maxProperties", "minItems", "minProperties"] {
            result[name] = try schema.count(name, here).map { .number(JSONNumber($0)) }
        }
        result["not"] = try single("not", schema, here, appliesInPlace: true)
        result["oneOf"] = try list("oneOf", schema, here)
        result["properties"] = try members("properties", schema, here)
        result["patternProperties"] = try patternMembers(schema, here)
        result["additionalProperties"] = try single("additionalProperties", schema, here)
        result["propertyNames"] = try single("propertyNames", schema, here)
        result["required"] = try names("required", schema["required"], here)
        result["type"] = try types(schema, here)
        return result
    }

    private mutating func single(
        _ name: String, _ schema: JSONObject, _ here: SchemaContext, appliesInPlace: Bool = false
    ) throws(JSONSchemaError) -> JSONValue? {
        guard schema[name] != nil else { return nil }
        return try child(here, [name], appliesInPlace: appliesInPlace)
    }

    private mutating func list(
        _ name: String, _ schema: JSONObject, _ here: SchemaContext, appliesInPlace: Bool = true
    ) throws(JSONSchemaError) -> JSONValue? {
        guard let value = schema[name] else { return nil }
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw here.place.error("“\(name)” must be an array of schemas, and not empty")
        }
        var schemas: [JSONValue] = []
        for index in elements.indices {
            schemas.append(try child(here, [name, String(index)], appliesInPlace: appliesInPlace))
        }
        return .array(schemas)
    }

    private mutating func members(
        _ name: String, _ schema: JSONObject, _ here: SchemaContext
    ) throws(JSONSchemaError) -> JSONValue? {
        guard let value = schema[name] else { return nil }
        guard case .object(let members) = value else { throw here.place.error("“\(name)” must be an object") }
        var schemas = JSONObject()
        for member in members.names { schemas[member] = try child(here, [name, member]) }
        return .object(schemas)
    }

    /// Named by the numbers of their patterns.
    private mutating func patternMembers(
        _ schema: JSONObject, _ here: SchemaContext
    ) throws(JSONSchemaError) -> JSONValue? {
        guard case .object(let members)? = try members("patternProperties", schema, here) else { return nil }
        var schemas = JSONObject()
        for (source, schema) in members.members {
            patterns.append(try here.pattern(source))
            schemas[String(patterns.count - 1)] = schema
        }
        return .object(schemas)
    }

    private mutating func dependencies(
        _ schema: JSONObject, _ here: SchemaContext
    ) throws(JSONSchemaError) -> JSONValue? {
        guard let value = schema["dependencies"] else { return nil }
        guard case .object(let members) = value else { throw here.place.error("“dependencies” must be an object") }
        var result = JSONObject()
        for (name, dependency) in members.members {
            result[name] =
                if case .array = dependency {
                    try names("dependencies", dependency, here)
                } else {
                    try child(here, ["dependencies", name], appliesInPlace: true)
                }
        }
        return .object(result)
    }

    private func names(
        _ keyword: String, _ value: JSONValue?, _ here: SchemaContext
    ) throws(JSONSchemaError) -> JSONValue? {
        guard let value else { return nil }
        guard case .array(let elements) = value, elements.allSatisfy({ $0.string != nil }) else {
            throw here.place.error("“\(keyword)” must be an array of names")
        }
        return .array(elements.map { .string(CName.escape($0.string!)) })
    }

    private func types(_ schema: JSONObject, _ here: SchemaContext) throws(JSONSchemaError) -> JSONValue? {
        guard let value = schema["type"] else { return nil }
        let names = value.array ?? [value]
        let known = ["null", "boolean", "integer", "number", "string", "array", "object"]
        guard !names.isEmpty, names.allSatisfy({ known.contains($0.string ?? "") }), Set(names).count == names.count
        else {
            throw here.place.error("“type” must be one or more of \(known.joined(separator: ", "))")
        }
        return .array(names)
    }
}

// What we check ourselves.
extension SchemaBundle {
    private func assertions(_ schema: JSONObject, _ here: SchemaContext) throws(JSONSchemaError) -> [SchemaCheck] {
        var checks: [SchemaCheck] = []
        if let value = schema["const"] { checks.append(.const(value)) }
        if let value = schema["enum"] {
            guard case .array(let values) = value else { throw here.place.error("“enum” must be an array") }
            checks.append(.oneOf(values))
        }
        if let least = try schema.count("minLength", here) { checks.append(.minLength(least)) }
        if let most = try schema.count("maxLength", here) { checks.append(.maxLength(most)) }
        if let source = try schema.text("pattern", here) { checks.append(.pattern(try here.pattern(source))) }
        if let name = try schema.text("format", here), let format = StringFormat(rawValue: name) {
            checks.append(.format(format))
        }
        if let bound = try schema.number("minimum", here) { checks.append(.minimum(bound)) }
        if let bound = try schema.number("maximum", here) { checks.append(.maximum(bound)) }
        if let bound = try schema.number("exclusiveMinimum", here) { checks.append(.exclusiveMinimum(bound)) }
        if let bound = try schema.number("exclusiveMaximum", here) { checks.append(.exclusiveMaximum(bound)) }
        if let number = try schema.number("multipleOf", here) {
            guard let divisor = Divisor(number) else {
                throw here.place.error("“multipleOf” must be above zero and have at most 18 significant digits")
            }
            checks.append(.multipleOf(divisor))
        }
        if let unique = schema["uniqueItems"] {
            guard case .bool(let unique) = unique else { throw here.place.error("“uniqueItems” must be true or false") }
            if unique { checks.append(.uniqueItems) }
        }
        return checks
    }
}

/// The schema that is being rewritten.
struct SchemaContext {
    let place: SchemaPlace
    let number: Int

    /// The keyword that a schema `false` is reported as.
    var keyword: String {
        let last = place.pointer.tokens.last ?? ""
        return last.hasPrefix("additional") ? last : "false"
    }

    func pattern(_ source: String) throws(JSONSchemaError) -> Pattern {
        do {
            return try Pattern(source)
        } catch {
            throw place.error("the pattern “\(source)”: \(error.message)")
        }
    }
}

extension JSONObject {
    fileprivate func count(_ name: String, _ here: SchemaContext) throws(JSONSchemaError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let count = value.int, count >= 0 else {
            throw here.place.error("“\(name)” must be a whole number from 0")
        }
        return count
    }

    fileprivate func number(_ name: String, _ here: SchemaContext) throws(JSONSchemaError) -> JSONNumber? {
        guard let value = self[name] else { return nil }
        guard case .number(let number) = value else { throw here.place.error("“\(name)” must be a number") }
        return number
    }

    fileprivate func text(_ name: String, _ here: SchemaContext) throws(JSONSchemaError) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw here.place.error("“\(name)” must be a string") }
        return text
    }
}
