import Contracts
import Engine
import Handover
import JSON
import Testing

/// The value of a template as the output of a workflow that has this input.
private func evaluate(_ template: JSONValue, _ input: JSONValue = [:]) throws -> JSONValue {
    let text: JSONValue = ["output": template, "tasks": ["t": ["skill": "d1.a"], "3d": ["skill": "d1.a"]]]
    let plan = try Definition.read(text, catalog: catalog, isNamed: false) { _, _ in [] }.plan
    var body = try Bench.created("tasks: { a: { skill: d1.a } }", input: input)
    body.plan = plan.json
    var state = WorkflowState(id: body.workflowID)
    let now = Timestamp(milliseconds: 0)
    _ = state.take(Input(id: MessageID("c")!, kind: .created(body), actor: "p"), now: now)
    var last = Decision()
    for (task, output) in [("t", ["list": [3, 1], "name": "é"]), ("3d", "deep")] as [(String, JSONValue)] {
        _ = state.dispatch(TaskID(task)!, causation: MessageID("d\(task)")!, now: now)
        let done = TaskCompleted(workflowID: state.id, taskID: TaskID(task)!, attempt: 1, output: output)
        last = state.take(
            Input(id: MessageID("e\(task)")!, kind: .completed(done), actor: "e", domain: DomainName("d1")!), now: now)
    }
    guard case .workflowCompleted(let end)? = last.events.last?.body else { throw Failure(text: "no end") }
    if let error = end.error { throw Failure(text: error.message) }
    return end.output
}

private struct Failure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

