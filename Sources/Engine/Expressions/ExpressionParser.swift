import Contracts
import JSON

/// Reads an expression, weakest operators first.
struct ExpressionParser {
    /// How deep an expression may nest, and of how many parts it may consist.
    static let depthLimit = 32
    static let partLimit = 500

    private var lexer: Lexer
    private var token: Token
    private var offset: Int
    private var depth = 0
    private var parts = 0

    /// - Parameter scalars: a whole text, from the place where the expression begins.
    init(_ scalars: ArraySlice<Unicode.Scalar>) throws(ExpressionError) {
        lexer = Lexer(scalars)
        (token, offset) = try lexer.next()
    }

    /// - Returns: the expression, and where its text ends: at `}}` or the end of all.
    mutating func parse() throws(ExpressionError) -> (Expression, end: Int) {
        guard token != .end else {
            throw ExpressionError(code: .syntax, message: "an expression is missing", offset: offset)
        }
        let expression = try binary(level: 0)
        guard token == .end else { throw unexpected() }
        return (expression, offset)
    }

    private mutating func advance() throws(ExpressionError) { (token, offset) = try lexer.next() }

    private mutating func take(_ symbol: String) throws(ExpressionError) -> Bool {
        guard token == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: String) throws(ExpressionError) {
        guard try take(symbol) else { throw unexpected(instead: "; \(symbol) is missing") }
    }

    private func unexpected(instead hint: String = "") -> ExpressionError {
        let found =
            switch token {
            case .name(let text), .number(let text), .symbol(let text): "unexpected \(text)"
            case .string(let text): "unexpected '\(text)'"
            case .end: "the expression ends too early"
            }
        return ExpressionError(code: .syntax, message: found + hint, offset: offset)
    }

    private static let levels: [[Expression.Operator]] = [
        [.or], [.and], [.equal, .unequal], [.less, .lessOrEqual, .greater, .greaterOrEqual], [.plus, .minus],
        [.times, .divided, .remainder],
    ]

    private mutating func binary(level: Int) throws(ExpressionError) -> Expression {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level: level + 1)
        while case .symbol(let symbol) = token, let found = Self.levels[level].first(where: { $0.rawValue == symbol }) {
            let place = offset
            try advance()
            try count()
            left = .binary(found, left, try binary(level: level + 1), offset: place)
        }
        return left
    }

    private mutating func unary() throws(ExpressionError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw ExpressionError(code: .limit, message: "nested deeper than \(Self.depthLimit)", offset: offset)
        }
        try count()
        let place = offset
        if try take("!") { return .not(try unary()) }
        if try take("-") { return .negated(try unary(), offset: place) }
        return try postfix(try primary())
    }

    private mutating func count() throws(ExpressionError) {
        parts += 1
        guard parts <= Self.partLimit else {
            throw ExpressionError(code: .limit, message: "more than \(Self.partLimit) parts", offset: offset)
        }
    }

    private mutating func postfix(_ start: Expression) throws(ExpressionError) -> Expression {
        var value = start
        while true {
            let place = offset
            if try take(".") {
                value = .member(value, try name(), offset: place)
            } else if try take("[") {
                let index = try binary(level: 0)
                try expect("]")
                value = .element(value, index, offset: place)
            } else {
                return value
            }
            try count()
        }
    }

    private mutating func name() throws(ExpressionError) -> String {
        guard case .name(let name) = token else { throw unexpected(instead: "; a name is missing") }
        try advance()
        return name
    }

    private mutating func primary() throws(ExpressionError) -> Expression {
        switch token {
        case .number(let literal):
            try advance()
            return .literal(.number(JSONNumber(uncheckedLiteral: literal)))
        case .string(let text):
            try advance()
            return .literal(.string(text))
        case .symbol("("):
            try advance()
            let inner = try binary(level: 0)
            try expect(")")
            return inner
        case .name(let name):
            let place = offset
            try advance()
            return try named(name, at: place)
        default:
            throw unexpected()
        }
    }

    private mutating func named(_ name: String, at place: Int) throws(ExpressionError) -> Expression {
        switch name {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "null": return .literal(.null)
        case "tasks": return try task(at: place)
        default: break
        }
        if token == .symbol("(") { return try call(name, at: place) }
        guard let root = Expression.Root(rawValue: name) else {
            let known = (Expression.Root.allCases.map(\.rawValue) + ["tasks"]).sorted().joined(separator: ", ")
            throw ExpressionError(
                code: .unknownName, message: "nothing is called \(name); there are \(known)", offset: place)
        }
        return .root(root)
    }

    private mutating func task(at place: Int) throws(ExpressionError) -> Expression {
        let key: String
        if try take("[") {
            guard case .string(let text) = token else {
                throw unexpected(instead: "; a task is named by a string in quotes")
            }
            try advance()
            try expect("]")
            key = text
        } else {
            try expect(".")
            key = try name()
        }
        guard let id = TaskID(key) else {
            throw ExpressionError(code: .unknownName, message: "no task can be called \(key)", offset: place)
        }
        try expect(".")
        let place = offset
        let field = try name()
        guard let known = Expression.TaskField(rawValue: field) else {
            let fields = Expression.TaskField.allCases.map(\.rawValue).joined(separator: ", ")
            throw ExpressionError(
                code: .unknownName, message: "a task has no \(field); it has \(fields)", offset: place)
        }
        return .task(id, known)
    }

    private mutating func call(_ name: String, at place: Int) throws(ExpressionError) -> Expression {
        guard let function = Expression.Function(rawValue: name) else {
            let known = Expression.Function.allCases.map(\.rawValue).joined(separator: ", ")
            throw ExpressionError(
                code: .unknownName, message: "there is no function \(name); there are \(known)", offset: place)
        }
        try expect("(")
        var arguments: [Expression] = []
        if token != .symbol(")") {
            repeat { arguments.append(try binary(level: 0)) } while try take(",")
        }
        try expect(")")
        guard function.arguments.contains(arguments.count) else {
            let range = function.arguments
            let wanted = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw ExpressionError(
                code: .syntax, message: "\(name) takes \(wanted) arguments, not \(arguments.count)", offset: place)
        }
        return .call(function, arguments, offset: place)
    }
}
