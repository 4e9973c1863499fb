package import Contracts
package import JSON

/// How the artifacts of a workflow become one result: the `gather` block of its definition.
package struct GatherDefinition: Sendable {
    /// In millionths; learnt offline, never during a merge.
    package var reliability: [DomainName: Int] = [:]
    package var defaultReliability = 900_000
    /// The conflict from which a place is listed, in millionths.
    package var conflictThreshold = 250_000
    package var rules = RuleTree()
    package var limits = GatherLimits()

    package init() {}

    /// - Parameters:
    ///   - json: the block; `null` is an empty one.
    ///   - path: of the block in what it was read from, for the problems.
    /// - Throws: every problem at once.
    package init(_ json: JSONValue, at path: JSONPointer = .root) throws(GatherProblems) {
        var reader = GatherReader()
        self = reader.read(json, at: path)
        if !reader.problems.isEmpty { throw GatherProblems(problems: reader.problems) }
    }

    func reliability(of domain: DomainName) -> Int { reliability[domain] ?? defaultReliability }
}

/// Why a `gather` block cannot be used.
package struct GatherProblems: Error, Sendable {
    package let problems: [Problem]
}

extension GatherDefinition {
    /// What is wrong with a `gather` block; paths begin where it stands.
    package static func problems(in json: JSONValue, at path: JSONPointer) -> [Problem] {
        var reader = GatherReader()
        _ = reader.read(json, at: path)
        return reader.problems
    }
}

/// Reads a `gather` block and gathers what is wrong with it.
private struct GatherReader {
    var problems: [Problem] = []

    mutating func read(_ json: JSONValue, at path: JSONPointer) -> GatherDefinition {
        var definition = GatherDefinition()
        guard !json.isNull, let members = object(json, at: path) else { return definition }
        for (name, value) in members.members {
            let here = path.appending(name)
            switch name {
            case "reliability": definition.reliability = reliability(value, at: here)
            case "default_reliability": definition.defaultReliability = share(value, at: here)
            case "conflict_threshold": definition.conflictThreshold = share(value, at: here)
            case "merge": definition.rules = rules(value, at: here)
            case "limits": definition.limits = limits(value, at: here)
            default: unknown(here, "gather has no member \(name)")
            }
        }
        return definition
    }

    private mutating func reliability(_ json: JSONValue, at path: JSONPointer) -> [DomainName: Int] {
        var shares: [DomainName: Int] = [:]
        for (name, value) in object(json, at: path)?.members ?? [] {
            let here = path.appending(name)
            if let domain = DomainName(name) {
                shares[domain] = share(value, at: here)
            } else {
                problem(here, "bad_domain", "not the name of a runner domain")
            }
        }
        return shares
    }

    private mutating func limits(_ json: JSONValue, at path: JSONPointer) -> GatherLimits {
        var limits = GatherLimits()
        for (name, value) in object(json, at: path)?.members ?? [] {
            let here = path.appending(name)
            switch name {
            case "payload_bytes": limits.payloadBytes = integer(value, 0...(16 << 20), at: here) ?? 0
            case "depth": limits.depth = integer(value, 1...64, at: here) ?? 1
            case "claims": limits.claims = integer(value, 0...100_000, at: here) ?? 0
            case "workflow_bytes": limits.workflowBytes = integer(value, 0...(64 << 20), at: here) ?? 0
            default: unknown(here, "there is no limit called \(name)")
            }
        }
        return limits
    }

    // MARK: rules

    private mutating func rules(_ json: JSONValue, at path: JSONPointer) -> RuleTree {
        var tree = RuleTree()
        var pointers: [(JSONPointer, JSONPointer)] = []
        for (name, value) in object(json, at: path)?.members ?? [] {
            let here = path.appending(name)
            guard let pointer = JSONPointer(parsing: name), !pointer.isRoot else {
                problem(here, "bad_pointer", "a rule is named by a JSON Pointer below the root, such as /status")
                continue
            }
            guard let rule = rule(value, at: here) else { continue }
            if tree.insert(rule, at: pointer) {
                pointers.append((pointer, here))
            } else {
                problem(here, "duplicate_rule", "there is another rule for this place")
            }
        }
        for (pointer, here) in pointers {
            let above = pointer.tokens.indices.dropFirst().map { JSONPointer(Array(pointer.tokens[..<$0])) }
            if let leaf = above.first(where: { tree.rule(at: $0)?.isLeaf == true }) {
                problem(here, "rule_below_leaf", "the rule for \(leaf) takes its value whole")
            }
        }
        return tree
    }

