import Contracts
import JSON

/// What a task gives to its skill, as far as that is known before it runs.
extension DefinitionReader {
    /// Holds each `with` against its skill's input schema. That of a task which directly needs an approval is left to the
    /// executor: those who approve may modify it.
    ///
    /// - Parameter approvals: those that there are beside the tasks.
    mutating func checkInputs(of tasks: [TaskReading], approvals: Set<TaskID> = []) {
        let approvals = approvals.union(tasks.filter(\.isApproval).map(\.id))
        for task in tasks where approvals.isDisjoint(with: task.needs) {
            guard let (skill, input) = task.call, case .object = input, let schema = skill.input else { continue }
            for problem in compiled(KnownPart(of: schema).schema(for: input))?.validate(input) ?? [] {
                report("\(task.path)/with\(problem.pointer.text)", .invalidInput, "\(skill.id): \(problem.message)")
            }
        }
    }
}

/// What a schema says of a value that has templates in it, whatever values these will have.
///
/// What has no templates is held to all of its schema. Of an object or a list with templates somewhere below there remain
/// its type, its names and its length, and what is said of each member on its own; alternatives, conditions and
/// comparisons (`anyOf`, `if`, `enum`, `uniqueItems` …) are left out.
struct KnownPart {
    private let root: JSONValue

    init(of schema: JSONValue) { root = schema }

    func schema(for value: JSONValue) -> JSONValue {
        var schema = schema(root, for: value, references: 0)
        // For the `$ref`s of what is left as it is.
        guard value.hasTemplates, case .object(var members) = schema else { return schema }
        for name in ["$id", "definitions"] { members[name] = root[name] }
        schema = .object(members)
        return schema
    }

    private static let structure = [
        "type", "required", "minProperties", "maxProperties", "propertyNames", "minItems", "maxItems",
    ]

    private func schema(_ schema: JSONValue, for value: JSONValue, references: Int) -> JSONValue {
        guard value.hasTemplates, case .object(let members) = schema else { return schema }
        if value.string != nil { return true }
        if let reference = members["$ref"] {
            guard references < 32, let target = target(of: reference) else { return true }
            return self.schema(target, for: value, references: references + 1)
        }
        var result = JSONObject()
        for name in Self.structure { result[name] = members[name] }
        if let all = members["allOf"]?.array {
            result["allOf"] = .array(all.map { self.schema($0, for: value, references: references) })
        }
        switch value {
        case .object(let object): describe(object, by: members, &result)
        case .array(let elements): describe(elements, by: members, &result)
        default: break
        }
        return .object(result)
    }

    private func describe(_ object: JSONObject, by schema: JSONObject, _ result: inout JSONObject) {
        let declared = schema["properties"]?.object ?? [:]
        let patterns = schema["patternProperties"]?.object
        var properties = JSONObject(declared.members.map { ($0.name, JSONValue.bool(true)) })
        for (name, value) in object.members {
            let rule = declared[name] ?? (patterns == nil ? schema["additionalProperties"] : nil)
            if let rule { properties[name] = self.schema(rule, for: value, references: 0) }
        }
        result["properties"] = .object(properties)
        guard schema["additionalProperties"] == .bool(false) else { return }
        result["additionalProperties"] = false
        result["patternProperties"] = patterns.map { .object(JSONObject($0.members.map { ($0.name, true) })) }
    }

    private func describe(_ elements: [JSONValue], by schema: JSONObject, _ result: inout JSONObject) {
        switch schema["items"] {
        case .array(let rules)?:
            result["items"] = .array(zip(rules, elements).map { self.schema($0, for: $1, references: 0) })
        case let rule?: result["items"] = .array(elements.map { self.schema(rule, for: $0, references: 0) })
        case nil: break
        }
    }

    /// Within the schema; another document is not known here.
    private func target(of reference: JSONValue) -> JSONValue? {
        guard let text = reference.string, text.hasPrefix("#") else { return nil }
        return JSONPointer(parsing: String(text.dropFirst())).flatMap { root[$0] }
    }
}

extension JSONValue {
    fileprivate var hasTemplates: Bool {
        switch self {
        case .string(let text): Template.isTemplate(text)
        case .array(let elements): elements.contains(where: \.hasTemplates)
        case .object(let object): object.members.contains { $0.value.hasTemplates }
        default: false
        }
    }
}
