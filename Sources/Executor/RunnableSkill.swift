import Contracts
import JSON

/// A skill that this executor can run.
struct RunnableSkill: Sendable {
    let file: SkillFile
    let run: any SkillRun
    private let input: JSONSchema?
    private let output: JSONSchema?

    init(_ file: SkillFile, run: any SkillRun) throws(JSONSchemaError) {
        self.file = file
        self.run = run
        input = try file.input.map { schema throws(JSONSchemaError) in try JSONSchema(schema) }
        output = try file.output.map { schema throws(JSONSchemaError) in try JSONSchema(schema) }
    }

    func checkInput(_ value: JSONValue) throws(RunFailure) { try check(value, input, "invalid_input") }

    func checkOutput(_ value: JSONValue) throws(RunFailure) {
        guard value.serialized().count <= Self.outputLimit else {
            throw RunFailure(
                code: "output_too_large", message: "the output has more than \(Self.outputLimit) bytes",
                isPermanent: true)
        }
        try check(value, output, "invalid_output")
    }

    /// An output travels in one message with its envelope and records; what is larger belongs into an artifact.
    private static let outputLimit = 768 << 10

    private func check(_ value: JSONValue, _ schema: JSONSchema?, _ code: String) throws(RunFailure) {
        guard let problem = schema?.validate(value).first else { return }
        throw RunFailure(code: code, message: problem.description, isPermanent: true)
    }
}
