package import Contracts
package import JSON

/// Templates of a skill's file: expressions over the order's `input` and, where there is one, the run's `output`.
package enum SkillTemplate {
    /// What is wrong with the templates in a value; paths begin at the value.
    ///
    /// - Parameter mayUseRun: `run.started_at`, the seconds since 1970 with six decimals.
    package static func problems(in value: JSONValue, mayUseOutput: Bool, mayUseRun: Bool = false) -> [Problem] {
        var problems: [Problem] = []
        value.templates(at: "") { path, text in
            do throws(ExpressionError) {
                for expression in try Template(text).expressions {
                    for root in expression.roots {
                        if root == .input || (root == .output && mayUseOutput) || (root == .run && mayUseRun) {
                            continue
                        }
                        problems.append(
                            Problem(path: path, code: "unknown_name", message: "`\(root.rawValue)` means nothing here"))
                    }
                }
            } catch {
                problems.append(Problem(path: path, code: "expression", message: error.message))
            }
        }
        return problems
    }

    /// - Throws: ``TemplateError`` for a template without a value.
    package static func resolve(
        _ value: JSONValue, input: JSONValue, output: JSONValue, run: JSONValue = .null
    ) throws(TemplateError) -> JSONValue {
        var evaluator = Evaluator(scope: Scope(input: input, output: output, run: run))
        do throws(ExpressionError) {
            return try value.resolved(&evaluator, at: "")
        } catch {
            throw TemplateError(path: error.path, message: error.message)
        }
    }
}

/// Why a template has no value.
package struct TemplateError: Error, Sendable, CustomStringConvertible {
    package var path: String
    package var message: String
    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
