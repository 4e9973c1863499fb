import Contracts
import Engine
import Foundation
import Testing

@testable import Baton

@Suite(.timeLimit(.minutes(1)))
struct `A definition in a file` {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("baton-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func problems(_ yaml: String, _ catalog: SkillCatalog?) throws -> [String] {
        var lines: [String] = []
        try withFolder { folder in
            let file = folder.appendingPathComponent("plan.yaml")
            try Data(yaml.utf8).write(to: file)
            do {
                _ = try DefinitionFile(file.path).check(catalog)
            } catch let report as ProblemReport {
                lines = report.lines.map { $0.replacing(folder.path + "/", with: "") }
            }
        }
        return lines
    }

    @Test func `is refused with every problem at its line and column, in the order of the file`() throws {
        let domain = DomainName(unchecked: "payments")
        let catalog = SkillCatalog(
            [Skill(id: SkillID(unchecked: "payments.totals"), domain: domain)], domains: [domain])
        let lines = try problems(
            """
            name: check
            version: 1
            tasks:
              a: { skill: payments.nothing }
              b:
                skill: payments.totals
                needs: [c]
            gather: { merge: { /x: { strategy: wat } } }
            """, catalog)
        #expect(
            lines.map { String($0.prefix(while: { $0 != " " })) } == [
                "plan.yaml:4:15:", "plan.yaml:7:5:", "plan.yaml:8:20:",
            ])
        #expect(
            lines[0] == "plan.yaml:4:15: unknown_skill: there is no skill payments.nothing; there is payments.totals")
    }

    @Test func `is read without skills to look at, too`() throws {
        #expect(try problems("{name: check, tasks: {a: {skill: any.thing}}}", nil) == [])
    }

    @Test func `that is no YAML says where`() throws {
        let lines = try problems("name: check\n  tasks: [", nil)
        #expect(lines.first?.hasPrefix("plan.yaml:2:") == true)
    }

    @Test func `takes its input schema from a file beside it`() throws {
        try withFolder { folder in
            try Data(#"{"type": "object", "required": ["pr"]}"#.utf8).write(
                to: folder.appendingPathComponent("input.json"))
            let file = folder.appendingPathComponent("plan.yaml")
            try Data("{name: check, input: {$ref: input.json}, tasks: {a: {skill: any.thing}}}".utf8).write(to: file)
            #expect(try DefinitionFile(file.path).check(nil).input?["required"]?[0] == "pr")
        }
        #expect(
            try problems("{name: check, input: {$ref: no.json}, tasks: {a: {skill: any.thing}}}", nil)
                == ["plan.yaml:1:29: no_file: there is no file no.json beside it"])
    }

    @Test func `whose input schema is none is refused`() throws {
        let lines = try problems("{name: check, input: {type: wat}, tasks: {a: {skill: any.thing}}}", nil)
        #expect(lines.count == 1 && lines[0].contains("invalid_schema"))
    }

    @Test(arguments: ["deploy", "deploy@3", "a.b_c-d@12"])
    func `is named with its version`(text: String) {
        #expect(DefinitionReference(argument: text)?.text == text)
    }

    @Test(arguments: ["", "@3", "deploy@", "deploy@0", "deploy@x", "deploy@1@2", "a b"])
    func `is named by nothing else`(text: String) {
        #expect(DefinitionReference(argument: text) == nil)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A problem in text` {
    @Test func `stands as compilers write them`() {
        let problem = Problem(path: "/tasks/a", code: "cycle", message: "a needs a", line: 4, column: 9)
        #expect(ProblemReport(file: "plan.yaml", problems: [problem]).lines == ["plan.yaml:4:9: cycle: a needs a"])
        #expect(
            ProblemReport(problems: [Problem(path: "/input/pr", code: "invalid_input", message: "is missing")]).lines
                == ["/input/pr: invalid_input: is missing"])
        #expect(
            ProblemReport(file: "skill.yaml", problems: [Problem(path: "", code: "no_file", message: "cannot be read")])
                .lines
                == ["skill.yaml: no_file: cannot be read"])
    }
}
