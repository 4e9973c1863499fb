import Contracts
import Foundation
import JSON
import Testing

@testable import Executor

@Suite(.timeLimit(.minutes(1)))
struct `A skill's file` {
    private func read(_ yaml: String, files: [String: String] = [:]) throws -> Result<SkillFile, SkillRefusal> {
        let folder = NSTemporaryDirectory() + "/skills-\(UUID().uuidString)/payments.check"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files.merging(["skill.yaml": yaml], uniquingKeysWith: { $1 }) {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        return SkillFile.read(folder: folder)
    }

    @Test func `declares a query beside it`() throws {
        let skill = try read(
            """
            id: payments.check
            domain: payments
            version: 2
            title: Checks
            handler: { sql: { file: query.sql, parameters: ["${{ input.event }}"], statement_timeout: 1500ms } }
            artifacts: [{ name: result, payload: "${{ output.rows }}", confidence: 0.9 }]
            """, files: ["query.sql": "SELECT 1"]
        ).get()
        guard case .sql(let rule) = skill.handler else { return #expect(Bool(false), "an sql skill") }
        #expect(rule.query == "SELECT 1")
        #expect(rule.statementTimeout == .milliseconds(1500))
        let draft = try skill.artifacts[0].draft(input: [:], output: ["rows": [1]])
        #expect(draft.payload == ["value": [1]])
        #expect(draft.confidence == JSONNumber(0.9))
    }

    @Test func `is refused with every problem and its place`() throws {
        let result = try read(
            """
            id: payments.other
            domain: payments
            version: 1
            title: Checks
            input: { type: nonsense }
            handler: { sql: { query: SELECT 1, parameters: ["${{ output.rows }}"] } }
            artifacts:
              - { name: result, payload: "${{ tasks.a.output }}", confidence: 1 }
            """)
        guard case .failure(let refusal) = result else { return #expect(Bool(false), "refused") }
        #expect(refusal.problems.contains { $0.path == "/id" && $0.line == 1 })
        #expect(refusal.problems.contains { $0.path.hasPrefix("/input") && $0.line == 5 })
        #expect(refusal.problems.contains { $0.path == "/handler/sql/parameters/0" && $0.line == 6 })
        #expect(refusal.problems.count >= 3)
    }

    @Test func `may be a template, which needs no program`() throws {
        let skill = try read(
            """
            id: payments.check
            domain: payments
            version: 1
            title: Checks
            handler: { template: { output: { sum: "${{ input.a + input.b }}", at: "${{ run.started_at }}" }, delay: 5ms } }
            """
        ).get()
        #expect(skill.isTemplate)
    }

    @Test func `that is a template with a wrong name or span is refused`() throws {
        let result = try read(
            """
            id: payments.check
            domain: payments
            version: 1
            title: Checks
            handler: { template: { output: "${{ output.sum }}", delay: "soon" } }
            """)
        guard case .failure(let refusal) = result else { return #expect(Bool(false), "refused") }
        #expect(refusal.problems.map(\.path).sorted() == ["/handler/template/delay", "/handler/template/output"])
    }

    @Test func `that is no YAML is refused with its line`() throws {
        guard case .failure(let refusal) = try read("id: [1\n") else { return #expect(Bool(false), "refused") }
        #expect(refusal.problems.first?.line != nil)
    }
}
