import Contracts
import Foundation
import JSON
import Testing
import YAML

@Suite(.timeLimit(.minutes(1)))
struct `A file that people write` {
    /// Every definition, skill and topology file of the repository.
    static let files: [(path: String, schema: FileSchema)] = {
        let root = Example.folder.deletingLastPathComponent()
        let paths = ["examples", "topology"].flatMap { folder in
            FileManager.default.enumerator(atPath: root.appending(path: folder).path)?
                .compactMap { ($0 as? String).map { "\(folder)/\($0)" } } ?? []
        }
        return paths.filter { $0.hasSuffix(".yaml") }.compactMap { path in
            let parts = path.split(separator: "/")
            let schema: FileSchema? =
                switch (parts.first, parts.dropLast().last, parts.last) {
                case ("examples", "definitions", _): .definition
                case ("examples", _, "skill.yaml"): .skill
                case ("topology", _, "baton.yaml"): .topology
                case ("topology", _, "access.yaml"): .access
                case ("topology", _, "domains.yaml"): .domains
                default: nil
                }
            return schema.map { (root.appending(path: path).path, $0) }
        }
    }()

    @Test(arguments: files)
    func `of this repository is what its schema says`(path: String, schema: FileSchema) throws {
        let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        #expect(schema.problems(of: try YAMLReader.parse(text).value).map(\.message) == [])
    }

    @Test func `is refused with every problem and its place`() throws {
        let text = """
            id: Payments
            domain: payments
            title: Totals
            version: 0
            handler: python
            colour: blue
            """
        let problems = FileSchema.skill.problems(of: try YAMLReader.parse(text).value)
        #expect(Set(problems.map(\.path)).isSuperset(of: ["/id", "/version", "/handler"]), "\(problems)")
        #expect(problems.contains { $0.path == "/colour" }, "\(problems)")
        #expect(problems.first { $0.path == "/version" }?.code == "schema_minimum")
    }
}
