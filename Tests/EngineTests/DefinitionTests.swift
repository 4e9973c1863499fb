import Contracts
import Engine
import Foundation
import JSON
import Testing
import YAML

@Suite(.timeLimit(.minutes(1)))
struct `A definition` {
    @Test func `becomes a plan with everything filled in, which reads back as itself`() throws {
        let definition = try define(
            """
            name: everything
            version: 3
            title: All of it
            description: every key
            input: { type: object }
            priority: 5
            output: "${{ tasks.b.output }}"
            notify: { slack: "#x" }
            tasks:
              a: { skill: d1.stubborn, retry: { attempts: 3, backoff: 0.5s, factor: 1.5, max: 1m }, timeout: 90, phase: one, weight: 2 }
              b:
                skill: d1.a
                title: Bee
                needs: [a]
                if: always()
                forEach: "${{ tasks.a.output }}"
                limit: 3
                with: { x: "${{ item }}", y: 1.10 }
                start_within: 1.5h
                onFailure: continue
              c: { skill: d1.risky, if: false }
            """)
        #expect(definition.name?.text == "everything")
        #expect(definition.version == 3)
        #expect(definition.priority == 5)
        let tasks = definition.plan.tasks
        #expect(tasks[0].retry == RetryPolicy(attempts: 3, backoff: .milliseconds(500), factor: 1.5, max: .seconds(60)))
        #expect(tasks[0].timeout == .seconds(90))
        #expect(tasks[0].startWithin == .seconds(30))
        #expect(tasks[0].call?.lease == .seconds(10))
        #expect(tasks[0].weight == 2)
        #expect(tasks[1].retry.attempts == 1)
        #expect(tasks[1].startWithin == .seconds(5400))
        #expect(tasks[1].onFailure == .continue)
        #expect(tasks[1].limit == 3)
        #expect(tasks[2].condition == "false")
        #expect(tasks[2].call?.risk == .high)

        let json = try JSONReader.parse(definition.plan.json.serialized())
        #expect(try Plan(json: json) == definition.plan)
        #expect(try Plan(json: json).json.text == json.text)
        #expect(json["tasks"]?["b"]?["with"]?.text == #"{"x":"${{ item }}","y":1.10}"#)
        #expect(json["tasks"]?.object?.names == ["a", "b", "c"])
    }

