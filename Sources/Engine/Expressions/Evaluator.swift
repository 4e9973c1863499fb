import Contracts
import JSON

/// What an expression can see.
struct Scope {
    var input: JSONValue = .null
    var workflow: JSONValue = .null
    var item: JSONValue = .null
    var index: JSONValue = .null
    /// Of the run of a skill.
    var output: JSONValue = .null
    var run: JSONValue = .null
    /// How the needs ended.
    var succeeded = true
    var failed = false
    var task: (TaskID, Expression.TaskField) -> JSONValue = { _, _ in .null }
}

/// Gives expressions their value, within a budget.
struct Evaluator {
    let scope: Scope
    private var budget: Int

    init(scope: Scope, budget: Int = 2_000_000) {
        self.scope = scope
        self.budget = budget
    }

    mutating func spend(_ cost: Int, at offset: Int = 0) throws(ExpressionError) {
        budget -= cost
        guard budget >= 0 else {
            throw ExpressionError(code: .limit, message: "evaluating it takes too long", offset: offset)
        }
    }

    mutating func value(of expression: Expression) throws(ExpressionError) -> JSONValue {
        try spend(1)
        switch expression {
        case .literal(let value): return value
        case .root(.input): return scope.input
        case .root(.workflow): return scope.workflow
        case .root(.item): return scope.item
        case .root(.index): return scope.index
        case .root(.output): return scope.output
        case .root(.run): return scope.run
        case .task(let id, let field): return scope.task(id, field)
        case .member(let inner, let name, let offset):
            return try member(name, of: try value(of: inner), at: offset)
        case .element(let inner, let index, let offset):
            return try element(try value(of: index), of: try value(of: inner), at: offset)
        case .not(let inner): return .bool(!(try value(of: inner)).isTrue)
        case .negated(let inner, let offset):
            return try arithmetic(.minus, .number(JSONNumber(0)), try value(of: inner), at: offset)
        case .binary(let sign, let left, let right, let offset):
            return try binary(sign, try value(of: left), right, at: offset)
        case .call(let function, let arguments, let offset): return try call(function, arguments, at: offset)
        }
    }

    /// What is missing, and what belongs to nothing, is null.
    private func member(_ name: String, of value: JSONValue, at offset: Int) throws(ExpressionError) -> JSONValue {
        switch value {
        case .object(let object): return object[name] ?? .null
        case .null: return .null
        default:
            throw ExpressionError(code: .type, message: "\(value.kind) has no member \(name)", offset: offset)
        }
    }

    private func element(_ index: JSONValue, of value: JSONValue, at offset: Int) throws(ExpressionError) -> JSONValue {
        switch (value, index) {
        case (.null, _): return .null
        case (.object(let object), .string(let name)): return object[name] ?? .null
        case (.array(let elements), .number(let number)):
            guard let index = number.int, elements.indices.contains(index) else { return .null }
            return elements[index]
        default:
            throw ExpressionError(
                code: .type, message: "\(value.kind) has no elements by \(index.kind)", offset: offset)
        }
    }

    private mutating func binary(
        _ sign: Expression.Operator, _ left: JSONValue, _ right: Expression, at offset: Int
    ) throws(ExpressionError) -> JSONValue {
        switch sign {
        case .or: return left.isTrue ? left : try value(of: right)
        case .and: return left.isTrue ? try value(of: right) : left
        default: break
        }
        let right = try value(of: right)
        try spend(left.breadth + right.breadth, at: offset)
        switch sign {
        case .equal: return .bool(left == right)
        case .unequal: return .bool(left != right)
        case .less: return .bool(try precedes(left, right, sign, at: offset))
        case .greater: return .bool(try precedes(right, left, sign, at: offset))
        case .lessOrEqual: return .bool(!(try precedes(right, left, sign, at: offset)))
        case .greaterOrEqual: return .bool(!(try precedes(left, right, sign, at: offset)))
        default: return try arithmetic(sign, left, right, at: offset)
        }
    }

    private func precedes(
        _ left: JSONValue, _ right: JSONValue, _ sign: Expression.Operator, at offset: Int
    ) throws(ExpressionError) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): return left < right
        case (.string(let left), .string(let right)): return left.bytesPrecede(right)
        default:
            throw ExpressionError(
                code: .type,
                message: "\(sign.rawValue) compares two numbers or two strings, not \(left.kind) and \(right.kind)",
                offset: offset)
        }
    }

    private func arithmetic(
        _ sign: Expression.Operator, _ left: JSONValue, _ right: JSONValue, at offset: Int
    ) throws(ExpressionError) -> JSONValue {
        guard case .number(let first) = left, case .number(let second) = right else {
            let hint = sign == .plus ? "; format joins texts" : ""
            throw ExpressionError(
                code: .type, message: "\(sign.rawValue) takes two numbers, not \(left.kind) and \(right.kind)\(hint)",
                offset: offset)
        }
        if second.decimal.isZero, sign == .divided || sign == .remainder {
            throw ExpressionError(code: .arithmetic, message: "division by zero", offset: offset)
        }
        guard let left = FixedDecimal(first), let right = FixedDecimal(second),
            let result = left.calculate(sign, right)
        else {
            throw ExpressionError(
                code: .arithmetic, message: "\(first) \(sign.rawValue) \(second) is beyond 36 digits", offset: offset)
        }
        return .number(result.number)
    }
}

