import Contracts
import JSON

/// A task as far as it could be read, and where.
struct TaskReading {
    var id: TaskID
    var path: String
    var needs: [TaskID]
    var references: [Reference] = []
    /// What runs when it has failed for good.
    var handler: TaskID?
    var undo: TaskID?
    /// It has nothing that an undo task may not have.
    var isPlain = true
    var hasWeight = false
    var isApproval = false
    /// What it gives to which skill, where that is known.
    var call: (skill: Skill, input: JSONValue)?
    /// `nil` when something about it is wrong.
    var task: PlannedTask?

    /// An expression names a task.
    struct Reference {
        var task: TaskID
        var path: String
    }
}

extension DefinitionReader {
    private static let keys: Set = [
        "needs", "with", "if", "retry", "timeout", "start_within", "forEach", "limit", "phase", "weight", "title",
        "onFailure", "description", "reversible", "undo",
    ]

    mutating func readTask(_ id: TaskID, _ value: JSONValue, at path: String) -> TaskReading {
        guard case .object(let members) = value else {
            report(path, .wrongType, "a task is an object with a skill, not \(value.kind)")
            return TaskReading(id: id, path: path, needs: [])
        }
        checkKeys(members, Self.keys.union(Self.kinds), at: path)
        var reading = TaskReading(id: id, path: path, needs: needs(members["needs"], at: path + "/needs"))
        let before = problems.count
        let (kind, skill) = kind(members, at: path, &reading)
        reading.isApproval = members["approval"] != nil
        if let skill { reading.call = (skill, members["with"] ?? [:]) }
        let settings = settings(members, skill: skill, at: path)
        checkTemplates(of: members, at: path, &reading)
        if case .run(let handler) = settings.onFailure { reading.handler = handler }
        reading.undo = settings.undo
        reading.hasWeight = settings.weight != nil
        reading.isPlain =
            ["if", "forEach", "onFailure", "undo"].allSatisfy { members[$0] == nil }
            && (members["skill"] != nil || members["workflow"] != nil)
        if let kind, problems.count == before {
            reading.task = task(id, settings, kind, skill: skill, needs: reading.needs)
        }
        return reading
    }

    /// What is read of a task whether or not its skill is known, so that all problems come at once.
    private struct Settings {
        var condition: String?
        var forEach: JSONValue?
        var limit: Int?
        var retry: RetryPolicy
        var timeout: Duration?
        var startWithin: Duration?
        var onFailure: FailurePolicy
        var undo: TaskID?
        var phase: String?
        var weight: Int?
    }

    private mutating func settings(_ members: JSONObject, skill: Skill?, at path: String) -> Settings {
        for key in ["title", "description"] { _ = string(members[key], at: "\(path)/\(key)") }
        return Settings(
            condition: condition(members["if"], at: path + "/if"),
            forEach: list(members["forEach"], at: path + "/forEach"), limit: limit(members, at: path + "/limit"),
            retry: retry(members["retry"], default: skill?.retry ?? RetryPolicy(), at: path + "/retry"),
            timeout: duration(members["timeout"], at: path + "/timeout"),
            startWithin: duration(members["start_within"], at: path + "/start_within"),
            onFailure: onFailure(members["onFailure"], at: path + "/onFailure"),
            undo: undo(members, at: path),
            phase: string(members["phase"], at: path + "/phase"),
            weight: integer(members["weight"], 0...1_000_000, at: path + "/weight"))
    }

    private func task(
        _ id: TaskID, _ settings: Settings, _ kind: TaskKind, skill: Skill?, needs: [TaskID]
    ) -> PlannedTask {
        PlannedTask(
            id: id, kind: kind, needs: needs, condition: settings.condition, forEach: settings.forEach,
            limit: settings.limit, retry: settings.retry,
            timeout: settings.timeout ?? skill?.timeout ?? kind.standardTimeout,
            startWithin: settings.startWithin ?? skill?.startWithin ?? PlannedTask.Defaults.startWithin,
            onFailure: settings.onFailure, undo: settings.undo, phase: settings.phase,
            weight: settings.weight ?? kind.standardWeight)
    }

