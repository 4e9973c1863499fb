import Contracts
import Foundation
import JSON
import Testing

/// A file of `contracts/examples`: `<schema>.valid….json` or `<schema>.invalid-….json`.
struct Example: CustomTestStringConvertible, Sendable {
    let name: String
    let value: JSONValue
    let schema: ContractSchema
    let isValid: Bool

    var testDescription: String { name }

    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "contracts")

    static let all: [Example] = {
        do {
            let files = try FileManager.default.contentsOfDirectory(
                at: folder.appending(path: "examples"), includingPropertiesForKeys: nil)
            return try files.sorted { $0.path < $1.path }.map(Example.init)
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    init(_ file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        value = try JSONReader.parse(Array(Data(contentsOf: file)))
        let mark = try #require(name.firstRange(of: ".valid") ?? name.firstRange(of: ".invalid"))
        let schemaName = name[..<mark.lowerBound]
        schema = try #require(ContractSchema.all.first { $0.name == schemaName })
        isValid = name.contains(".valid")
    }

    static var messages: [Example] {
        all.filter { if case .message = $0.schema { $0.isValid } else { false } }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `An example of the contracts` {
    @Test(arguments: Example.all)
    func `is what its schema says, or not, as its name tells`(example: Example) {
        let problems = example.schema.problems(in: example.value)
        #expect(problems.isEmpty == example.isValid, "\(problems)")
    }

    @Test(arguments: ContractSchema.all)
    func `is there for every schema, valid and invalid`(schema: ContractSchema) {
        let mine = Example.all.filter { $0.schema == schema }
        #expect(mine.contains { $0.isValid } && mine.contains { !$0.isValid })
    }

    @Test(arguments: Example.messages)
    func `comes back from its Swift type as it was`(example: Example) throws {
        guard case .message(let type) = example.schema else { return }
        let body = try Body(type, example.value)
        let encoded = try JSONReader.parse(body.message.encoded())
        #expect(example.schema.problems(in: encoded).isEmpty)
        #expect(Swift.type(of: body.message).type == type)
        let again = try Body(type, encoded)
        #expect(try again.message.encoded() == body.message.encoded())
        for (name, value) in example.value.object?.members ?? [] where !value.isNull {
            #expect(encoded[name] == value, "\(name)")
        }
    }

    /// The sender's identifiers are checked by their schemas, and by our own types where no schema is asked.
    @Test func `that is invalid in an identifier is refused by its Swift type too`() throws {
        let names = [
            "task.started.invalid-long-id", "workflow.wake.invalid-id", "executor.heartbeat.invalid-domain",
            "task.dispatched.invalid-skill", "task.completed.invalid-artifact-name",
            "workflow.requested.invalid-request-id",
        ]
        for example in Example.all where names.contains(example.name) {
            guard case .message(let type) = example.schema else { continue }
            #expect(throws: DecodingError.self, "\(example.name)") { try Body(type, example.value) }
        }
    }

    @Test func `is judged by Python's jsonschema as by us`() throws {
        let python = try Python.run(script: "validate.py", arguments: [Example.folder.path])
        guard let python else {
            withKnownIssue("python3 with jsonschema is not installed: not checked", isIntermittent: true) {
                Issue.record("python3 -c 'import jsonschema' fails")
            }
            return
        }
        let expected = Set(Example.all.map { "\($0.name) \($0.isValid ? "valid" : "invalid")" })
        #expect(Set(python.split(separator: "\n").map(String.init)) == expected)
    }
}

/// Runs a script that lies beside this file.
private enum Python {
    /// - Returns: what it prints; `nil` when there is no Python with what the script imports (it then exits with 77).
    static func run(script: String, arguments: [String]) throws -> String? {
        for python in ["/usr/bin/python3", "/usr/local/bin/python3"] + pathPythons
        where FileManager.default.isExecutableFile(atPath: python) {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: python)
            process.arguments =
                [URL(filePath: #filePath).deletingLastPathComponent().appending(path: script).path] + arguments
            process.standardOutput = output
            try process.run()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            if process.terminationStatus == 0 { return String(decoding: text, as: UTF8.self) }
            try #require(process.terminationStatus == 77, "\(script) failed")
        }
        return nil
    }

    private static var pathPythons: [String] {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
    }
}
