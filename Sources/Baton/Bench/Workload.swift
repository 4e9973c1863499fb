import ArgumentParser
import Contracts
import JSON

/// What `baton bench` asks for: the shape of its workflows.
enum Workload: String, ExpressibleByArgument, CaseIterable {
    /// A root, then `tasks` side by side, then a join that is given all their outputs.
    case fan
    /// `tasks` in a row, each given the output of the one before.
    case chain
    /// One task.
    case single
    /// `tasks` side by side; the k-th takes k times half a second.
    case partial
    /// Fans, short chains and single tasks in turns.
    case mixed
    /// One task, then a person who says `continue` once every workflow under way waits for it.
    case approval

    /// How many tasks its middle has when nobody says.
    var usualTasks: Int {
        switch self {
        case .fan, .partial, .mixed: 8
        case .chain: 20
        case .single, .approval: 1
        }
    }

    /// How many workflows are under way at once when nobody says; `nil`: all of them.
    var usualConcurrency: Int? {
        switch self {
        case .fan, .mixed, .approval: nil
        case .chain: 10
        case .single, .partial: 1
        }
    }

    /// The definitions of one run, taken in turns.
    func shapes(tasks: Int) -> [Shape] {
        switch self {
        case .fan: [.fan(tasks)]
        case .chain: [.chain(tasks)]
        case .single: [.single]
        case .partial: [.partial(tasks)]
        case .mixed: [.fan(tasks), .chain(5), .single]
        case .approval: [.approval]
        }
    }
}

/// One kind of workflow: its definition, and what comes out of it when all is well.
struct Shape: Sendable {
    let name: String
    let tasks: Int
    /// Of the workflow's `output.k`.
    let result: JSONValue
    let definition: JSONValue

    private init(_ name: String, result: JSONValue, tasks: [(String, JSONValue)], output: JSONValue) {
        self.name = name
        self.tasks = tasks.count
        self.result = result
        definition = [
            "name": .string(name), "version": 1,
            "input": [
                "type": "object", "properties": ["wf": ["type": "string"], "pad": ["type": "string"]],
                "required": ["wf", "pad"],
            ],
            "tasks": .object(JSONObject(tasks)), "output": output,
            // Every artifact holds one row: they do not contradict each other.
            "gather": ["merge": ["/rows": ["strategy": "union", "key": "k"]]],
        ]
    }

    /// - Parameter needs: the tasks before it.
    private static func task(
        _ skill: BenchSkill, _ k: JSONValue, needs: [String] = [], pad: String = "${{ input.pad }}",
        _ more: [(String, JSONValue)] = []
    ) -> JSONValue {
        let input: [(String, JSONValue)] = [("wf", "${{ input.wf }}"), ("k", k), ("pad", .string(pad))] + more
        var task: [(String, JSONValue)] = [("skill", .string(skill.id)), ("with", .object(JSONObject(input)))]
        if !needs.isEmpty { task.append(("needs", .array(needs.map { .string($0) }))) }
        return .object(JSONObject(task))
    }

    private static func output(of task: String, _ member: String) -> JSONValue {
        .string("${{ tasks.\(task).output.\(member) }}")
    }

    static var single: Shape {
        Shape(
            "bench-single", result: "one", tasks: [("one", task(.echo, "one"))],
            output: ["wf": "${{ input.wf }}", "k": output(of: "one", "k")])
    }

    static var approval: Shape {
        Shape(
            "bench-approval", result: "one",
            tasks: [
                ("one", task(.echo, "one")),
                ("ask", ["approval": ["by": "operator", "title": "Does it go on?"], "needs": ["one"]]),
            ], output: ["wf": "${{ input.wf }}", "k": output(of: "one", "k")])
    }

    static func chain(_ count: Int) -> Shape {
        let names = (1...count).map { "s\($0)" }
        let tasks = names.enumerated().map { index, name in
            guard index > 0 else { return (name, task(.echo, .string(name))) }
            let before = names[index - 1]
            return (name, task(.echo, .string(name), needs: [before], pad: "${{ tasks.\(before).output.pad }}"))
        }
        return Shape(
            "bench-chain-\(count)", result: .string(names[count - 1]), tasks: tasks,
            output: [
                "wf": "${{ input.wf }}", "k": output(of: names[count - 1], "k"),
                "at": .array(names.map { output(of: $0, "at") }),
            ])
    }

    static func fan(_ width: Int) -> Shape {
        let leaves = (1...width).map { "leaf-\($0)" }
        let join: [(String, JSONValue)] = [("parts", .array(leaves.map { .string("${{ tasks.\($0).output }}") }))]
        let keys = JSONValue.array(leaves.map { output(of: $0, "k") })
        return Shape(
            "bench-fan-\(width)", result: .array(leaves.map { .string($0) }),
            tasks: [("root", task(.echo, "root"))] + leaves.map { ($0, task(.echo, .string($0), needs: ["root"])) }
                + [("join", task(.join, "join", needs: leaves, join + [("ks", keys)]))],
            output: ["wf": "${{ input.wf }}", "k": output(of: "join", "ks")])
    }

    static func partial(_ count: Int) -> Shape {
        let names = (1...count).map { "slow-\($0)" }
        return Shape(
            "bench-partial-\(count)", result: .array(names.map { .string($0) }),
            tasks: names.enumerated().map { index, name in
                (name, task(.slow, .string(name), [("delay", .number(JSONNumber(Double(index + 1) / 2)))]))
            },
            output: ["wf": "${{ input.wf }}", "k": .array(names.map { output(of: $0, "k") })])
    }
}
