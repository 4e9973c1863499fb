import Contracts
import Engine
import Handover
import JSON

extension Simulation {
    static func plan(_ random: inout SplitMix64) throws -> Plan {
        let count = Int.random(in: 1...10, using: &random)
        var tasks = JSONObject()
        for index in 0..<count {
            let needs = (0..<index).filter { _ in random.chance(35) }
            var task = Self.kind(&random, needs: needs)
            let isSkill = task["skill"] != nil
            task["needs"] = .array(needs.map { .string("t\($0)") })
            if isSkill {
                task["retry"] = [
                    "attempts": .number(JSONNumber(Int.random(in: 1...3, using: &random))), "backoff": "2s",
                ]
            }
            if random.chance(20) { task["onFailure"] = "continue" }
            if random.chance(30) {
                task["if"] = .string(
                    ["always()", "failure()", "input.n == 1", "input.n == 2", "success() || failure()", "input.n.x"]
                        .randomElement(using: &random)!)
            }
            if random.chance(25) {
                task["forEach"] = [["a", "b", "c"], [], "${{ input.list }}", "${{ input.n }}"].randomElement(
                    using: &random)!
                if random.chance(50) { task["limit"] = 1 }
            }
            if isSkill, let need = needs.first { task["with"] = ["x": .string("${{ tasks.t\(need).output }}")] }
            if isSkill, random.chance(15) {
                task["skill"] = nil
                task["workflow"] = "check@1"
            }
            if isSkill, task["forEach"] == nil, random.chance(40) {
                task["undo"] = .string("u\(index)")
                tasks["u\(index)"] = ["skill": "d2.b", "with": ["x": .string("${{ tasks.t\(index).output }}")]]
            } else if random.chance(10) {
                task["onFailure"] = ["run": .string("h\(index)")]
                tasks["h\(index)"] = ["skill": "d2.b"]
            } else if random.chance(10) {
                task["onFailure"] = "pause"
            }
            tasks["t\(index)"] = .object(task)
        }
        var definition = JSONObject([("tasks", .object(tasks))])
        if random.chance(25) { definition["concurrency"] = ["key": "${{ input.n }}", "limit": 1] }
        return try Definition.read(.object(definition), catalog: catalog, isNamed: false) { _, _ in [] }.plan
    }

    /// Any kind of task.
    private static func kind(_ random: inout SplitMix64, needs: [Int]) -> JSONObject {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12:
            var rule: JSONObject = ["by": ["boss"], "expires": "100s"]
            rule["quorum"] = .number(JSONNumber(Int.random(in: 1...2, using: &random)))
            if let need = needs.first { rule["of"] = .string("${{ tasks.t\(need).output }}") }
            return ["approval": .object(rule)]
        case 12..<22:
            let checks: [JSONValue] = [
                ["expression": "input.n == 1"], ["expression": "input.n.x"],
                [
                    "metric_threshold": ["value": "${{ input.n }}", "threshold": 2],
                    "required": random.chance(50) ? true : false,
                ],
                ["artifact_exists": [:], "required": false],
            ]
            return ["gate": .array([checks.randomElement(using: &random)!])]
        case 22..<34:
            let waits: [JSONValue] = [
                "10s", ["for": "40s"], ["signal": "s1", "expires": "60s"], ["signal": "s2", "expires": "200s"],
            ]
            return ["wait": waits.randomElement(using: &random)!]
        default:
            let skills = ["d1.a", "d2.a", "d3.b", "d1.stubborn", "d1.risky", "d1.planner", "d1.planner"]
            return ["skill": .string(skills.randomElement(using: &random)!)]
        }
    }
}
