import JSON

/// Steele, Lea, Flood: “Fast splittable pseudorandom number generators”, 2014.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}

/// Definitions and streams of events with all that the merge must bear.
struct RandomScenario {
    var random: Seeded
    private let domains = ["payments", "data-read", "growth-marketing", "profile-integrity", "platform-db-edge"]
    private let taskNames = ["t0", "t1", "t2", "t3", "t4", "extra"]

    static func make(_ seed: Int) -> Scenario {
        var maker = RandomScenario(random: Seeded(seed))
        var scenario = Scenario(name: "seed \(seed)")
        scenario.definition = maker.definition()
        for _ in 0..<(2 + maker.random.below(14)) {
            if maker.random.chance(15), let again = scenario.events.randomElement(using: &maker.random) {
                scenario.events.append(again)
            } else {
                scenario.events.append(maker.event())
            }
        }
        return scenario
    }

    // MARK: definition

    private mutating func definition() -> JSONObject {
        var definition: JSONObject = [:]
        definition["tasks"] = .array((0..<random.below(5)).map { .object(task("t\($0)")) })
        if random.chance(60) {
            var reliability: JSONObject = [:]
            for domain in domains where random.chance(50) { reliability[domain] = share() }
            definition["reliability"] = .object(reliability)
        }
        if random.chance(30) { definition["default_reliability"] = share() }
        if random.chance(40) { definition["conflict_threshold"] = random.pick([0, 0.1, 0.5, 1, 0.6561]) }
        definition["rules"] = .object(rules())
        if random.chance(25) {
            var limits: JSONObject = [:]
            if random.chance(50) { limits["claims"] = integer(1 + random.below(8)) }
            if random.chance(50) { limits["payload_bytes"] = integer(40 + random.below(80)) }
            if random.chance(60) { limits["workflow_bytes"] = integer(50 + random.below(200)) }
            if random.chance(30) { limits["depth"] = integer(1 + random.below(3)) }
            definition["limits"] = .object(limits)
        }
        return definition
    }

    private mutating func task(_ id: String) -> JSONObject {
        var task: JSONObject = ["id": .string(id)]
        if random.chance(40) { task["weight"] = integer(random.below(4)) }
        if random.chance(25) { task["domain"] = .string(random.pick(domains)) }
        return task
    }

    private mutating func rules() -> JSONObject {
        var rules: JSONObject = [:]
        let prefer: JSONValue = .array((0..<(1 + random.below(2))).map { _ in .string(random.pick(domains)) })
        let choices: [(String, JSONObject)] = [
            ("/num", ["strategy": "numeric", "abs": random.pick([0, 1, 0.5, 10])]),
            ("/num2", ["strategy": "numeric", "rel": random.pick([0.1, 0.5, 0.99])]),
            ("/num3", ["strategy": "numeric", "rel": 0.3, "abs": 1]),
            ("/list", ["strategy": "union"]),
            ("/acc", ["strategy": "union", "key": "id"]),
            ("/acc/*/bal", ["strategy": "numeric", "abs": 1]),
            ("/acc/*/log", ["strategy": "append"]),
            ("/acc/*/id", ["strategy": "vote", "weight": 0]),
            ("/acc/\"a\"/x", ["strategy": "latest"]),
            ("/obj/*", ["strategy": random.pick(["latest", "vote", "count"])]),
            ("/obj/x", ["strategy": "prefer", "domains": prefer]),
            ("/pre", ["strategy": "prefer", "domains": prefer]),
            ("/lat", ["strategy": "latest"]),
            ("/vot", ["strategy": "vote"]),
            ("/sum", ["strategy": "sum"]),
            ("/min", ["strategy": "min"]),
            ("/max", ["strategy": "max"]),
            ("/cnt", ["strategy": "count"]),
            ("/log", ["strategy": "append"]),
            ("/txt", ["strategy": "concat-text", "separator": " | "]),
            ("/*/z", ["strategy": "sum"]),
        ]
        for (pointer, rule) in choices where random.chance(60) {
            var rule = rule
            if random.chance(25) { rule["weight"] = integer(random.below(4)) }
            rules[pointer] = .object(rule)
        }
        // No rule below one that takes its value whole.
        if rules["/obj/*"] != nil || rules["/obj/x"] != nil { rules["/*/z"] = nil }
        return rules
    }

    // MARK: events

    mutating func event() -> JSONValue {
        switch random.below(20) {
        case 0: return ["type": "revoked", "task": name(), "attempt": integer(1 + random.below(2))]
        case 1, 2, 3: return .object(taskEnd())
        case 4:
            let tasks = (0..<(1 + random.below(2))).map { _ in
                var planned = task(random.pick(taskNames))
                let index = random.below(8)
                planned["index"] = integer(index)
                // One word on a task at one place.
                planned["weight"] = integer(index % 3)
                planned["domain"] = nil
                return JSONValue.object(planned)
            }
            return ["type": "plan", "tasks": .array(tasks)]
        case 5 where random.chance(60):
            var ended: JSONObject = [
                "type": "workflow_ended", "state": random.pick(["succeeded", "failed", "cancelled"]),
            ]
            var tasks: JSONObject = [:]
            for task in taskNames where random.chance(25) {
                tasks[task] = ["attempt": integer(1 + random.below(2)), "state": state()]
            }
            if random.chance(70) { ended["tasks"] = .object(tasks) }
            return .object(ended)
        default: return .object(artifact())
        }
    }

