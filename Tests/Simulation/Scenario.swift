import Contracts
import Engine
import Handover
import JSON
import Store

/// Random plans, and what people ask for.
enum Scenario {
    static let skills = ["steady", "shaky", "slow", "risky", "stubborn", "planner"]

    /// The skill that turns a goal into tasks: there is one, of the first domain.
    static let goalSkill = "goals"

    static func catalog(_ domains: [DomainName]) -> SkillCatalog {
        SkillCatalog(
            domains.flatMap { domain in
                skills.map { kind in
                    Skill(
                        id: SkillID(unchecked: "\(domain).\(kind)"), domain: domain,
                        timeout: kind == "slow" ? .seconds(1200) : .seconds(300),
                        risk: kind == "risky" ? .high : .normal,
                        expands: kind == "planner" ? [SkillPattern("*")] : [])
                }
            } + [
                Skill(
                    id: SkillID(unchecked: "\(domains[0]).\(goalSkill)"), domain: domains[0], timeout: .seconds(300),
                    expands: [SkillPattern("*")], plans: true)
            ], domains: domains)
    }

    static func skillRows(_ domains: [DomainName]) -> [SkillRow] {
        domains.flatMap { domain in
            skills.map { kind in
                SkillRow(
                    workspace: "default", id: "\(domain).\(kind)", version: 1, domain: domain.text, digest: "",
                    skill: [
                        "timeout": .string(kind == "slow" ? "1200s" : "300s"),
                        "risk": .string(kind == "risky" ? "high" : "normal"), "expands": .bool(kind == "planner"),
                    ])
            }
        } + [
            SkillRow(
                workspace: "default", id: "\(domains[0]).\(goalSkill)", version: 1, domain: domains[0].text, digest: "",
                skill: ["timeout": "300s", "plans": true])
        ]
    }

    /// What plans may start as children: `branch` starts a `leaf` for each of a list.
    static func definition(_ name: DefinitionName, domains: [DomainName]) -> JSONValue? {
        let tasks: JSONValue
        switch name.text {
        case "leaf":
            tasks = [
                "a": ["skill": .string("\(domains[0]).steady")],
                "b": ["skill": .string("\(domains[1]).shaky"), "needs": "a", "retry": ["attempts": 2]],
            ]
        case "branch":
            tasks = [
                "list": ["skill": .string("\(domains[2]).steady")],
                "leaves": [
                    "workflow": "leaf@1", "needs": "list", "forEach": "${{ tasks.list.output.list }}", "limit": 2,
                    "onFailure": "continue",
                ],
            ]
        default: return nil
        }
        return ["name": .string(name.text), "version": 1, "tasks": tasks]
    }

    /// Tasks that a run adds to its workflow; now and then what is refused.
    static func expansion(of task: TaskID, _ dice: Int, domain: DomainName) -> JSONValue {
        let name = task.text.replacing(".", with: "-")
        var tasks = JSONObject()
        for number in 0..<dice % 3 {
            var added = JSONObject([
                ("skill", .string("\(domain).\(["steady", "shaky", "nothing"][dice % 20 == 7 ? 2 : number % 2])"))
            ])
            if number > 0 { added["needs"] = .string("\(name)-x\(number - 1)") }
            tasks["\(name)-x\(number)"] = .object(added)
        }
        return ["tasks": .object(tasks)]
    }

    /// The tasks that lead to a goal; now and then what is refused.
    static func wayToGoal(_ dice: Int, domains: [DomainName]) -> JSONValue {
        var random = SplitMix64(seed: UInt64(dice))
        let tasks = plan(&random, domains: domains, limit: 4)["tasks"] ?? [:]
        guard dice % 10 == 0, var members = tasks.object else { return ["tasks": tasks] }
        members["lost"] = ["skill": .string("\(domains[0]).nothing")]
        return ["tasks": .object(members)]
    }

