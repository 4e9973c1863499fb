import Contracts
import Engine
import JSON
import Testing
import YAML

@Suite(.timeLimit(.minutes(1)))
struct `What a plan gives to a skill` {
    private static let domain = DomainName("d")!
    private static let schema: JSONValue = [
        "type": "object",
        "properties": [
            "number": ["type": "integer", "minimum": 1],
            "mode": ["enum": ["fast", "full"]],
            "tags": ["type": "array", "items": ["$ref": "#/definitions/tag"], "maxItems": 3],
            "site": ["type": "object", "properties": ["host": ["type": "string"]], "required": ["host", "port"]],
        ],
        "required": ["number"], "additionalProperties": false,
        "definitions": ["tag": ["type": "string", "maxLength": 4]],
    ]

    private static func catalog(_ schema: JSONValue, roles: [String] = []) -> SkillCatalog {
        let skills = [
            Skill(id: SkillID("d.strict")!, domain: domain, input: schema),
            Skill(id: SkillID("d.secret")!, domain: domain, roles: ["finance", "board"]),
            Skill(id: SkillID("d.adder")!, domain: domain, expands: [SkillPattern("*")], plans: true),
        ]
        return SkillCatalog(skills, domains: [domain])
    }

    /// As `path: message`.
    private func problems(
        _ text: String, _ catalog: SkillCatalog = catalog(schema), actor: Actor? = nil
    ) throws -> [String] {
        do throws(PlanRefusal) {
            let value = (try? YAMLReader.parse(text).value) ?? .null
            _ = try Definition.read(value, catalog: catalog, isNamed: false, actor: actor) { _, _ in [] }
            return []
        } catch {
            #expect(error.problems.allSatisfy { ["invalid_input", "not_allowed"].contains($0.code) })
            return error.problems.map { "\($0.path): \($0.message)" }
        }
    }

    private func problems(with: String) throws -> [String] {
        try problems("tasks: { a: { skill: d.strict, with: \(with) } }")
    }

