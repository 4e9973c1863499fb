import CJSON
import CSchema
import Glibc

/// What is wrong with a value, and where in it.
package struct SchemaProblem: Hashable, Sendable {
    package var pointer: JSONPointer
    /// Of the schema, such as `required`.
    package var keyword: String
    package var message: String

    package init(pointer: JSONPointer, keyword: String, message: String) {
        self.pointer = pointer
        self.keyword = keyword
        self.message = message
    }
}

extension SchemaProblem: CustomStringConvertible {
    package var description: String { pointer.isRoot ? message : "\(pointer): \(message)" }
}

/// Why something is no schema, or none that can be checked here, and where.
package struct JSONSchemaError: Error, Equatable, Sendable {
    /// Empty for the schema itself, else the name of one that it refers to.
    package var document: String
    package var pointer: JSONPointer
    package var message: String
}

extension JSONSchemaError: CustomStringConvertible {
    package var description: String { "\(message) (\(document)#\(pointer))" }
}

/// Owns valijson's schema.
@safe final class SchemaHandle: Sendable {
    /// Only read after it was made; valijson keeps what changes in a validation in an object of its own.
    nonisolated(unsafe) let raw: OpaquePointer

    init(compiling schema: JSONValue) throws(JSONSchemaError) {
        let tree = JSONCTree(schema)
        var error = [CChar](repeating: 0, count: 512)
        guard let raw = unsafe baton_schema_compile(tree.raw, &error, error.count) else {
            let message = String(decoding: error.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw JSONSchemaError(document: "", pointer: .root, message: message)
        }
        unsafe self.raw = raw
    }

    deinit { unsafe baton_schema_free(raw) }
}

/// A JSON Schema (draft-07), compiled once, used by any number of threads.
///
/// A value is judged as it is; one that is not valid, and one nested deep, goes to valijson, which walks the schema beside
/// json-c's tree of the value and says what is wrong. Patterns, formats, lengths, bounds, `multipleOf`,
/// `const`, `enum` and `uniqueItems` are checked here, exactly and in time linear in the value: valijson uses
/// `std::regex`, which recurs once per character, and doubles.
package final class JSONSchema: Sendable {
    private let handle: SchemaHandle
    let verdict: SchemaVerdict
    private let checks: [SchemaCheck]
    private let patterns: [Pattern]
    /// How many schemas apply to one value, each within the one before.
    private let chain: Int

    /// - Parameter documents: what `$ref` may name, by name or URI; one's `$id` is a name too.
    package init(_ schema: JSONValue, documents: [String: JSONValue] = [:]) throws(JSONSchemaError) {
        let documents = SchemaDocuments(root: schema, others: documents)
        let (bundle, handle) = try DeepStack.run { () throws(JSONSchemaError) in
            let bundle = try SchemaBundle(documents)
            return (bundle, try SchemaHandle(compiling: bundle.json))
        }
        self.handle = handle
        verdict = SchemaVerdict(bundle)
        checks = bundle.checks
        patterns = bundle.patterns
        chain = bundle.chain
    }

    /// - Returns: all problems, in the order of the schema; none when the value is valid.
    package func validate(_ value: JSONValue) -> [SchemaProblem] {
        verdict.isValid(value) == true ? [] : problems(of: value)
    }

    /// By valijson.
    func problems(of value: JSONValue) -> [SchemaProblem] {
        let tree = JSONCTree(value)
        defer { extendLifetime(tree) }
        let raw = unsafe tree.raw
        // valijson recurs, with some 3 KB for each schema in a build for debugging.
        if (tree.depth + 1) * chain <= 32 { return unsafe validate(raw) }
        return DeepStack.run { unsafe validate(raw) }
    }

    private func validate(_ tree: OpaquePointer?) -> [SchemaProblem] {
        let questions = unsafe baton_checks(
            context: Unmanaged.passUnretained(self).toOpaque(),
            passes: { context, check, value, problem in
                let schema = unsafe Unmanaged<JSONSchema>.fromOpaque(context!).takeUnretainedValue()
                return unsafe schema.passes(check, JSONValue(borrowing: value), problem)
            },
            matches: { context, pattern, name in
                let schema = unsafe Unmanaged<JSONSchema>.fromOpaque(context!).takeUnretainedValue()
                return unsafe schema.patterns[pattern].matches(CName.unescape(String(cString: name!)))
            })
        return unsafe withUnsafePointer(to: questions) { questions in
            if unsafe baton_schema_validate(handle.raw, tree, questions, nil, nil) { return [] }
            var problems = SchemaProblems()
            unsafe withUnsafeMutablePointer(to: &problems) {
                unsafe _ = baton_schema_validate(handle.raw, tree, questions, SchemaProblems.report, $0)
            }
            return problems.list
        }
    }

    private func passes(
        _ check: Int, _ value: JSONValue, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Bool {
        guard let problem = checks[check].problem(with: value) else { return true }
        if let text = unsafe text { unsafe text.pointee = strdup("\(problem.keyword): \(problem.message)") }
        return false
    }
}

/// What valijson and our checks report, in our words and without what only repeats an inner problem.
struct SchemaProblems {
    private var found: [SchemaProblem] = []
    private var repetitions: [SchemaProblem] = []

    var list: [SchemaProblem] { found.isEmpty ? repetitions : found }

    static let report: baton_report = { context, path, length, text in
        var pointer = JSONPointer()
        for index in 0..<length { unsafe pointer.tokens.append(CName.unescape(String(cString: path![index]!))) }
        unsafe context!.assumingMemoryBound(to: SchemaProblems.self).pointee.add(String(cString: text!), at: pointer)
    }

    private mutating func add(_ text: String, at pointer: JSONPointer) {
        let (keyword, message, isRepetition) = Self.translate(text)
        let problem = SchemaProblem(pointer: pointer, keyword: keyword, message: message)
        if isRepetition {
            repetitions.append(problem)
        } else if !found.contains(problem), found.count < 100 {
            found.append(problem)
        }
    }

    private static func translate(_ text: String) -> (keyword: String, message: String, isRepetition: Bool) {
        if let colon = text.firstRange(of: ": "), !text[..<colon.lowerBound].contains(" ") {
            return (String(text[..<colon.lowerBound]), String(text[colon.upperBound...]), false)
        }
        let quoted = text.split(separator: "'", maxSplits: 1).dropFirst().first.map { $0.dropLast(2) } ?? ""
        let name = CName.unescape(String(quoted))
        let number = text.split(separator: " ").first { Int($0) != nil }.map(String.init) ?? ""
        for phrase in phrases where text.hasPrefix(phrase.start) {
            if phrase.message.hasPrefix("“") {
                return (phrase.keyword, phrase.message.replacing("%", with: name), false)
            }
            let message =
                number == "1" && phrase.message.hasSuffix("s") ? phrase.message.dropLast() : phrase.message[...]
            return (phrase.keyword, String(message).replacing("%", with: number), false)
        }
        return ("", text, true)
    }

    /// `%` stands for the name, or for the number, of valijson's text.
    private static let phrases: [(start: String, keyword: String, message: String)] = [
        ("Missing required property", "required", "“%” is missing"),
        ("Missing dependency", "dependencies", "“%” is missing beside what is there"),
        ("Failed to validate against any schemas", "anyOf", "fits none of the alternatives"),
        ("Failed to validate against any child", "oneOf", "fits none of the alternatives"),
        ("Failed to validate against exactly one", "oneOf", "fits more than one of the alternatives"),
        ("Target should not validate", "not", "is one of those that are not allowed"),
        ("Failed to any values against subschema in 'contains'", "contains", "no element is as one must be"),
        ("Array should contain no fewer", "minItems", "must have at least % elements"),
        ("Array should contain no more", "maxItems", "must have at most % elements"),
        ("Object should have no fewer", "minProperties", "must have at least % members"),
        ("Object should have no more", "maxProperties", "must have at most % members"),
    ]
}