    /// A plan as people write one.
    static func plan(_ random: inout SplitMix64, domains: [DomainName], limit: Int) -> JSONValue {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        let count = Int.random(in: 1...max(1, limit), using: &random)
        var tasks = JSONObject()
        for index in 0..<count {
            let domain = domains.randomElement(using: &random)!
            let kinds = ["steady", "steady", "steady", "shaky", "shaky", "slow", "risky", "stubborn", "planner"]
            let kind = kinds.randomElement(using: &random)!
            var task = JSONObject([("skill", .string("\(domain).\(kind)"))])
            let needs = (0..<index).filter { _ in chance(min(35, 200 / (index + 1))) }
            if !needs.isEmpty { task["needs"] = .array(needs.map { .string("t\($0)") }) }
            task["retry"] = [
                "attempts": .number(JSONNumber(Int.random(in: 1...4, using: &random))),
                "backoff": .string(["1s", "5s", "20s"].randomElement(using: &random)!),
            ]
            if chance(20) {
                task["onFailure"] = chance(30) ? "pause" : "continue"
            } else if chance(10) {
                task["onFailure"] = ["run": .string("h\(index)")]
                tasks["h\(index)"] = ["skill": .string("\(domain).steady")]
            }
            if chance(25) {
                let conditions = [
                    "always()", "failure()", "input.n == 1", "input.n == 2", "success() || failure()", "input.n.x",
                ]
                task["if"] = .string(conditions.randomElement(using: &random)!)
            }
            if chance(20) {
                task["forEach"] = [["a", "b", "c"], [], "${{ input.list }}", "${{ input.n }}"].randomElement(
                    using: &random)!
                if chance(50) { task["limit"] = .number(JSONNumber(Int.random(in: 1...2, using: &random))) }
            }
            if task["forEach"] == nil, chance(12) {
                task["undo"] = .string("u\(index)")
                tasks["u\(index)"] = ["skill": .string("\(domain).shaky"), "retry": ["attempts": 2]]
            }
            if chance(12) {
                (task["skill"], task["workflow"]) = (
                    nil, .string(["leaf@1", "branch@1"].randomElement(using: &random)!)
                )
            }
            if chance(25), task["undo"] == nil { decide(&task, needs: needs, &random) }
            if task["skill"] != nil, chance(15) { task["timeout"] = "8s" }
            if task["skill"] != nil, chance(10) { task["start_within"] = "40s" }
            if task["skill"] != nil || task["workflow"] != nil, chance(30), let need = needs.first {
                task["with"] = ["x": .string("${{ tasks.t\(need).output }}")]
            }
            if chance(15) { task["weight"] = .number(JSONNumber(Int.random(in: 0...5, using: &random))) }
            tasks["t\(index)"] = .object(task)
        }
        var plan = JSONObject([("tasks", .object(tasks))])
        if chance(20) {
            plan["concurrency"] = ["key": "key-${{ input.n }}", "limit": .number(JSONNumber(chance(50) ? 1 : 2))]
        }
        if chance(50) {
            plan["gather"] = [
                "merge": [
                    "/status": .string("vote"), "/names": .string("union"),
                    "/count": .string(["sum", "max", "min"].randomElement(using: &random)!),
                ]
            ]
        }
        return .object(plan)
    }

    /// Makes a task one that no executor runs.
    private static func decide(_ task: inout JSONObject, needs: [Int], _ random: inout SplitMix64) {
        func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random)! }
        for key in ["skill", "workflow", "retry"] { task[key] = nil }
        switch Int.random(in: 0..<7, using: &random) {
        case 0, 1, 2:
            task["approval"] = [
                "by": .array([.string(Commands.role)]), "title": "May it be ${{ input.n }}?",
                "quorum": .number(JSONNumber(pick([1, 1, 2]))), "expires": .string(pick(["30s", "100s", "200s"])),
            ]
        case 3: task["wait"] = pick(["5s", ["for": "20s"], ["until": "2026-01-05T09:03:00Z"]])
        case 4: task["wait"] = ["signal": .string(pick(Commands.signals)), "expires": .string(pick(["20s", "150s"]))]
        default:
            let one = needs.first.map { "${{ tasks.t\($0).output.n }}" }
            task["gate"] = .array(
                pick([
                    [["expression": "input.n == 1"]], [["expression": "input.n == 2"]],
                    [["metric_threshold": ["value": .string(one ?? "${{ input.n }}"), "threshold": 1]]],
                    [["artifact_exists": ["name": "result"], "required": false]],
                    [["content_check": ["text": "# Scope\nall of it", "sections": ["Scope"]]]],
                    [["file_exists": ["name": "no-such-file"]], ["expression": "input.n == 1"]],
                ]))
        }
    }
}
