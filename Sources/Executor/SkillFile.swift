package import Contracts
package import JSON
import YAML

/// A skill as its file declares it (`skills/<skill-id>/skill.yaml`, `contracts/schemas/skill.schema.json`).
package struct SkillFile: Sendable {
    package var id: SkillID
    package var domain: DomainName
    package var version: Int
    package var title: String
    package var handler: SkillHandler
    package var artifacts: [ArtifactRule]
    /// JSON Schemas; `nil` takes anything.
    package var input: JSONValue?
    package var output: JSONValue?
    /// Where it lies; programs run there.
    package var folder: String
    /// All of the file, as it is registered.
    package var declaration: JSONValue

    package var isTemplate: Bool { if case .template = handler { true } else { false } }
}

/// What runs a skill.
package enum SkillHandler: Sendable {
    case sql(SQLRule)
    case command(CommandRule)
    case template(TemplateRule)
    /// Somebody else's executor serves it.
    case external
}

/// A query in a read-only transaction on the domain's own database.
package struct SQLRule: Sendable {
    package var query: String
    /// `$1`, `$2` … in order; each may be a template over `input`.
    package var parameters: [JSONValue]
    package var statementTimeout: Duration
    package var maxRows: Int
}

/// A program: JSON on standard input, JSON lines on standard output, logs on standard error.
package struct CommandRule: Sendable {
    package var run: [String]
    /// The names of variables of ours that are passed on.
    package var environment: [String]
    package var outputLimit: Int
    package var lineLimit: Int
    package var logLimit: Int
    package var artifactLimit: Int
    /// Between the polite signal and the last one.
    package var stopWithin: Duration
}

/// No program at all: the output is a template over `input`, ready after a delay if there is one.
package struct TemplateRule: Sendable {
    package var output: JSONValue
    /// A span, or a template that gives one.
    package var delay: JSONValue?
}

/// How an artifact is made of an output.
package struct ArtifactRule: Sendable {
    package var name: ArtifactName
    package var kind: ArtifactKind
    package var mediaType: String
    /// A template over `output` and `input`; `nil`: the output itself.
    package var payload: JSONValue?
    package var summary: String?
    /// A number, or a template that gives one.
    package var confidence: JSONValue
}

extension SkillFile {
    /// Reads a skill's file, or finds everything that is wrong with it.
    ///
    /// - Parameter folder: the skill's own, named after it.
    package static func read(folder: String) -> Result<SkillFile, SkillRefusal> {
        let path = folder + "/skill.yaml"
        let document: YAMLDocument
        do throws(YAMLError) {
            guard let text = FileText.read(path) else {
                return .failure(SkillRefusal(path, [Problem(path: "", code: "no_file", message: "cannot be read")]))
            }
            document = try YAMLReader.parse(text)
        } catch {
            let problem = Problem(
                path: "", code: error.code.rawValue, message: error.message, line: error.position?.line,
                column: error.position?.column)
            return .failure(SkillRefusal(path, [problem]))
        }
        var reader = SkillReader(document.value, folder: folder)
        let skill = reader.read()
        guard let skill, reader.problems.isEmpty else {
            let problems = reader.problems.map { problem in
                var problem = problem
                let place = document.positions.position(of: problem.path)
                (problem.line, problem.column) = (place?.line, place?.column)
                return problem
            }
            return .failure(SkillRefusal(path, problems))
        }
        return .success(skill)
    }

    /// Reads every skill below a folder, in the order of their names.
    package static func readAll(below root: String) -> (skills: [SkillFile], refusals: [SkillRefusal]) {
        var skills: [SkillFile] = []
        var refusals: [SkillRefusal] = []
        for name in FileText.folders(in: root).sorted() where FileText.exists("\(root)/\(name)/skill.yaml") {
            switch read(folder: "\(root)/\(name)") {
            case .success(let skill): skills.append(skill)
            case .failure(let refusal): refusals.append(refusal)
            }
        }
        return (skills, refusals)
    }
}

/// Why a skill's file was refused: everything at once.
package struct SkillRefusal: Error, Sendable {
    package var file: String
    package var problems: [Problem]

    init(_ file: String, _ problems: [Problem]) {
        self.file = file
        self.problems = problems
    }
}
