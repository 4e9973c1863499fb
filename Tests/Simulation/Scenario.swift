import Contracts
import Engine
import Handover
import JSON
import Store

/// Random plans, and what people ask for.
enum Scenario {
    static let skills = ["steady", "shaky", "slow", "risky", "stubborn", "planner"]

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
            }, domains: domains)
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
        }
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
                task["onFailure"] = "continue"
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
            if task["workflow"] == nil, chance(15) { task["timeout"] = "8s" }
            if task["workflow"] == nil, chance(10) { task["start_within"] = "40s" }
            if chance(30), let need = needs.first { task["with"] = ["x": .string("${{ tasks.t\(need).output }}")] }
            if chance(15) { task["weight"] = .number(JSONNumber(Int.random(in: 0...5, using: &random))) }
            tasks["t\(index)"] = .object(task)
        }
        var plan = JSONObject([("tasks", .object(tasks))])
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
}
