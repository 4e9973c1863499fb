import Contracts
import Engine
import Executor
import Foundation
import JSON
import Planner
import Store

/// The skills below a folder, as their files declare them.
struct SkillFolder {
    let skills: [SkillFile]
    let reports: [ProblemReport]

    /// - Throws: ``CommandFailure`` when there is no such folder, or no skill in it.
    init(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path + "/.") else {
            throw CommandFailure(ExitStatus.notFound, "There is no folder \(path).")
        }
        let (skills, refusals) = SkillFile.readAll(below: path)
        guard !skills.isEmpty || !refusals.isEmpty else {
            throw CommandFailure(
                ExitStatus.notFound,
                "There is no skill in \(path): a skill is a folder named after it, with skill.yaml in it.")
        }
        let domains = try Catalogs.domains()
        var reports = refusals.map { ProblemReport(file: $0.file, problems: $0.problems) }
        for skill in skills where !domains.contains(skill.domain) {
            let known = domains.map(\.text).sorted().joined(separator: ", ")
            let problem = Problem(
                path: "/domain", code: "no_pool",
                message: "there is no domain \(skill.domain) in the topology; there is \(known)")
            reports.append(ProblemReport(file: skill.folder + "/skill.yaml", problems: [problem]))
        }
        self.skills = skills
        self.reports = reports
    }

    /// - Throws: ``CommandFailure`` when one of them has problems.
    func catalog() throws -> SkillCatalog {
        guard reports.isEmpty else {
            for line in reports.flatMap(\.lines) { Console.complain(line) }
            throw ExitStatus.failed
        }
        let rows = skills.map { $0.row(workspace: "") }
        return SkillCatalog(rows.compactMap { Skill(registered: $0) }, domains: try Catalogs.domains())
    }
}

extension SkillFile {
    /// As it is registered.
    func row(workspace: String) -> SkillRow {
        SkillRow(
            workspace: workspace, id: id.text, version: version, domain: domain.text,
            digest: SHA256.hex(declaration.canonicalText), skill: declaration)
    }
}
