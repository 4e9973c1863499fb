import Contracts
import Engine
import JSON

/// Templates of a skill's file: expressions over the order's `input` and, once there is one, the run's `output`.
enum OutputTemplate {
    /// What is wrong with the templates in a value; paths begin at the value.
    static func problems(in value: JSONValue, mayUseOutput: Bool, mayUseRun: Bool = false) -> [Problem] {
        SkillTemplate.problems(in: value, mayUseOutput: mayUseOutput, mayUseRun: mayUseRun)
    }

    static func resolve(
        _ value: JSONValue, input: JSONValue, output: JSONValue, run: JSONValue = .null
    ) throws(RunFailure) -> JSONValue {
        do {
            return try SkillTemplate.resolve(value, input: input, output: output, run: run)
        } catch {
            throw RunFailure(code: "template", message: "\(error)", isPermanent: true)
        }
    }
}