    @Test func `is refused with all its problems at once`() {
        #expect(
            Set(
                problems(
                    """
                    name: "bad name"
                    version: 0
                    tusks: 1
                    priority: 101
                    tasks:
                      a: { skill: d1.a, needs: [nobody, b], neds: x }
                      b: { skill: d9.a, needs: a, retry: { attempts: 0, tries: 3 }, timeout: soon }
                      c: { skill: d1.later }
                      d: { skill: nowhere.a }
                      e: { with: {} }
                      f: { skill: d1.a, with: { x: "${{ tasks.g.output }}", y: "${{ 1 + }}", z: "${{ nope }}" } }
                      g: { skill: d1.a, if: "tasks.a.status", onFailure: explode, limit: 2 }
                      "h i": { skill: d1.a }
                    """, isNamed: true))
                == [
                    "/name invalid_name", "/version invalid_value", "/tusks unknown_key", "/priority invalid_value",
                    "/tasks/a/needs unknown_task", "/tasks/a/neds unknown_key", "/tasks/a/needs cycle",
                    "/tasks/b/skill unknown_skill", "/tasks/c/skill deferred_skill", "/tasks/d/skill no_pool",
                    "/tasks/e/skill missing", "/tasks/f/with/x not_upstream", "/tasks/f/with/y invalid_expression",
                    "/tasks/f/with/z unknown_name", "/tasks/g/if not_upstream", "/tasks/g/onFailure invalid_value",
                    "/tasks/g/limit invalid_value", "/tasks/h i invalid_name", "/tasks/b/retry/attempts invalid_value",
                    "/tasks/b/retry/tries unknown_key", "/tasks/b/timeout invalid_duration",
                ])
    }

    @Test func `names the cycle that it has`() throws {
        let refusal = try #require(throws: PlanRefusal.self) {
            try define(
                "tasks: { a: { skill: d1.a, needs: c }, b: { skill: d1.a, needs: a }, c: { skill: d1.a, needs: b }, d: { skill: d1.a, needs: d } }"
            )
        }
        #expect(refusal.problems.map(\.code) == ["cycle", "cycle"])
        #expect(refusal.problems[0].message == "a cycle: a needs c needs b needs a")
        #expect(refusal.problems[1].message == "a cycle: d needs d")
    }

    @Test func `is refused by name for what is not built yet`() {
        #expect(problems("{ goal: world peace, tasks: { a: { skill: d1.a } } }") == ["/goal not_supported_yet"])
    }

    @Test func `has tasks that no executor runs, which read back as themselves`() throws {
        let definition = try define(
            """
            concurrency: { key: "${{ input.repository }}", limit: 2 }
            input: { type: object }
            tasks:
              a: { skill: d1.a }
              approve: { approval: { of: "${{ tasks.a.output }}", title: Go?, by: [x, y], quorum: 2, expires: 1h }, needs: a }
              one: { approval: { by: x } }
              gate:
                gate:
                  - { file_exists: { task: a, name: "*.md" } }
                  - { artifact_exists: { kind: url, name: preview }, required: false, message: none }
                  - { content_check: { name: prd.md, sections: [Goals] } }
                  - { content_check: { text: "${{ tasks.a.output.text }}", sections: [Goals] } }
                  - { metric_threshold: { value: "${{ tasks.a.output.n }}", operator: "<", threshold: 1.50 } }
                  - { expression: tasks.a.output.ok }
                needs: a
              w1: { wait: 90s }
              w2: { wait: { for: "${{ input.pause }}" } }
              w3: { wait: { until: 2026-01-31T09:00:00Z } }
              w4: { wait: { signal: go.on, expires: 1h } }
            """)
        #expect(definition.plan.concurrency == Concurrency(key: "${{ input.repository }}", limit: 2))
        #expect(definition.plan.tasks[2].kind == .approval(ApprovalRule(by: ["x"], expires: .seconds(7 * 86_400))))
        #expect(definition.plan.tasks[4].kind == .wait(.span("90s")))
        let json = try JSONReader.parse(definition.plan.json.serialized())
        #expect(try Plan(json: json) == definition.plan)
        #expect(json["tasks"]?["gate"]?["gate"]?.array?.count == 6)
        #expect(json["tasks"]?["w4"]?["retry"] == nil)
    }

    @Test func `has all problems of such tasks at once, too`() {
        #expect(
            Set(
                problems(
                    """
                    concurrency: { key: "${{ tasks.a.output }}", limit: 0, keys: 1 }
                    tasks:
                      a: { skill: d1.a, approval: { by: x } }
                      b: { approval: { of: "${{ tasks.c.output }}", quorum: 0, expires: never, who: x }, retry: { attempts: 2 } }
                      c: { approval: yes, with: {} }
                      d: { approval: { by: [x, x] } }
                      e: { gate: {} }
                      f: { gate: [{ expression: 1 }, { expression: "1 +" }, 7, { file_exists: { name: x, kind: url } }] }
                      g: { gate: { metric_threshold: { value: high, operator: "~", limit: 3 } } }
                      h: { gate: { content_check: { task: nowhere, text: x, sections: [] } } }
                      i: { gate: { file_exists: {}, expression: "true" } }
                      j: { wait: soon }
                      k: { wait: { for: 1m, signal: x } }
                      l: { wait: { until: tomorrow } }
                      m: { wait: { signal: "a b", expires: 1h } }
                      n: { wait: { for: 1m, expires: 1h }, timeout: 5m }
                    """))
                == [
                    "/concurrency/keys unknown_key", "/concurrency/limit invalid_value",
                    "/concurrency/key not_upstream", "/tasks/a invalid_value", "/tasks/b/approval/of not_upstream",
                    "/tasks/b/approval/quorum invalid_value", "/tasks/b/approval/expires invalid_duration",
                    "/tasks/b/approval/who unknown_key", "/tasks/b/approval/by missing", "/tasks/b/retry invalid_value",
                    "/tasks/c/approval wrong_type", "/tasks/c/with invalid_value",
                    "/tasks/d/approval/by invalid_value", "/tasks/e/gate invalid_value",
                    "/tasks/f/gate/0/expression wrong_type", "/tasks/f/gate/1/expression invalid_expression",
                    "/tasks/f/gate/2 wrong_type", "/tasks/f/gate/3/file_exists/kind unknown_key",
                    "/tasks/g/gate/metric_threshold/value wrong_type",
                    "/tasks/g/gate/metric_threshold/operator invalid_value",
                    "/tasks/g/gate/metric_threshold/limit unknown_key",
                    "/tasks/g/gate/metric_threshold/threshold missing",
                    "/tasks/h/gate/content_check/sections invalid_value",
                    "/tasks/h/gate/content_check invalid_value", "/tasks/i/gate invalid_value",
                    "/tasks/j/wait invalid_duration", "/tasks/k/wait invalid_value",
                    "/tasks/l/wait/until invalid_value", "/tasks/m/wait/signal invalid_name",
                    "/tasks/n/wait/expires invalid_value", "/tasks/n/timeout invalid_value",
                ])
    }

    @Test(arguments: [
        ("[]", " wrong_type"), ("{}", "/tasks missing"), ("tasks: []", "/tasks wrong_type"),
        ("tasks: {}", "/tasks wrong_type"), ("tasks: { a: 1 }", "/tasks/a wrong_type"),
        ("tasks: { a: { skill: UPPER } }", "/tasks/a/skill invalid_name"),
        ("tasks: { a: { skill: d1.a, with: [1] } }", "/tasks/a/with wrong_type"),
        ("tasks: { a: { skill: d1.a, needs: [1] } }", "/tasks/a/needs/0 wrong_type"),
        ("tasks: { a: { skill: d1.a }, b: { skill: d1.a, needs: [a, a] } }", "/tasks/b/needs/1 invalid_value"),
        ("tasks: { a: { skill: d1.a, forEach: text } }", "/tasks/a/forEach wrong_type"),
        ("tasks: { a: { skill: d1.a, with: { x: '${{ item }}' } } }", "/tasks/a/with/x unknown_name"),
        ("tasks: { a: { skill: d1.a, forEach: [1], if: item } }", "/tasks/a/if unknown_name"),
        ("tasks: { a: { skill: d1.a, with: { x: '${{ always() }}' } } }", "/tasks/a/with/x unknown_name"),
        ("tasks: { a: { skill: d1.a, with: { x: '${{ tasks.a.output }}' } } }", "/tasks/a/with/x not_upstream"),
        ("tasks: { a: { skill: d1.a, if: '${{ 1 }} && 2' } }", "/tasks/a/if invalid_expression"),
        ("tasks: { a: { skill: d1.a, retry: 3 } }", "/tasks/a/retry wrong_type"),
        ("tasks: { a: { skill: d1.a, timeout: 0s } }", "/tasks/a/timeout invalid_duration"),
        ("tasks: { a: { skill: d1.a, timeout: 400d } }", "/tasks/a/timeout invalid_duration"),
        ("output: '${{ tasks.b.output }}'\ntasks: { a: { skill: d1.a } }", "/output unknown_task"),
        ("input: text\ntasks: { a: { skill: d1.a } }", "/input wrong_type"),
    ])
    func `that is wrong says what and where`(text: String, problem: String) {
        #expect(problems(text) == [problem])
    }

    @Test func `has limits of tasks, bytes and depth`() throws {
        let many = (0...1000).map { "  t\($0): { skill: d1.a }" }.joined(separator: "\n")
        #expect(problems("tasks:\n" + many) == ["/tasks limit_passed"])
        let large = "tasks: { a: { skill: d1.a, with: { x: \"\(String(repeating: "x", count: 600_000))\" } } }"
        #expect(problems(large) == [" limit_passed"])
        let deep = String(repeating: "[", count: 50) + String(repeating: "]", count: 50)
        #expect(problems("tasks: { a: { skill: d1.a, with: { x: \(deep) } } }") == [" limit_passed"])
    }

    @Test func `may have a thousand tasks in a row`() throws {
        let rows = (0..<1000).map { "  t\($0): { skill: d1.a\($0 == 0 ? "" : ", needs: t\($0 - 1)") }" }
        #expect(try define("tasks:\n" + rows.joined(separator: "\n")).plan.tasks.count == 1000)
    }

    @Test func `shows its problems in the file they were read from`() throws {
        let text = "name: x\ntasks:\n  a:\n    skill: d1.a\n    needs: [b]\n"
        let document = try YAMLReader.parse(text)
        let refusal = try #require(throws: PlanRefusal.self) {
            try Definition.read(document.value, catalog: catalog) { _, _ in [] }
        }
        let problem = refusal.problems.located { document.positions.position(of: $0).map { ($0.line, $0.column) } }[0]
        #expect(problem.line == 5 && problem.column == 5)
    }

    @Test func `passes on what others find in its gather block and its inputs`() throws {
        let found = Problem(path: "/gather/merge", code: "unknown_strategy", message: "m")
        let value: JSONValue = ["gather": ["merge": 1], "input": ["type": "object"], "tasks": ["a": ["skill": "d1.a"]]]
        let refusal = try #require(throws: PlanRefusal.self) {
            try Definition.read(value, catalog: catalog, isNamed: false) { gather, path in
                #expect(gather == ["merge": 1] && path.text == "/gather")
                return [found]
            }
        }
        #expect(refusal.problems.map(\.code) == ["unknown_strategy"])
        let definition = try Definition.read(value, catalog: catalog, isNamed: false) { _, _ in [] }
        let problems = definition.problems(ofInput: [:]) { schema, input in
            #expect(schema == ["type": "object"] && input == [:])
            return [Problem(path: "/n", code: "required", message: "m")]
        }
        #expect(problems.map(\.path) == ["/input/n"])
        #expect(problems.map(\.code) == ["invalid_input"])
    }

    @Test(arguments: [
        ("500ms", "500ms"), ("90s", "90s"), ("1.5h", "90m"), ("60m", "1h"), ("7d", "7d"), ("0s", "0s"),
        ("1500ms", "1500ms"),
    ])
    func `writes spans of time as people do`(text: String, written: String) throws {
        #expect(Span.text(try #require(Span.parse(text))) == written)
    }

    @Test(arguments: ["", "5", "s", "-1s", "1h30m", "1 s", "1e3s", "0.0001s", "1S", "1.s", "999999999d", "1y"])
    func `does not guess at other spans`(text: String) { #expect(Span.parse(text) == nil) }
}

