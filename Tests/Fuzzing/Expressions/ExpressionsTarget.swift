@testable import Engine
import Contracts
import FuzzSupport
import JSON

/// A template, U+001E, the JSON that its expressions see as `input`, `item` and `output`; `?` before it makes it a
/// condition.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExpressions(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz(start, count) { bytes in
        guard let parts = parts(bytes, count: 2), let text = String(validating: parts[0], as: UTF8.self),
            let input = try? JSONReader.parse(parts[1])
        else { return }
        let scope = Scope(
            input: input, workflow: ["name": "w"], item: input, index: 3, output: input,
            task: { id, field in field == .output ? input : .string("\(id).\(field)") })
        if text.hasPrefix("?") {
            condition(String(text.dropFirst()), scope)
        } else {
            template(text, scope)
        }
    }
}

private func condition(_ text: String, _ scope: Scope) {
    do throws(ExpressionError) {
        let expression = try Template.condition(text)
        _ = (expression.asksStatus, expression.roots)
        var evaluator = Evaluator(scope: scope)
        evaluated(try evaluator.value(of: expression))
    } catch {
        check(error, text)
    }
}

private func template(_ text: String, _ scope: Scope) {
    do throws(ExpressionError) {
        let template = try Template(text)
        var evaluator = Evaluator(scope: scope)
        evaluated(try template.evaluate(&evaluator))
    } catch {
        check(error, text)
    }
    // Where it stands in a value, it is found and has the same end.
    let value: JSONValue = ["a/b": [.string(text)]]
    for problem in SkillTemplate.problems(in: value, mayUseOutput: true) {
        expect(
            value[JSONPointer(parsing: problem.path) ?? .root] == .string(text), "a problem elsewhere: \(problem.path)")
    }
    _ = try? SkillTemplate.resolve(value, input: scope.input, output: scope.output)
}

/// The value can be sent: it is JSON.
private func evaluated(_ value: JSONValue) {
    let limits = JSONLimits(bytes: .max, depth: 128, keys: .max)
    do throws(JSONError) {
        expect(try JSONReader.parse(value.serialized(), limits: limits) == value, "the value is written as another")
    } catch {
        expect(false, "the value is no JSON: \(error)")
    }
}

private func check(_ error: ExpressionError, _ text: String) {
    let length = text.unicodeScalars.count
    expect((0...length).contains(error.offset), "the offset \(error.offset) of \(length) scalars: \(error.message)")
}