    private mutating func needs(_ value: JSONValue?, at path: String) -> [TaskID] {
        let names: [(JSONValue, String)] =
            switch value {
            case nil: []
            case .array(let elements)?: elements.enumerated().map { ($1, "\(path)/\($0)") }
            case let one?: [(one, path)]
            }
        var needs: [TaskID] = []
        for (value, path) in names {
            guard let name = value.string else {
                report(path, .wrongType, "needs names tasks, not \(value.kind)")
                continue
            }
            guard let id = TaskID(name), !name.contains(".") else {
                report(path, .unknownTask, "there is no task \(name)")
                continue
            }
            if needs.contains(id) { report(path, .invalidValue, "\(name) is needed twice") } else { needs.append(id) }
        }
        return needs
    }

    private mutating func condition(_ value: JSONValue?, at path: String) -> String? {
        switch value {
        case nil: return nil
        case .bool(let value)?: return value ? "true" : "false"
        case .string(let text)?: return text
        case let other?:
            report(path, .wrongType, "if is an expression, not \(other.kind)")
            return nil
        }
    }

    private mutating func list(_ value: JSONValue?, at path: String) -> JSONValue? {
        switch value {
        case nil, .array?: return value
        case .string(let text)? where Template.isTemplate(text): return value
        default:
            report(path, .wrongType, "forEach is a list, or an expression that gives one: ${{ input.names }}")
            return nil
        }
    }

    private mutating func limit(_ members: JSONObject, at path: String) -> Int? {
        if members["limit"] != nil, members["forEach"] == nil {
            report(path, .invalidValue, "limit says how many instances of a forEach run at once; there is no forEach")
        }
        return integer(members["limit"], 1...1000, at: path)
    }

    private mutating func retry(_ value: JSONValue?, default standard: RetryPolicy, at path: String) -> RetryPolicy {
        guard let value else { return standard }
        guard case .object(let members) = value else {
            report(path, .wrongType, "retry is an object: { attempts: 3, backoff: 2s, factor: 2, max: 1m }")
            return standard
        }
        checkKeys(members, ["attempts", "backoff", "factor", "max"], at: path)
        var policy = standard
        policy.attempts = integer(members["attempts"], 1...limits.attempts, at: path + "/attempts") ?? standard.attempts
        policy.backoff = duration(members["backoff"], at: path + "/backoff", allowsZero: true) ?? standard.backoff
        policy.max = duration(members["max"], at: path + "/max", allowsZero: true) ?? standard.max
        if let factor = members["factor"] {
            let value = factor.number?.double ?? 0
            if (1...100).contains(value) {
                policy.factor = value
            } else {
                report(path + "/factor", .invalidValue, "expected a number from 1 to 100")
            }
        }
        return policy
    }
}

// MARK: Templates

extension DefinitionReader {
    fileprivate mutating func checkTemplates(of members: JSONObject, at path: String, _ reading: inout TaskReading) {
        let isFanOut = members["forEach"] != nil
        if case .string(let text)? = members["if"] {
            check(at: path + "/if", item: false, status: true, &reading.references) { () throws(ExpressionError) in
                [try Template.condition(text)]
            }
        }
        members["with"]?.templates(at: path + "/with") { place, text in
            check(at: place, item: isFanOut, status: false, &reading.references) { () throws(ExpressionError) in
                try Template(text).expressions
            }
        }
        members["forEach"]?.templates(at: path + "/forEach") { place, text in
            check(at: place, item: false, status: false, &reading.references) { () throws(ExpressionError) in
                try Template(text).expressions
            }
        }
    }

    /// Whether templates parse and name only what can be seen where they stand.
    mutating func check(
        at path: String, item: Bool, status: Bool, _ references: inout [TaskReading.Reference],
        parse: () throws(ExpressionError) -> [Expression]
    ) {
        let expressions: [Expression]
        do {
            expressions = try parse()
        } catch {
            let code: ProblemCode = error.code == .unknownName ? .unknownName : .invalidExpression
            report(path, code, "\(error.message) (character \(error.offset + 1))")
            return
        }
        for expression in expressions {
            var found: [TaskReading.Reference] = []
            var complaints: [String] = []
            expression.visit { part in
                switch part {
                case .task(let id, _): found.append(.init(task: id, path: path))
                case .root(.item) where !item, .root(.index) where !item:
                    complaints.append("item and index belong to the with of a forEach task")
                case .root(.output), .root(.run):
                    complaints.append("output and run belong to the templates of a skill")
                case .call(let function, _, _) where function.isStatus && !status:
                    complaints.append("\(function.rawValue)() belongs to an if")
                default: break
                }
            }
            references += found
            for complaint in complaints { report(path, .unknownName, complaint) }
        }
    }
}