@Suite(.timeLimit(.minutes(1)))
struct `The page on definitions` {
    private func page() throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: root + "/docs/definitions.md", encoding: .utf8)
    }

    @Test func `names every key of the contract's schema, and every code of a problem`() throws {
        let page = try page()
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let text = try String(contentsOfFile: root + "/contracts/schemas/definition.schema.json", encoding: .utf8)
        let schema = try JSONReader.parse(text)
        let keys = schema["properties"]?.object?.names ?? []
        let taskKeys = schema["definitions"]?["task"]?["properties"]?.object?.names ?? []
        #expect(keys.count > 8 && taskKeys.count > 15)
        for key in keys + taskKeys { #expect(page.contains("`\(key)`"), "\(key) is not on the page") }
    }

    @Test func `has an example that is a definition`() throws {
        let example = try #require(
            try page().split(separator: "```yaml\n").dropFirst().first?.split(separator: "\n```").first)
        let skills = ["data-read.survey", "data-read.street", "growth-marketing.report", "platform-db-edge.page"].map {
            Skill(id: SkillID($0)!, domain: DomainName(String($0.prefix { $0 != "." }))!)
        }
        let catalog = SkillCatalog(skills, domains: skills.map(\.domain))
        let value = try YAMLReader.parse(String(example)).value
        #expect(try Definition.read(value, catalog: catalog) { _, _ in [] }.plan.tasks.count == 4)
    }
}
