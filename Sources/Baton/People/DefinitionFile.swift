import ArgumentParser
import Contracts
import Engine
import Foundation
import Gathering
import JSON
import YAML

/// A definition as a file says it, and where in the file each part of it stands.
struct DefinitionFile {
    let path: String
    let source: String
    /// With the input schema that it refers to written out.
    let value: JSONValue
    private let positions: SourceMap

    /// - Throws: ``CommandFailure`` when there is no such file, ``ProblemReport`` when it is no YAML.
    init(_ path: String) throws {
        let (source, document) = try Self.read(path)
        self.path = path
        self.source = source
        positions = document.positions
        value = try Self.withInputSchema(document.value, of: path, positions)
    }

    /// The definition, or everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - catalog: `nil`: whatever skill it names is taken for one that there is.
    ///   - isNamed: whether it needs a name.
    ///   - actor: who asks for it; `nil` while nobody does.
    func check(_ catalog: SkillCatalog?, isNamed: Bool = true, actor: Contracts.Actor? = nil) throws(ProblemReport)
        -> Definition
    {
        var problems: [Problem] = []
        var definition: Definition?
        do throws(PlanRefusal) {
            definition = try Definition.read(
                value, catalog: catalog ?? SkillCatalog(assuming: value), isNamed: isNamed, actor: actor,
                checkGather: Self.checkGather)
        } catch {
            problems = error.problems
        }
        let told = problems.map(\.path)
        problems += FileSchema.definition.problems(of: value).filter { problem in
            (isNamed || problem.path != "")
                && !told.contains { $0.hasPrefix(problem.path) || problem.path.hasPrefix($0) }
        }
        problems += Self.schemaProblems(value["input"])
        guard problems.isEmpty, let definition else { throw report(problems) }
        return definition
    }

    static func checkGather(_ gather: JSONValue, _ path: JSONPointer) -> [Problem] {
        do throws(GatherProblems) {
            _ = try GatherDefinition(gather, at: path)
            return []
        } catch {
            return error.problems
        }
    }

    /// Problems with their places in the file, in the order of the file.
    ///
    /// - Parameter prefix: what stands before the paths: `/plan` in a request.
    func report(_ problems: [Problem], prefix: String = "") -> ProblemReport {
        let here = problems.map { problem in
            var problem = problem
            if !prefix.isEmpty, problem.path.hasPrefix(prefix) { problem.path.removeFirst(prefix.count) }
            return problem
        }
        let located = here.located { path in positions.position(of: path).map { ($0.line, $0.column) } }
        let sorted = located.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            return (a.line ?? 0, a.column ?? 0, left.offset) < (b.line ?? 0, b.column ?? 0, right.offset)
        }
        return ProblemReport(file: path, problems: sorted.map(\.element))
    }

    // MARK: Reading

    static func read(_ path: String) throws -> (source: String, document: YAMLDocument) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(ExitStatus.notFound, "\(path) cannot be read.")
        }
        do throws(YAMLError) {
            return (String(decoding: data, as: UTF8.self), try YAMLReader.parse([UInt8](data)))
        } catch {
            let problem = Problem(
                path: "", code: error.code.rawValue, message: error.message, line: error.position?.line,
                column: error.position?.column)
            throw ProblemReport(file: path, problems: [problem])
        }
    }

    /// `input: { $ref: schemas/event.json }` names a file beside this one.
    private static func withInputSchema(_ value: JSONValue, of path: String, _ positions: SourceMap) throws -> JSONValue
    {
        guard var members = value.object, let input = members["input"]?.object, input.count == 1,
            let name = input["$ref"]?.string, !name.hasPrefix("#"), !name.contains("://")
        else { return value }
        let file = URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: path)).path
        guard FileManager.default.fileExists(atPath: file) else {
            let place = positions.position(of: "/input/$ref")
            let problem = Problem(
                path: "/input/$ref", code: "no_file", message: "there is no file \(name) beside it", line: place?.line,
                column: place?.column)
            throw ProblemReport(file: path, problems: [problem])
        }
        members["input"] = try read(file).document.value
        return .object(members)
    }

    private static func schemaProblems(_ schema: JSONValue?) -> [Problem] {
        guard let schema else { return [] }
        do throws(JSONSchemaError) {
            _ = try JSONSchema(schema)
            return []
        } catch {
            return [Problem(path: "/input" + error.pointer.text, code: "invalid_schema", message: error.message)]
        }
    }
}

extension SkillCatalog {
    /// As if there were every skill that a definition names.
    fileprivate init(assuming definition: JSONValue) {
        let domain = DomainName(unchecked: "any")
        let names = definition["tasks"]?.object?.members.compactMap { $0.value["skill"]?.string } ?? []
        self.init(names.compactMap { SkillID($0) }.map { Skill(id: $0, domain: domain) }, domains: [domain])
    }
}