@Suite(.timeLimit(.minutes(1)))
struct `An expression` {
    @Test(arguments: [
        ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("0.1 + 0.2", "0.3"), ("10 / 4", "2.5"),
        ("2 / 3", "0.66666666666666666667"),
        ("-7 % 4", "-3"), ("7 - 2 - 1", "4"), ("1e3 * 1.10", "1100"), ("- -1", "1"),
        ("-1 / 3 * 3", "-0.99999999999999999999"),
        ("12345678901234567890 + 1", "12345678901234567891"),
        ("1 < 2 && 2 <= 2 && !(3 < 3) && 3 >= 3", "true"), ("'a' < 'b'", "true"), ("1 == 1.0", "true"),
        ("1 == '1'", "false"),
        ("null == input.nothing.at.all", "true"), ("'x' || 'y'", #""x""#), ("'' || 0 || 'y'", #""y""#),
        ("'x' && 1", "1"),
        ("!input.n", "false"), ("input.list[1]", "2"), ("input.list[9]", "null"), ("input['n']", "7"),
        ("input.o.a-b", "5"),
        ("'it''s'", #""it's""#), ("'}}'", #""}}""#), ("tasks.t.output.list[0]", "3"),
        ("tasks['t'].status", #""succeeded""#),
        ("tasks.3d.output", #""deep""#), ("tasks.t.attempt", "1"), ("tasks.t.error", "null"),
        ("tasks.t.artifacts", "[]"),
        ("length('añ')", "2"), ("length(input.list)", "3"), ("length(input.o)", "1"), ("length(null)", "0"),
        ("contains('hello', 'ell')", "true"), ("contains(input.list, 2.0)", "true"),
        ("contains(input.list, '2')", "false"),
        ("contains(input.o, 'a-b')", "true"), ("startsWith('abc', 'ab')", "true"), ("endsWith('abc', 'bc')", "true"),
        ("join(input.list, '-')", #""1-2-3""#), ("join(input.list)", #""1,2,3""#),
        ("format('{0} of {{{1}}}', input.n, 'x')", #""7 of {x}""#), ("toJSON(input.list)", #""[1,2,3]""#),
        (#"fromJSON('{"a":[1.50]}').a[0]"#, "1.50"), ("workflow.name", #""test""#), ("workflow.actor.id", #""ada""#),
    ])
    func `has a value`(text: String, value: String) throws {
        let input: JSONValue = ["n": 7, "list": [1, 2, 3], "o": ["a-b": 5]]
        #expect(try evaluate(.string("${{ \(text) }}"), input).text == value)
    }

    @Test func `keeps its type when it is the whole string, and is written into any other`() throws {
        let input: JSONValue = ["n": 1.50, "s": "x", "o": ["a": 1], "z": .null]
        #expect(try evaluate("${{input.n}}", input).text == "1.5")
        #expect(try evaluate("${{ input.o }}", input) == ["a": 1])
        #expect(try evaluate("a ${{ input.s }}${{ input.o }} ${{ input.z }}!", input) == #"a x{"a":1} !"#)
        #expect(try evaluate(["k": ["${{ input.s }}", 5]], input) == ["k": ["x", 5]])
        #expect(try evaluate("no $ {{ template }}", input) == "no $ {{ template }}")
    }

    @Test(arguments: [
        ("1 / 0", "division by zero"), ("1 + 'a'", "takes two numbers"), ("1 < 'a'", "compares two"),
        ("input.n.x", "has no member"), ("input.n[0]", "has no elements"), ("length(1)", "length takes"),
        ("fromJSON('{')", "fromJSON"), ("format('{5}', 1)", "no value {5}"),
        ("format('{9223372036854775807}')", "no value {9223372036854775807}"), ("format('{', 1)", "format"),
        ("startsWith(1, 2)", "two strings"), ("join(1)", "join takes"),
        ("999999999999999999999999999999999999 * 999", "beyond 36 digits"), ("1e999 + 1", "beyond 36 digits"),
    ])
    func `without a value fails with a reason and its place`(text: String, reason: String) throws {
        let failure = try #require(throws: Failure.self) { try evaluate(["at": .string("${{ \(text) }}")], ["n": 7]) }
        #expect(failure.text.contains(reason))
        #expect(failure.text.hasPrefix("/output/at, character "))
    }

    @Test(arguments: [
        "", "1 +", "(1", "1 2", "a", "input.", "tasks", "tasks.t", "tasks.t.outputs", "tasks[input.x].output",
        "nosuch(1)",
        "length()", "'open", "\"double\"", "1..2", "input[", "item", "index", "success()", "&", "=", "input.x = 1",
        "a b", "1e",
    ])
    func `that is none is refused when the plan is made`(text: String) throws {
        let refusal = try #require(throws: PlanRefusal.self) { try evaluate(.string("x ${{ \(text) }}")) }
        #expect(refusal.problems.map(\.path) == ["/output"])
        #expect(["invalid_expression", "unknown_name"].contains(refusal.problems[0].code))
        #expect(throws: PlanRefusal.self) { try evaluate("${{ 1 ") }
    }

    @Test func `is bounded in size, depth and cost`() throws {
        let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        let long = Array(repeating: "1", count: 2000).joined(separator: "+")
        for text in [deep, long, String(repeating: "!", count: 3000) + "1", String(repeating: " ", count: 20_000)] {
            #expect(throws: PlanRefusal.self) { try evaluate(.string("${{ \(text) }}")) }
        }
        let part = JSONValue.string(String(repeating: "x", count: 100_000))
        var text = "input.p"
        for _ in 0..<20 { text = "format('{0}{0}{0}{0}', \(text))" }
        let failure = try #require(throws: Failure.self) { try evaluate(.string("${{ \(text) }}"), ["p": part]) }
        #expect(failure.text.contains("takes too long"))
    }

    /// Words in any order: most are refused, some have a value, some fail; none does anything else.
    @Test func `made of any words ends in a value or an error`() throws {
        let words = [
            "input", "tasks", "t", ".", "output", "[", "]", "(", ")", "'a'", "1", "0", "1e300", "-", "+", "*", "/", "%",
            "!",
            "==", "<", "&&", "||", "length", "format", "join", ",", "null", "true", "a-b", "'", "{", "}", "\u{1F600}",
            "é", " ",
            "input.n", "tasks.t.output", "toJSON(", "fromJSON('[1]')", "contains(",
            "99999999999999999999999999999999999",
        ]
        var random = SplitMix64(seed: 7)
        var values = 0
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in words.randomElement(using: &random)! }
            if (try? evaluate(.string("${{" + text.joined(separator: " ") + "}}"), ["n": 2])) != nil { values += 1 }
        }
        #expect(values > 50)
    }
}