extension JSONValue {
    /// All but `false`, `null`, `0` and the empty string.
    var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .number(let number): !number.decimal.isZero
        case .string(let text): !text.isEmpty
        case .array, .object: true
        }
    }

    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// A measure of what it costs to look at it once, not counting what is nested deeper.
    fileprivate var breadth: Int {
        switch self {
        case .null, .bool, .number: 1
        case .string(let text): 1 + text.utf8.count / 16
        case .array(let elements): 1 + elements.count
        case .object(let object): 1 + object.count
        }
    }
}

// MARK: Functions

extension Evaluator {
    private mutating func call(
        _ function: Expression.Function, _ arguments: [Expression], at offset: Int
    ) throws(ExpressionError) -> JSONValue {
        var values: [JSONValue] = []
        for argument in arguments {
            let value = try value(of: argument)
            try spend(value.breadth, at: offset)
            values.append(value)
        }
        switch function {
        case .success: return .bool(scope.succeeded)
        case .failure: return .bool(scope.failed)
        case .always: return true
        case .length: return .number(JSONNumber(try length(values[0], at: offset)))
        case .contains: return .bool(try contains(values[0], values[1], at: offset))
        case .startsWith, .endsWith:
            guard case .string(let text) = values[0], case .string(let part) = values[1] else {
                throw mismatch(function, "two strings", values, at: offset)
            }
            let (text_, part_) = (text.utf8, part.utf8)
            return .bool(
                function == .startsWith ? text_.starts(with: part_) : text_.reversed().starts(with: part_.reversed()))
        case .join: return .string(try join(values, at: offset))
        case .format: return .string(try format(values, at: offset))
        case .toJSON:
            let text = values[0].text
            try spend(text.utf8.count / 16, at: offset)
            return .string(text)
        case .fromJSON:
            guard case .string(let text) = values[0] else { throw mismatch(function, "a string", values, at: offset) }
            do {
                return try JSONReader.parse(text)
            } catch {
                throw ExpressionError(
                    code: .type, message: "fromJSON: \(error.message) (line \(error.line), column \(error.column))",
                    offset: offset)
            }
        }
    }

    private func mismatch(
        _ function: Expression.Function, _ wanted: String, _ values: [JSONValue], at offset: Int
    ) -> ExpressionError {
        let found = values.map(\.kind).joined(separator: ", ")
        return ExpressionError(
            code: .type, message: "\(function.rawValue) takes \(wanted), not \(found)", offset: offset)
    }

    private func length(_ value: JSONValue, at offset: Int) throws(ExpressionError) -> Int {
        switch value {
        case .string(let text): return text.unicodeScalars.count
        case .array(let elements): return elements.count
        case .object(let object): return object.count
        case .null: return 0
        default: throw mismatch(.length, "a string, a list or an object", [value], at: offset)
        }
    }

    private func contains(_ value: JSONValue, _ part: JSONValue, at offset: Int) throws(ExpressionError) -> Bool {
        switch (value, part) {
        case (.string(let text), .string(let part)): return part.isEmpty || text.utf8.contains(part.utf8)
        case (.array(let elements), _): return elements.contains(part)
        case (.object(let object), .string(let name)): return object[name] != nil
        case (.null, _): return false
        default:
            throw mismatch(.contains, "a string, a list or an object, and what to look for", [value, part], at: offset)
        }
    }

    /// As a value is written into a text: strings as they are, null as nothing, lists and objects as JSON.
    func text(of value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        default: value.text
        }
    }

    private mutating func join(_ values: [JSONValue], at offset: Int) throws(ExpressionError) -> String {
        guard case .array(let elements) = values[0], values.count == 1 || values[1].string != nil else {
            throw mismatch(.join, "a list and a separator", values, at: offset)
        }
        let joined = elements.map(text(of:)).joined(separator: values.count == 2 ? values[1].string ?? "" : ",")
        try spend(joined.utf8.count / 16, at: offset)
        return joined
    }

    /// `format('{0} of {1}', a, b)`; `{{` and `}}` stand for braces.
    private mutating func format(_ values: [JSONValue], at offset: Int) throws(ExpressionError) -> String {
        guard case .string(let pattern) = values[0] else {
            throw mismatch(.format, "a pattern and its values", values, at: offset)
        }
        func bad(_ reason: String) -> ExpressionError {
            ExpressionError(code: .type, message: "format: \(reason)", offset: offset)
        }
        var result = ""
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if (scalar == "{" || scalar == "}"), rest.first == scalar {
                rest.removeFirst()
                result.unicodeScalars.append(scalar)
            } else if scalar == "{" {
                guard let close = rest.firstIndex(of: "}"), let index = Int(String(rest[..<close])), index >= 0 else {
                    throw bad("{ without a number and }; a brace is written twice")
                }
                guard index < values.count - 1 else { throw bad("there is no value {\(index)}") }
                result += text(of: values[index + 1])
                rest = rest[rest.index(after: close)...]
                try spend(1 + result.utf8.count / 64, at: offset)
            } else if scalar == "}" {
                throw bad("} without {; a brace is written twice")
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        try spend(result.utf8.count / 16, at: offset)
        return result
    }
}

extension String.UTF8View {
    /// Whether the bytes occur one after the other.
    fileprivate func contains(_ part: String.UTF8View) -> Bool {
        let (text, part) = (Array(self), Array(part))
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
