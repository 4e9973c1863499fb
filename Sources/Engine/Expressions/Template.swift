import Contracts
import JSON

/// A string that may hold expressions: `${{ input.branch }}`, or `branch ${{ input.branch }} of ${{ input.repository }}`.
///
/// A string that is one expression has that expression's value, of whatever type; in all others the values are
/// written into the text.
struct Template: Sendable {
    enum Segment: Sendable {
        case text(String)
        case expression(Expression)
    }
    var segments: [Segment]

    /// How long a string with expressions may be, in UTF-8 bytes.
    static let byteLimit = 16_384

    static func isTemplate(_ text: String) -> Bool { text.contains("${{") }

    init(_ text: String) throws(ExpressionError) {
        segments = []
        guard Self.isTemplate(text) else {
            segments = [.text(text)]
            return
        }
        guard text.utf8.count <= Self.byteLimit else {
            throw ExpressionError(
                code: .limit, message: "a template of more than \(Self.byteLimit) bytes", offset: 0)
        }
        let scalars = Array(text.unicodeScalars)
        var plain = String.UnicodeScalarView()
        var at = 0
        while at < scalars.count {
            guard scalars[at...].starts(with: ["$", "{", "{"]) else {
                plain.append(scalars[at])
                at += 1
                continue
            }
            if !plain.isEmpty { segments.append(.text(String(plain))) }
            plain = String.UnicodeScalarView()
            var parser = try ExpressionParser(scalars[(at + 3)...])
            let (expression, end) = try parser.parse()
            guard end + 1 < scalars.count else {
                throw ExpressionError(code: .syntax, message: "${{ without its }}", offset: at)
            }
            segments.append(.expression(expression))
            at = end + 2
        }
        if !plain.isEmpty { segments.append(.text(String(plain))) }
    }

    /// An `if`: one expression, with or without `${{ }}` around it.
    static func condition(_ text: String) throws(ExpressionError) -> Expression {
        guard Template.isTemplate(text) else {
            guard text.utf8.count <= byteLimit else {
                throw ExpressionError(code: .limit, message: "more than \(byteLimit) bytes", offset: 0)
            }
            let scalars = Array(text.unicodeScalars)
            var parser = try ExpressionParser(scalars[...])
            let (expression, end) = try parser.parse()
            guard end == scalars.count else {
                throw ExpressionError(code: .syntax, message: "unexpected }}", offset: end)
            }
            return expression
        }
        guard case .expression(let expression)? = try Template(text).single else {
            throw ExpressionError(
                code: .syntax, message: "a condition is one expression: write ${{ }} around all of it", offset: 0)
        }
        return expression
    }

    var expressions: [Expression] {
        segments.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    private var single: Segment? { segments.count == 1 ? segments[0] : nil }

    func evaluate(_ evaluator: inout Evaluator) throws(ExpressionError) -> JSONValue {
        if case .expression(let expression)? = single { return try evaluator.value(of: expression) }
        var text = ""
        for segment in segments {
            switch segment {
            case .text(let plain): text += plain
            case .expression(let expression): text += evaluator.text(of: try evaluator.value(of: expression))
            }
            try evaluator.spend(text.utf8.count / 16)
        }
        return .string(text)
    }
}

extension JSONValue {
    /// Every template in it, each with its place.
    ///
    /// - Parameter path: the place of the value itself.
    func templates(at path: String, _ body: (_ path: String, _ text: String) -> Void) {
        switch self {
        case .null, .bool, .number: break
        case .string(let text): if Template.isTemplate(text) { body(path, text) }
        case .array(let elements):
            for (index, element) in elements.enumerated() { element.templates(at: "\(path)/\(index)", body) }
        case .object(let object):
            for (name, value) in object.members { value.templates(at: path + "/" + JSONPointer.escape(name), body) }
        }
    }

    /// The value with every template in it replaced by what it evaluates to.
    func resolved(_ evaluator: inout Evaluator, at path: String) throws(ExpressionError) -> JSONValue {
        switch self {
        case .null, .bool, .number: return self
        case .string(let text):
            guard Template.isTemplate(text) else { return self }
            do {
                return try Template(text).evaluate(&evaluator)
            } catch {
                var error = error
                error.path = path
                throw error
            }
        case .array(let elements):
            var resolved: [JSONValue] = []
            resolved.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                resolved.append(try element.resolved(&evaluator, at: "\(path)/\(index)"))
            }
            return .array(resolved)
        case .object(let object):
            var resolved = JSONObject()
            for (name, value) in object.members {
                resolved[name] = try value.resolved(&evaluator, at: path + "/" + JSONPointer.escape(name))
            }
            return .object(resolved)
        }
    }
}
