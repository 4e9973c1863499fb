import Contracts
package import JSON

/// Makes a schema ready to judge values; throws when it is none.
package typealias SchemaCompiler = (JSONValue) throws -> JSONSchema

/// Reads a definition and collects what is wrong with it, each problem with its place.
struct DefinitionReader {
    let catalog: SkillCatalog
    let limits: PlanLimits
    let isNamed: Bool
    /// Who asks for what is read; `nil` while nobody does.
    let actor: Actor?
    private(set) var problems: [Problem] = []
    private let compile: SchemaCompiler
    /// By the schema that was compiled: many tasks may have the same. `nil` for one that cannot be.
    private var schemas: [JSONValue: JSONSchema?] = [:]

    init(
        catalog: SkillCatalog, limits: PlanLimits, isNamed: Bool, actor: Actor?,
        compile: @escaping SchemaCompiler = { try JSONSchema($0) }
    ) {
        self.catalog = catalog
        self.limits = limits
        self.isNamed = isNamed
        self.actor = actor
        self.compile = compile
    }

    /// - Returns: `nil` for what is no schema: it is refused where the skill is registered.
    mutating func compiled(_ schema: JSONValue) -> JSONSchema? {
        if let known = schemas[schema] { return known }
        let made = try? compile(schema)
        schemas[schema] = .some(made)
        return made
    }

    mutating func report(_ path: String, _ code: ProblemCode, _ message: String) {
        problems.append(Problem(path: path, code: code.rawValue, message: message))
    }

    mutating func add(_ found: [Problem]) { problems += found }

    private static let keys: Set = [
        "name", "version", "title", "description", "input", "tasks", "output", "priority", "gather", "notify",
        "concurrency",
        "goal",
    ]

    mutating func read(_ value: JSONValue, at path: String) -> Definition? {
        guard case .object(let members) = value else {
            report(path, .wrongType, "a definition is an object with tasks, not \(value.kind)")
            return nil
        }
        guard value.depth <= limits.depth else {
            report(path, .limitPassed, "nested deeper than \(limits.depth)")
            return nil
        }
        checkKeys(members, Self.keys, at: path)
        if members["goal"] != nil { report(path + "/goal", .notSupportedYet, "goal is not supported yet") }
        let name = name(members["name"], at: path)
        let version = integer(members["version"], 1...999_999_999, at: path + "/version")
        let title = string(members["title"], at: path + "/title")
        let description = string(members["description"], at: path + "/description")
        let input = schema(members["input"], at: path + "/input")
        let priority = integer(members["priority"], -100...100, at: path + "/priority") ?? 0
        var tasks = readTasks(members["tasks"], at: path + "/tasks")
        checkInputs(of: tasks)
        link(&tasks)
        checkGraph(tasks, output: members["output"], at: path)
        let definition = Definition(
            name: name, version: version, title: title, description: description, input: input, priority: priority,
            gather: members["gather"], notify: members["notify"],
            plan: Plan(
                tasks: tasks.compactMap(\.task), output: members["output"],
                concurrency: concurrency(members["concurrency"], at: path + "/concurrency"), input: input))
        let bytes = problems.isEmpty ? definition.plan.json.serialized().count : 0
        if bytes > limits.bytes { report(path, .limitPassed, "a plan of \(bytes) bytes; at most \(limits.bytes)") }
        return definition
    }

    private mutating func name(_ value: JSONValue?, at path: String) -> DefinitionName? {
        guard let value else {
            if isNamed { report(path + "/name", .missing, "a definition needs a name") }
            return nil
        }
        guard let name = value.string.flatMap({ DefinitionName($0) }) else {
            report(path + "/name", .invalidName, "a name is made of letters, digits, '.', '_' and '-'")
            return nil
        }
        return name
    }

