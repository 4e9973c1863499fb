import JSON

/// The kinds of workflow that make up the load.
enum Shape: String, CaseIterable, Sendable {
    case chain, fan, retries, branches, handled, children, undone, refused, slow
    /// Those that wait for people, see ``People``.
    case approved, quorum, expired, waits, held, mended, skipped
    /// One short task, asked for right after a fault.
    case canary
    /// Kills its executor each time.
    case poison

    /// Those of the steady load; what costs most comes least.
    static let load: [Shape] = [
        .chain, .approved, .fan, .retries, .held, .branches, .quorum, .slow, .mended, .children, .expired, .undone,
        .waits, .handled, .skipped, .chain, .refused,
    ]
    static let ofPeople: Set<Shape> = [.approved, .quorum, .waits, .held, .mended, .skipped]

    var status: String { [.refused, .undone, .expired, .poison].contains(self) ? "failed" : "succeeded" }

    /// Its tasks that have to have left an effect, whatever happened.
    var effects: [String] {
        switch self {
        case .chain: ["a", "b", "c"]
        case .fan: ["each.0", "each.1", "each.2", "each.3", "join"]
        case .retries, .approved, .held: ["a", "b"]
        case .quorum, .waits, .skipped: ["b"]
        case .mended: ["bad", "b"]
        case .branches: ["mend"]
        case .handled: ["mend", "after"]
        case .children: ["join"]
        case .undone: ["book", "unbook"]
        case .refused, .expired, .canary: ["a"]
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
        case .approved:
            return [
                "tasks": [
                    "a": Self.work(["n": n]),
                    "sign": [
                        "approval": ["of": "${{ tasks.a.output.n }}", "by": ["boss"], "expires": "1h"], "needs": "a",
                    ],
                    "b": Self.work(["n": "${{ tasks.a.output.n }}"], after: "sign", in: "payments"),
                ], "output": "${{ tasks.b.output.n }}",
            ]
        case .quorum:
            return [
                "tasks": [
                    "sign": ["approval": ["by": ["boss"], "quorum": 2, "expires": "1h"]],
                    "b": Self.work(["n": n], after: "sign"),
                ], "output": "${{ tasks.b.output.n }}",
            ]
        case .expired:
            return [
                "tasks": [
                    "a": Self.work(["n": n]),
                    "sign": ["approval": ["by": ["boss"], "expires": "2s"], "needs": "a"],
                    "never": Self.work(["n": 0], after: "sign"),
                ]
            ]
        case .waits:
            return [
                "tasks": [
                    "time": ["wait": ["for": "1s"]], "go": ["wait": ["signal": "go", "expires": "1h"]],
                    "b": Self.work(["n": n], in: "payments", and: ["needs": ["time", "go"]]),
                ], "output": "${{ tasks.b.output.n }}",
            ]
        case .held:
            return [
                "tasks": [
                    "a": Self.work(["n": n]), "time": ["wait": ["for": "2s"], "needs": "a"],
                    "b": Self.work(["n": "${{ tasks.a.output.n }}"], after: "time"),
                ], "output": "${{ tasks.b.output.n }}",
            ]
        case .mended:
            return [
                "tasks": [
                    "bad": Self.work(
                        ["n": n, "fail_until": 2], and: ["onFailure": "pause", "retry": ["attempts": 1]]),
                    "b": Self.work(["n": "${{ tasks.bad.output.n }}"], after: "bad", in: "payments"),
                ], "output": "${{ tasks.b.output.n }}",
            ]
        case .skipped:
            return [
                "tasks": [
                    "bad": Self.work(["n": 0, "fail": true], and: ["onFailure": "pause"]),
                    "b": Self.work(["n": n], after: "bad"),
                ], "output": "${{ tasks.b.output.n }}",
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
        case .retries, .handled, .approved, .held, .mended: number + 2
        case .branches, .slow, .quorum, .waits, .skipped, .canary: number + 1
        case .refused, .undone, .expired, .poison: nil
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