    @Test func `is refused where it is not what the skill takes, all at once`() throws {
        let found = try problems(with: "{ number: zero, mode: slow, tags: [ok, toolong], nmber: 1 }")
        #expect(
            Set(found.compactMap { $0.split(separator: ":").first.map(String.init) })
                == ["/tasks/a/with/number", "/tasks/a/with/mode", "/tasks/a/with/tags/1", "/tasks/a/with/nmber"],
            "\(found)")
        #expect(try problems(with: "{}") == ["/tasks/a/with: d.strict: “number” is missing"])
        #expect(try problems("tasks: { a: { skill: d.strict } }") == ["/tasks/a/with: d.strict: “number” is missing"])
        #expect(try problems(with: "{ number: 3, mode: full, tags: [x] }").isEmpty)
    }

    @Test func `is not guessed at where templates stand`() throws {
        #expect(
            try problems(with: "{ number: '${{ input.n }}', mode: '${{ input.m }}', tags: '${{ input.t }}' }").isEmpty)
        #expect(try problems(with: "{ number: '${{ input.n }}', site: { host: h, port: '${{ input.p }}' } }").isEmpty)
    }

    @Test func `is held to what is known beside its templates`() throws {
        #expect(try problems(with: "{ mode: '${{ input.m }}' }") == ["/tasks/a/with: d.strict: “number” is missing"])
        #expect(try problems(with: "{ number: '${{ input.n }}', mode: slow }").count == 1)
        #expect(try problems(with: "{ number: '${{ input.n }}', nmber: '${{ input.n }}' }").count == 1)
        #expect(
            try problems(with: "{ number: 1, tags: ['${{ input.t }}', toolong] }").map { $0.prefix(20) } == [
                "/tasks/a/with/tags/1"
            ])
        #expect(try problems(with: "{ number: 1, tags: [a, b, c, '${{ input.t }}'] }").count == 1)
        #expect(
            try problems(with: "{ number: 1, site: { port: '${{ input.p }}' } }") == [
                "/tasks/a/with/site: d.strict: “host” is missing"
            ])
    }

    @Test func `may be left to those who approve it`() throws {
        let plan = "tasks: { ask: { approval: { by: boss } }, a: { skill: d.strict, needs: NEEDS } }"
        #expect(try problems(plan.replacing("NEEDS", with: "ask")).isEmpty)
        #expect(try problems(plan.replacing("NEEDS", with: "[]")).count == 1)
    }

    @Test func `is held to the schema when a task adds it, too`() throws {
        let catalog = Self.catalog(Self.schema)
        let plan = try Definition.read(["tasks": ["p": ["skill": "d.adder"]]], catalog: catalog, isNamed: false) {
            _, _ in []
        }
        let refusal = try #require(throws: PlanRefusal.self) {
            try plan.plan.expansion(
                ["tasks": ["a": ["skill": "d.strict", "with": ["number": "x"]], "b": ["skill": "d.secret"]]],
                by: TaskID("p")!, joins: [], catalog: catalog, actor: Actor(id: "ada", roles: ["intern"]))
        }
        #expect(
            refusal.problems.map { "\($0.path) \($0.code)" }
                == ["/expansion/tasks/b/skill not_allowed", "/expansion/tasks/a/with/number invalid_input"])
    }

    @Test func `is for a skill that the actor may use`() throws {
        let plan = "tasks: { a: { skill: d.secret } }"
        #expect(try problems(plan).isEmpty)
        #expect(try problems(plan, actor: Actor(id: "ada", roles: ["intern", "board"])).isEmpty)
        #expect(
            try problems(plan, actor: Actor(id: "ada", roles: ["intern"]))
                == ["/tasks/a/skill: the skill d.secret is for the roles finance, board; ada has none of them"])
    }

    @Test func `is offered to a planner skill only as far as the actor may use it`() throws {
        let catalog = Self.catalog(Self.schema)
        func offered(_ roles: [String]) throws -> [String] {
            let actor = Actor(id: "ada", roles: roles)
            let plan = try Definition.planning("g", input: [:], catalog: catalog, actor: actor).definition.plan
            return plan.tasks[0].call?.input["skills"]?.array?.compactMap { $0["id"]?.string } ?? []
        }
        #expect(try offered(["board"]) == ["d.adder", "d.secret", "d.strict"])
        #expect(try offered([]) == ["d.adder", "d.strict"])
    }

    /// A schema that takes a value takes it, too, while any parts of it are still templates.
    @Test func `is never refused for what a template might still be`() throws {
        var dice = SystemRandomNumberGenerator()
        var (taken, refused) = (0, 0)
        for _ in 0..<3000 {
            let schema = Self.anySchema(&dice, depth: 3)
            let value = Self.anyValue(&dice, depth: 3)
            guard case .object(let input) = value, let compiled = try? JSONSchema(schema) else { continue }
            let hidden = JSONValue.object(JSONObject(input.members.map { ($0.name, Self.hiding($0.value, &dice)) }))
            let plan: JSONValue = ["tasks": ["a": ["skill": "d.strict", "with": hidden]]]
            let isRefused =
                (try? Definition.read(plan, catalog: Self.catalog(schema), isNamed: false) { _, _ in [] }) == nil
            if compiled.validate(value).isEmpty {
                taken += 1
                #expect(!isRefused, "\(schema.text) takes \(value.text), not \(hidden.text)")
            } else if isRefused {
                refused += 1
            }
        }
        #expect(taken > 100 && refused > 100, "\(taken) taken, \(refused) refused")
    }

    private static let names = ["a", "b", "c"]

    private static func anyValue(_ dice: inout some RandomNumberGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: depth == 3 ? 5...6 : depth == 0 ? 0...3 : 0...6, using: &dice) {
        case 0: return .null
        case 1: return .number(JSONNumber(Int.random(in: 0...3, using: &dice)))
        case 2: return .string(names.randomElement(using: &dice)!)
        case 3: return .bool(true)
        case 4: return .array((0..<Int.random(in: 0...3, using: &dice)).map { _ in anyValue(&dice, depth: depth - 1) })
        default:
            let present = names.filter { _ in Bool.random(using: &dice) }
            return .object(JSONObject(present.map { ($0, anyValue(&dice, depth: depth - 1)) }))
        }
    }

    private static func anySchema(_ dice: inout some RandomNumberGenerator, depth: Int) -> JSONValue {
        func inner() -> JSONValue { depth == 0 ? true : anySchema(&dice, depth: depth - 1) }
        func some(_ chance: Double) -> Bool { Double.random(in: 0...1, using: &dice) < chance }
        var members = JSONObject()
        if some(0.3) {
            members["type"] = depth == 3 ? "object" : ["object", "array", .string(some(0.5) ? "string" : "integer")]
        }
        if some(0.2) { members["required"] = .array([.string(names.randomElement(using: &dice)!)]) }
        if some(0.5) {
            members["properties"] = .object(JSONObject(names.filter { _ in some(0.5) }.map { ($0, inner()) }))
        }
        if some(0.2) { members["additionalProperties"] = some(0.5) ? false : inner() }
        if some(0.1) { members["patternProperties"] = ["^[ab]": inner()] }
        if some(0.3) { members["items"] = some(0.7) ? inner() : [inner(), inner()] }
        if some(0.1) { members["maxItems"] = 2 }
        if some(0.1) { members["minProperties"] = 1 }
        if some(0.1) { members["propertyNames"] = ["enum": ["a", "b"]] }
        if some(0.1) { members["uniqueItems"] = true }
        if some(0.1) { members["anyOf"] = [inner(), inner()] }
        if some(0.1) { members["allOf"] = [inner(), inner()] }
        if some(0.1) { members["not"] = ["type": "integer"] }
        if some(0.1) { (members["if"], members["then"], members["else"]) = (inner(), inner(), inner()) }
        if some(0.05) { members["const"] = [:] }
        if depth < 3, some(0.1) { return ["$ref": "#/definitions/other"] }
        if depth == 3 { members["definitions"] = ["other": anySchema(&dice, depth: 0)] }
        return .object(members)
    }

    /// The value with templates in place of some of its parts.
    private static func hiding(_ value: JSONValue, _ dice: inout some RandomNumberGenerator) -> JSONValue {
        if Int.random(in: 0...2, using: &dice) == 0 { return "${{ input.x }}" }
        switch value {
        case .array(let elements): return .array(elements.map { hiding($0, &dice) })
        case .object(let object): return .object(JSONObject(object.members.map { ($0.name, hiding($0.value, &dice)) }))
        default: return value
        }
    }
}