    private mutating func taskEnd() -> JSONObject {
        var end: JSONObject = [
            "type": "task_ended", "task": name(), "attempt": integer(1 + random.below(2)), "state": state(),
        ]
        if random.chance(60) {
            end["artifacts"] = .array(["result", "b"].filter { _ in random.chance(50) }.map { .string($0) })
        }
        return end
    }

    mutating func artifact() -> JSONObject {
        var artifact: JSONObject = ["type": "artifact", "task": name(), "domain": .string(random.pick(domains))]
        if random.chance(50) { artifact["name"] = random.pick(["result", "b"]) }
        if random.chance(50) { artifact["attempt"] = integer(1 + random.below(random.chance(80) ? 1 : 3)) }
        if random.chance(40) { artifact["seq"] = integer(random.below(3)) }
        artifact["confidence"] =
            random.chance(4) ? random.pick([1.5, -1, "high", .null]) as JSONValue : share()
        if random.chance(50) {
            artifact["finished_at"] = random.pick([
                "2026-01-05T09:00:00Z", "2026-01-05T10:00:00+01:00", "2026-01-05T08:59:59.999Z", "2026-01-06T00:00:00Z",
            ])
        }
        switch random.below(25) {
        case 0: artifact["payload_text"] = random.pick(["{\"a\":1,\"a\":2}", "{\"a\":", "[1]", "{\"n\":1e401}", "{}"])
        case 1: artifact["payload"] = scalar()
        default: artifact["payload"] = .object(payload())
        }
        if random.chance(5) { artifact["payload_bytes"] = integer(random.below(200)) }
        return artifact
    }

    private mutating func payload() -> JSONObject {
        var payload: JSONObject = [:]
        let fields = [
            "a", "b", "num", "num2", "num3", "list", "acc", "obj", "pre", "lat", "vot", "sum", "min", "max", "cnt",
            "log",
            "txt", "é", "x/~",
        ]
        for _ in 0..<(1 + random.below(5)) {
            let field = random.pick(fields)
            payload[field] = random.chance(12) ? value(depth: 0) : fitting(field)
        }
        return payload
    }

    private mutating func fitting(_ field: String) -> JSONValue {
        switch field {
        case "num", "num2", "num3", "sum", "min", "max": return number()
        case "list", "log": return .array((0..<random.below(4)).map { _ in scalar() })
        case "txt": return .string(random.pick(["one", "two", "", "drei\n"]))
        case "acc":
            return .array(
                (0..<random.below(4)).map { _ in
                    var element: JSONObject = [:]
                    if random.chance(85) { element["id"] = random.pick(["a", "b", 1, 1.0, "1", .null, 10, 9]) }
                    if random.chance(50) { element["bal"] = number() }
                    if random.chance(30) { element["log"] = [scalar()] }
                    if random.chance(30) { element["x"] = value(depth: 1) }
                    return .object(element)
                })
        case "obj":
            var object: JSONObject = [:]
            for field in ["x", "y", "z"] where random.chance(50) { object[field] = value(depth: 1) }
            return .object(object)
        default: return value(depth: 0)
        }
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch random.below(depth > 2 ? 6 : 9) {
        case 6: return .array((0..<random.below(4)).map { _ in value(depth: depth + 1) })
        case 7, 8:
            var object: JSONObject = [:]
            for field in ["x", "y", "z", "é"] where random.chance(45) { object[field] = value(depth: depth + 1) }
            return .object(object)
        default: return scalar()
        }
    }

    private mutating func scalar() -> JSONValue {
        random.pick([
            .null, true, false, 1, 2, "1", "a", "é", "e\u{301}", "\u{1}\n\u{7f}", "😀", literal("1.0"), literal("10e-1"),
        ])
    }

    private mutating func number() -> JSONValue {
        literal(
            random.pick([
                "0", "-0.0", "1", "1.0", "0.5", "1.5", "2", "10", "10.9", "11", "12.1", "-1", "-1.4", "100", "1e2",
                "1e400",
                "-1e-400", "18446744073709551617", "0.1", "0.2", "99999999999999999999.5",
            ]))
    }

    private func literal(_ text: String) -> JSONValue { .number(JSONNumber(uncheckedLiteral: text)) }
    private func integer(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
    private mutating func name() -> JSONValue { .string(random.pick(taskNames)) }
    private mutating func state() -> JSONValue {
        random.pick(["succeeded", "succeeded", "skipped", "failed", "cancelled"])
    }
    private mutating func share() -> JSONValue {
        random.pick([0, 1, 0.9, 0.9, 0.5, 0.25, 0.81, 0.123456, 0.9999999, 0.1]) as JSONValue
    }
}
