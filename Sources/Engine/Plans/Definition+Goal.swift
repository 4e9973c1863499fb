package import Contracts
package import JSON

extension Definition {
    /// The plan of a goal: one task of the planner skill that is installed, which adds the tasks that lead there.
    ///
    /// The task is given the goal, the request's input, and what skills it may add tasks of. The workflow's input is the
    /// request's, with the goal beside it.
    package static func planning(
        _ goal: String, input: JSONValue, catalog: SkillCatalog, actor: Actor? = nil,
        compile: @escaping SchemaCompiler = { try JSONSchema($0) }
    ) throws(PlanRefusal) -> (definition: Definition, input: JSONValue) {
        let planners = catalog.all.filter { $0.plans && !$0.isDeferred }
        guard let planner = planners.first else {
            throw refusal("no_planner_skill", "no planner skill is installed: one whose file says `plans: true`")
        }
        guard planners.count == 1 else {
            let names = planners.map(\.id.text).joined(separator: ", ")
            throw refusal("several_planner_skills", "more than one skill says `plans: true`: \(names)")
        }
        var members = input.object ?? JSONObject()
        if let given = members["goal"], given != .string(goal) {
            throw refusal("invalid_input", "the input of a goal has a `goal` of its own", at: "/input/goal")
        }
        members["goal"] = .string(goal)
        let skills = catalog.all.filter { skill in
            !skill.isDeferred && catalog.domains.contains(skill.domain) && actor.map(skill.allows) ?? true
                && planner.expands.contains { $0.matches(skill.id) }
        }
        let plan: JSONValue = [
            "tasks": [
                "plan": [
                    "skill": .string(planner.id.text),
                    "with": [
                        "goal": "${{ input.goal }}", "input": "${{ input }}",
                        "skills": .array(
                            skills.map { ["id": .string($0.id.text), "domain": .string($0.domain.text)] }),
                    ],
                ]
            ]
        ]
        var definition = try read(
            plan, catalog: catalog, isNamed: false, actor: actor, path: "/goal", compile: compile
        ) { _, _ in [] }
        definition.name = DefinitionName("goal")
        return (definition, .object(members))
    }

    private static func refusal(_ code: String, _ message: String, at path: String = "/goal") -> PlanRefusal {
        PlanRefusal(problems: [Problem(path: path, code: code, message: message)])
    }
}
