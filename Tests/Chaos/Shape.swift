import JSON

/// The kinds of workflow that make up the load.
enum Shape: String, CaseIterable, Sendable {
    case chain, fan, retries, branches, handled, children, undone, refused, slow
    /// One short task, asked for right after a fault.
    case canary
    /// Kills its executor each time.
    case poison

    /// Those of the steady load; what costs most comes least.
    static let load: [Shape] = [
        .chain, .fan, .retries, .branches, .slow, .children, .undone, .handled, .chain, .refused,
    ]

    var status: String { [.refused, .undone, .poison].contains(self) ? "failed" : "succeeded" }

    /// Its tasks that have to have left an effect, whatever happened.
    var effects: [String] {
        switch self {
        case .chain: ["a", "b", "c"]
        case .fan: ["each.0", "each.1", "each.2", "each.3", "join"]
        case .retries: ["a", "b"]
        case .branches: ["mend"]
        case .handled: ["mend", "after"]
        case .children: ["join"]
        case .undone: ["book", "unbook"]
        case .refused, .canary: ["a"]
        case .slow: ["slow"]
        case .poison: []
        }
    }

    /// The plan of the workflow with this number.
    func plan(_ number: Int) -> JSONValue {
        let n = JSONValue.number(JSONNumber(number))
        switch self {
        case .chain:
            return [
                "tasks": [
                    "a": Self.work(["n": n]),
                    "b": Self.work(["n": "${{ tasks.a.output.n }}"], after: "a", in: "payments"),
                    "c": Self.work(["n": "${{ tasks.b.output.n }}"], after: "b"),
                ], "output": "${{ tasks.c.output.n }}",
            ]
        case .fan:
            return [
                "tasks": [
                    "each": [
                        "skill": "data-read.work", "forEach": [1, 2, 3, 4], "limit": 3, "with": ["n": "${{ item }}"],
                    ],
                    "join": Self.work(
                        ["n": .string("${{ \(number) + length(tasks.each.output) }}")], after: "each", in: "payments"),
                ], "output": "${{ tasks.join.output.n }}",
            ]
        case .retries:
            return [
                "tasks": [
                    "a": Self.work(["n": n, "fail_until": 2]),
                    "b": Self.work(["n": "${{ tasks.a.output.n }}", "fail_until": 3], after: "a", in: "payments"),
                ], "output": "${{ tasks.b.output.n }}",
            ]
        case .branches:
            return [
                "tasks": [
                    "bad": Self.work(["n": 0, "fail": true], and: ["onFailure": "continue"]),
                    "mend": Self.work(
                        ["n": n], after: "bad", in: "payments", and: ["if": "always() && tasks.bad.status == 'failed'"]),
                    "never": Self.work(["n": 0], after: "bad", and: ["if": "tasks.bad.status == 'succeeded'"]),
                ], "output": "${{ tasks.mend.output.n }}",
            ]
        case .handled:
            return [
                "tasks": [
                    "bad": Self.work(["n": 0, "fail": true], and: ["onFailure": ["run": "mend"]]),
                    "mend": Self.work(["n": n], in: "payments"),
                    "after": Self.work(["n": "${{ tasks.mend.output.n }}"], and: ["needs": ["bad", "mend"]]),
                ], "output": "${{ tasks.after.output.n }}",
            ]
        case .children:
            return [
                "tasks": [
                    "kids": [
                        "workflow": "chaos-child@1", "forEach": [1, 2], "with": ["n": "${{ item }}"],
                        "retry": ["attempts": 3],
                    ],
                    "join": Self.work(
                        ["n": .string("${{ \(number) + length(tasks.kids.output) }}")], after: "kids", in: "payments"),
                ], "output": "${{ tasks.join.output.n }}",
            ]
        case .undone:
            return [
                "tasks": [
                    "book": Self.work(["n": n], and: ["reversible": true, "undo": "unbook"]),
                    "bad": Self.work(["n": 0, "fail": true], after: "book", in: "payments"),
                    "unbook": Self.work(["n": "${{ tasks.book.output.n }}"], in: "payments"),
                ]
            ]
        case .refused:
            return [
                "tasks": [
                    "a": Self.work(["n": n]), "bad": Self.work(["n": 0, "fail": true], after: "a", in: "payments"),
                    "never": Self.work(["n": 0], after: "bad"),
                ]
            ]
        case .slow:
            return [
                "tasks": ["slow": Self.work(["n": n, "ms": 2500], and: ["skill": "payments.slow"])],
                "output": "${{ tasks.slow.output.n }}",
            ]
        case .canary: return ["tasks": ["a": Self.work(["n": n])], "output": "${{ tasks.a.output.n }}"]
        case .poison: return ["tasks": ["drink": ["skill": "platform-db-edge.poison"]]]
        }
    }

    /// What it has to give back; `nil` for one that is to fail.
    func output(_ number: Int) -> Int? {
        switch self {
        case .chain, .children: number + 3
        case .fan: number + 5
        case .retries, .handled: number + 2
        case .branches, .slow, .canary: number + 1
        case .refused, .undone, .poison: nil
        }
    }

    private static func work(
        _ input: JSONValue, after: String? = nil, in domain: String = "data-read", and more: JSONObject = [:]
    ) -> JSONValue {
        var task: JSONObject = ["skill": .string("\(domain).work"), "with": input]
        if let after { task["needs"] = .string(after) }
        for (name, value) in more.members { task[name] = value }
        return .object(task)
    }
}
