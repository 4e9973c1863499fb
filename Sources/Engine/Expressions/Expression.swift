import Contracts
import JSON

/// What stands between `${{` and `}}`: a small total language. It has no loops, no names of its own and no effects,
/// so evaluating one always ends, with a value or an ``ExpressionError``.
indirect enum Expression: Sendable {
    case literal(JSONValue)
    case root(Root)
    /// `tasks.NAME.FIELD`; tasks are named, never computed, so that a plan shows what depends on what.
    case task(TaskID, TaskField)
    case member(Expression, String, offset: Int)
    case element(Expression, Expression, offset: Int)
    case not(Expression)
    case negated(Expression, offset: Int)
    case binary(Operator, Expression, Expression, offset: Int)
    case call(Function, [Expression], offset: Int)

    /// What an expression can begin with, beside `tasks`; `output` and `run` in the templates of skills only.
    enum Root: String, Sendable, CaseIterable { case input, workflow, item, index, output, run }

    enum TaskField: String, Sendable, CaseIterable { case output, status, error, attempt, artifacts }

    enum Operator: String, Sendable {
        case or = "||"
        case and = "&&"
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divided = "/"
        case remainder = "%"
    }

    enum Function: String, Sendable, CaseIterable {
        case length, contains, startsWith, endsWith, join, format, toJSON, fromJSON, success, failure, always

        var arguments: ClosedRange<Int> {
            switch self {
            case .success, .failure, .always: 0...0
            case .length, .toJSON, .fromJSON: 1...1
            case .join: 1...2
            case .contains, .startsWith, .endsWith: 2...2
            case .format: 1...32
            }
        }

        /// Speaks of how the needs ended; an `if` without one holds only when all succeeded.
        var isStatus: Bool { self == .success || self == .failure || self == .always }
    }
}

/// Why an expression was refused or has no value.
package struct ExpressionError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        case syntax = "invalid_expression"
        case unknownName = "unknown_name"
        case type = "wrong_type"
        case arithmetic = "arithmetic"
        case limit = "expression_too_large"
    }
    package var code: Code
    package var message: String
    /// Where in the text of the template, in Unicode scalars from 0.
    package var offset: Int
    /// The template within the value it stands in, as a JSON Pointer.
    package var path = ""
}

extension Expression {
    /// Calls the body with every part, the whole first.
    func visit(_ body: (Expression) -> Void) {
        body(self)
        switch self {
        case .literal, .root, .task: break
        case .member(let inner, _, _), .not(let inner), .negated(let inner, _): inner.visit(body)
        case .element(let left, let right, _), .binary(_, let left, let right, _):
            left.visit(body)
            right.visit(body)
        case .call(_, let arguments, _): for argument in arguments { argument.visit(body) }
        }
    }

    /// What it looks at, beside tasks.
    var roots: Set<Root> {
        var found: Set<Root> = []
        visit { if case .root(let root) = $0 { found.insert(root) } }
        return found
    }

    /// Whether it asks how the needs ended.
    var asksStatus: Bool {
        var found = false
        visit { if case .call(let function, _, _) = $0, function.isStatus { found = true } }
        return found
    }
}
