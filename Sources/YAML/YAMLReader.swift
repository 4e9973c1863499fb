package import JSON
import Yams

/// What a YAML text may cost.
package struct YAMLLimits: Sendable {
    package var bytes = 1 << 20
    package var depth = 64
    /// Values after aliases are written out, so that a few nested ones cannot grow into millions.
    package var values = 100_000
    /// Uses of anchors in one text.
    package var aliases = 100

    package init() {}
}

/// A YAML text as a JSON value, and where in the text each part of it stands.
package struct YAMLDocument: Sendable {
    package var value: JSONValue
    package var positions: SourceMap
}

/// Why a text was refused, and where.
package struct YAMLError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        case syntax = "invalid_yaml"
        case encoding = "invalid_utf8"
        case duplicateKey = "duplicate_key"
        case key = "invalid_key"
        case number = "invalid_number"
        case tag = "unknown_tag"
        case limit = "limit_passed"
    }
    package var code: Code
    package var message: String
    package var position: SourcePosition?
}

/// Reads YAML 1.2 (core schema) as JSON: exact numbers, unique string keys, one document.
///
/// `yes`, `no`, `on` and `off` are strings. What would be read differently by different readers
/// (`007`, merge keys, foreign tags) is refused rather than guessed.
package enum YAMLReader {
    package static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLDocument {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(code: .limit, message: "the text is longer than \(limits.bytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw YAMLError(code: .encoding, message: "the text is not valid UTF-8")
        }
        return try parse(text, limits: limits)
    }

    package static func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLDocument {
        guard text.utf8.count <= limits.bytes else {
            throw YAMLError(code: .limit, message: "the text is longer than \(limits.bytes) bytes")
        }
        try AnchorGuard(text).check(aliases: limits.aliases)
        guard let root = try compose(text) else {
            var positions = SourceMap()
            positions.note(SourcePosition(line: 1, column: 1), for: "")
            return YAMLDocument(value: .null, positions: positions)
        }
        var conversion = Conversion(limits: limits)
        let value = try conversion.value(of: root, at: "", depth: 0)
        return YAMLDocument(value: value, positions: conversion.positions)
    }

    /// - Returns: `nil` for a text without a document.
    private static func compose(_ text: String) throws(YAMLError) -> Node? {
        do {
            // The basic resolver compares keys as strings, which is what they are in JSON.
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw YAMLError(error, text: text)
        } catch {
            throw YAMLError(code: .syntax, message: "\(error)")
        }
    }
}

extension YAMLError {
    init(_ error: YamlError, text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let circumstance = context.map { "\($0.text), " } ?? ""
            self.init(code: .syntax, message: circumstance + problem, position: SourcePosition(mark))
        case .reader(let problem, let offset, _, _):
            let position = offset.map { SourcePosition(offset: $0, in: text) }
            self.init(code: .syntax, message: problem, position: position)
        case .duplicatedKeysInMapping(let names, let context):
            let first = SourcePosition(context.mark)
            let name = names.first ?? ""
            let second = first.next(key: name, in: text)
            let where_ = second == nil ? "" : "; it first stands in line \(first.line)"
            self.init(
                code: .duplicateKey, message: "the key \"\(name)\" is written twice" + where_, position: second ?? first
            )
        default:
            self.init(code: .syntax, message: "\(error)")
        }
    }
}