    /// `concurrency: { key: "${{ input.repository }}", limit: 1 }`.
    private mutating func concurrency(_ value: JSONValue?, at path: String) -> Concurrency? {
        guard let value else { return nil }
        guard case .object(let members) = value else {
            report(path, .wrongType, "concurrency is an object: { key: ..., limit: 1 }")
            return nil
        }
        checkKeys(members, ["key", "limit"], at: path)
        for key in ["key", "limit"] where members[key] == nil {
            report("\(path)/\(key)", .missing, "concurrency needs a key and a limit")
        }
        let limit = integer(members["limit"], 1...100_000, at: path + "/limit")
        var references: [TaskReading.Reference] = []
        members["key"]?.templates(at: path + "/key") { place, text in
            check(at: place, item: false, status: false, &references) { () throws(ExpressionError) in
                try Template(text).expressions
            }
        }
        for reference in references {
            report(reference.path, .notUpstream, "a key is known before any task has run")
        }
        let key = string(members["key"], at: path + "/key")
        if let key, !(1...400).contains(key.count) {
            report(path + "/key", .invalidValue, "expected 1 to 400 characters")
        }
        guard let key, let limit else { return nil }
        return Concurrency(key: key, limit: limit)
    }

    private mutating func schema(_ value: JSONValue?, at path: String) -> JSONValue? {
        switch value {
        case .object, .bool, nil: break
        case let other?: report(path, .wrongType, "a JSON Schema is an object, not \(other.kind)")
        }
        return value
    }

    mutating func readTasks(_ value: JSONValue?, at path: String) -> [TaskReading] {
        guard case .object(let members)? = value, !members.isEmpty else {
            report(path, value == nil ? .missing : .wrongType, "a plan needs tasks: an object with a member for each")
            return []
        }
        guard members.count <= limits.tasks else {
            report(path, .limitPassed, "\(members.count) tasks; at most \(limits.tasks)")
            return []
        }
        var tasks: [TaskReading] = []
        for (key, value) in members.members {
            let place = path + "/" + JSONPointer.escape(key)
            guard let id = TaskID(key), !key.contains(".") else {
                report(place, .invalidName, "a task's key has 1 to 64 letters, digits, '_' and '-'")
                continue
            }
            tasks.append(readTask(id, value, at: place))
        }
        return tasks
    }
}

/// Why part of a definition was refused, for programs.
enum ProblemCode: String {
    case missing
    case wrongType = "wrong_type"
    case unknownKey = "unknown_key"
    case invalidName = "invalid_name"
    case invalidValue = "invalid_value"
    case invalidDuration = "invalid_duration"
    case invalidExpression = "invalid_expression"
    case unknownName = "unknown_name"
    case unknownTask = "unknown_task"
    case notUpstream = "not_upstream"
    case cycle
    case unknownSkill = "unknown_skill"
    case deferredSkill = "deferred_skill"
    case nameTaken = "name_taken"
    case notAllowed = "not_allowed"
    case noPool = "no_pool"
    case limitPassed = "limit_passed"
    case invalidInput = "invalid_input"
    case notSupportedYet = "not_supported_yet"
}

// MARK: Members

extension DefinitionReader {
    mutating func checkKeys(_ members: JSONObject, _ known: Set<String>, at path: String) {
        for name in members.names where !known.contains(name) {
            let like = known.first { $0.lowercased().filter(\.isLetter) == name.lowercased().filter(\.isLetter) }
            let hint = like.map { "; is \($0) meant?" } ?? ""
            report(path + "/" + JSONPointer.escape(name), .unknownKey, "unknown key \(name)\(hint)")
        }
    }

    mutating func string(_ value: JSONValue?, at path: String) -> String? {
        guard let value else { return nil }
        guard let text = value.string else {
            report(path, .wrongType, "expected a string, not \(value.kind)")
            return nil
        }
        return text
    }

    mutating func integer(_ value: JSONValue?, _ range: ClosedRange<Int>, at path: String) -> Int? {
        guard let value else { return nil }
        guard let number = value.int, range.contains(number) else {
            report(path, .invalidValue, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func duration(_ value: JSONValue?, at path: String, allowsZero: Bool = false) -> Duration? {
        guard let value else { return nil }
        guard let duration = Span.parse(value), allowsZero || duration > .zero else {
            report(path, .invalidDuration, "expected a span of time such as 500ms, 30s, 10m or 1.5h")
            return nil
        }
        return duration
    }

    mutating func choice<Value: RawRepresentable<String> & CaseIterable>(_ value: JSONValue?, at path: String) -> Value?
    {
        guard let value else { return nil }
        guard let choice = value.string.flatMap(Value.init(rawValue:)) else {
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            report(path, .invalidValue, "expected one of \(known)")
            return nil
        }
        return choice
    }
}

extension JSONValue {
    /// Arrays and objects within each other.
    var depth: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.map(\.value.depth).max() ?? 0)
        }
    }
}
