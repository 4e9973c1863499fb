import Contracts
import JSON

/// What a task is done by: exactly one of five keys says it, each read in a file of its own.
extension DefinitionReader {
    static let kinds = ["skill", "approval", "gate", "workflow", "wait"]
    /// Keys that only some kinds have.
    private static let kindKeys: [String: Set<String>] = [
        "with": ["skill", "workflow"], "retry": ["skill", "workflow"], "timeout": ["skill", "workflow"],
        "start_within": ["skill"],
    ]

    /// - Returns: `nil` when something is wrong with it; and the skill, where it is one.
    mutating func kind(
        _ members: JSONObject, at path: String, _ reading: inout TaskReading
    ) -> (kind: TaskKind?, skill: Skill?) {
        let named = Self.kinds.filter { members[$0] != nil }
        guard let name = named.first else {
            report(path + "/skill", .missing, "a task needs a skill, or an approval, a gate, a workflow or a wait")
            return (nil, nil)
        }
        guard named.count == 1 else {
            report(path, .invalidValue, "a task is one thing: \(named.joined(separator: " or "))")
            return (nil, nil)
        }
        for (key, owners) in Self.kindKeys.sorted(by: { $0.key < $1.key })
        where members[key] != nil && !owners.contains(name) {
            report("\(path)/\(key)", .invalidValue, "\(key) belongs to \(owners.sorted().joined(separator: " and "))")
        }
        let isFanOut = members["forEach"] != nil
        let place = "\(path)/\(name)"
        switch name {
        case "approval":
            let rule = approval(members[name], at: place, isFanOut: isFanOut, &reading)
            return (rule.map { .approval($0) }, nil)
        case "gate":
            let gate = gate(members[name], at: place, isFanOut: isFanOut, &reading)
            return (gate.map { .gate($0) }, nil)
        case "wait":
            let rule = wait(members[name], at: place, isFanOut: isFanOut, &reading)
            return (rule.map { .wait($0) }, nil)
        case "workflow":
            let input = input(members["with"], at: path + "/with")
            return (child(members[name], input: input, at: place).map { .workflow($0) }, nil)
        default:
            let input = input(members["with"], at: path + "/with")
            guard let skill = skill(members[name], at: place) else { return (nil, nil) }
            let call = SkillCall(
                skill: skill.id, domain: skill.domain, version: skill.version, input: input, risk: skill.risk,
                lease: skill.lease ?? PlannedTask.Defaults.lease)
            return (.skill(call), skill)
        }
    }

    /// Templates of one value, which see what the `with` of the task sees.
    mutating func checkTemplates(
        in value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) {
        value?.templates(at: path) { place, text in
            check(at: place, item: isFanOut, status: false, &reading.references) { () throws(ExpressionError) in
                try Template(text).expressions
            }
        }
    }

    // MARK: Skills

    private mutating func skill(_ value: JSONValue?, at path: String) -> Skill? {
        guard let id = value?.string.flatMap({ SkillID($0) }) else {
            report(path, .invalidName, "a skill id has a-z, 0-9, '-' and '.', such as ci.unit-tests")
            return nil
        }
        guard let skill = catalog[id] else {
            let like = catalog.resembling(id).map(\.text).joined(separator: ", ")
            report(path, .unknownSkill, "there is no skill \(id)" + (like.isEmpty ? "" : "; there is \(like)"))
            return nil
        }
        guard !skill.isDeferred else {
            report(path, .deferredSkill, "the skill \(id) is deferred: nothing runs it yet")
            return nil
        }
        guard catalog.domains.contains(skill.domain) else {
            report(path, .noPool, "the skill \(id) belongs to the domain \(skill.domain), which has no executor pool")
            return nil
        }
        if let actor, !skill.allows(actor) {
            let roles = skill.roles.joined(separator: ", ")
            report(path, .notAllowed, "the skill \(id) is for the roles \(roles); \(actor.id) has none of them")
        }
        return skill
    }

    private mutating func input(_ value: JSONValue?, at path: String) -> JSONValue {
        switch value {
        case nil: return .object(JSONObject())
        case .object?: break
        case let other?: report(path, .wrongType, "with is an object, not \(other.kind)")
        }
        return value ?? .null
    }
}