    private mutating func rule(_ json: JSONValue, at path: JSONPointer) -> MergeRule? {
        if let name = json.string { return rule(name, [:], at: path) }
        guard let members = object(json, at: path) else { return nil }
        if let strategy = members["strategy"] {
            guard let name = strategy.string else {
                problem(path.appending("strategy"), "bad_strategy", "a strategy is a name")
                return nil
            }
            return rule(name, members, at: path)
        }
        if members.count == 1, let (name, key) = members.members.first, name == "union" {
            return rule("union", ["key": key], at: path)
        }
        problem(path, "bad_strategy", "a rule names its strategy")
        return nil
    }

    private mutating func rule(_ name: String, _ members: JSONObject, at path: JSONPointer) -> MergeRule? {
        guard let options = Self.options[name] else {
            problem(path, "unknown_strategy", "there is no strategy called \(name)")
            return nil
        }
        for member in members.names where member != "strategy" && member != "weight" && !options.contains(member) {
            unknown(path.appending(member), "the strategy \(name) has no option \(member)")
        }
        guard let strategy = strategy(name, members, at: path) else { return nil }
        let weight = members["weight"].map { integer($0, 0...1_000_000, at: path.appending("weight")) ?? 1 }
        return MergeRule(strategy, weight: weight ?? 1)
    }

    private static let options: [String: [String]] = [
        "vote": [], "prefer": ["domains"], "latest": [], "numeric": ["abs", "rel"], "union": ["key"], "append": [],
        "concat-text": ["separator"], "sum": [], "min": [], "max": [], "count": [],
    ]

    private mutating func strategy(
        _ name: String, _ members: JSONObject, at path: JSONPointer
    ) -> MergeRule.Strategy? {
        switch name {
        case "vote": return .vote
        case "latest": return .latest
        case "append": return .append
        case "sum": return .sum
        case "min": return .min
        case "max": return .max
        case "count": return .count
        case "prefer": return .prefer(domains(members["domains"], at: path.appending("domains")))
        case "numeric":
            let rel = tolerance(members["rel"], at: path.appending("rel"))
            if rel >= JSONDecimal(isNegative: false, digits: [1], point: 1) {
                problem(path.appending("rel"), "bad_tolerance", "a relative tolerance is below 1")
            }
            return .numeric(abs: tolerance(members["abs"], at: path.appending("abs")), rel: rel)
        case "union": return .union(key: text(members["key"], at: path.appending("key")))
        default: return .concatText(separator: text(members["separator"], at: path.appending("separator")) ?? "\n")
        }
    }

    private mutating func domains(_ json: JSONValue?, at path: JSONPointer) -> [DomainName] {
        guard let elements = json?.array, !elements.isEmpty else {
            problem(path, "bad_domains", "prefer needs a list of runner domains")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            let domain = element.string.flatMap { DomainName($0) }
            if domain == nil { problem(path.appending(index), "bad_domain", "not the name of a runner domain") }
            return domain
        }
    }

    private mutating func tolerance(_ json: JSONValue?, at path: JSONPointer) -> JSONDecimal {
        guard let json else { return .zero }
        guard let value = json.number?.decimal, !value.isNegative, value.isWithinLimits(json.number) else {
            problem(path, "bad_tolerance", "a tolerance is a number from 0 on")
            return .zero
        }
        return value
    }

    // MARK: plain members

    private mutating func object(_ json: JSONValue, at path: JSONPointer) -> JSONObject? {
        if json.object == nil { problem(path, "not_an_object", "an object is expected") }
        return json.object
    }

    /// From 0 to 1, in millionths.
    private mutating func share(_ json: JSONValue, at path: JSONPointer) -> Int {
        if let decimal = json.number?.decimal, let share = decimal.share { return share }
        problem(path, "bad_share", "a number from 0 to 1 is expected")
        return 0
    }

    private mutating func integer(_ json: JSONValue, _ range: ClosedRange<Int>, at path: JSONPointer) -> Int? {
        if let value = json.int, range.contains(value) { return value }
        problem(path, "bad_integer", "a whole number from \(range.lowerBound) to \(range.upperBound) is expected")
        return nil
    }

    private mutating func text(_ json: JSONValue?, at path: JSONPointer) -> String? {
        if let json, json.string == nil { problem(path, "not_a_string", "a string is expected") }
        return json?.string
    }

    private mutating func unknown(_ path: JSONPointer, _ message: String) { problem(path, "unknown_member", message) }

    private mutating func problem(_ path: JSONPointer, _ code: String, _ message: String) {
        problems.append(Problem(path: path.text, code: code, message: message))
    }
}
