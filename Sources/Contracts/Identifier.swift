/// A name that has been checked: made of ASCII characters its kind allows, of a length its kind allows.
///
/// All are ASCII, so Swift's own equality, hashing and order of strings are those of the bytes.
package protocol Identifier: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// What the schemas call it, for messages about a bad one.
    static var kind: String { get }
    /// How long one may be, in bytes.
    static var limit: Int { get }
    static func isValid(_ text: Substring.UTF8View) -> Bool
    var text: String { get }
    /// - Parameter text: known to be valid.
    init(unchecked text: String)
}

extension Identifier {
    package init?(_ text: String) {
        guard (1...Self.limit).contains(text.utf8.count), Self.isValid(text[...].utf8) else { return nil }
        self.init(unchecked: text)
    }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    package var description: String { text }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a valid \(Self.kind): \(text.prefix(100))")
            )
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// `wf-` and what follows; ours are `wf-` and 32 hexadecimal digits of a digest.
package struct WorkflowID: Identifier {
    package static let kind = "workflow id"
    package static let limit = 64
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool {
        text.count > 3 && text.starts(with: "wf-".utf8) && text.allSatisfy(\.isWordCharacter)
    }
}

/// A key of the plan (`unit-tests`), or an instance of a `forEach` task (`unit-tests.3`).
package struct TaskID: Identifier {
    package static let kind = "task id"
    package static let limit = 71
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool {
        guard let dot = text.firstIndex(of: UInt8(ascii: ".")) else { return isKey(text) }
        let index = text[text.index(after: dot)...]
        return isKey(text[..<dot]) && (1...6).contains(index.count) && index.allSatisfy(\.isDigit)
    }

    private static func isKey(_ text: Substring.UTF8View) -> Bool {
        (1...64).contains(text.count) && text.allSatisfy(\.isWordCharacter)
    }

    /// The instance of a `forEach` task.
    /// - Parameter index: 0 to 999,999.
    package func instance(_ index: Int) -> TaskID { TaskID(unchecked: "\(text).\(index)") }
}

/// What a skill is called: words of `a-z`, `0-9` and `-`, joined by dots, such as `ci.unit-tests`.
package struct SkillID: Identifier {
    package static let kind = "skill id"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isLabelCharacter) }
    }
}

/// A runner domain, such as `payments`; one word of a routing key.
package struct DomainName: Identifier {
    package static let kind = "runner domain"
    package static let limit = 63
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.allSatisfy(\.isLabelCharacter) }
}

/// The id of one message: unique for ever, the same in every copy.
package struct MessageID: Identifier {
    package static let kind = "message id"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.allSatisfy(\.isGraphic) }
}

/// What the sender of a request calls it; the same one again is the same workflow.
package struct RequestID: Identifier {
    package static let kind = "request id"
    package static let limit = 200
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.allSatisfy(\.isGraphic) }
}

/// Whose work it is: request ids are unique within a workspace.
package struct Workspace: Identifier {
    package static let kind = "workspace"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.isName }
}

/// One replica of an executor, such as `payments-7f3a`.
package struct ExecutorID: Identifier {
    package static let kind = "executor id"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.isName }
}

/// What a task calls one of its artifacts, such as `report.html`; usable as a file's name.
package struct ArtifactName: Identifier {
    package static let kind = "artifact name"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.isName }
}

/// What a workflow waits for by name.
package struct SignalName: Identifier {
    package static let kind = "signal name"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.isName }
}

/// The name of a definition, such as `deploy-feature`.
package struct DefinitionName: Identifier {
    package static let kind = "definition name"
    package static let limit = 128
    package let text: String
    package init(unchecked text: String) { self.text = text }
    package static func isValid(_ text: Substring.UTF8View) -> Bool { text.isName }
}

extension Substring.UTF8View {
    /// Letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.
    fileprivate var isName: Bool {
        guard let first, first.isLetter || first.isDigit else { return false }
        return allSatisfy { $0.isWordCharacter || $0 == UInt8(ascii: ".") }
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isLower: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    fileprivate var isLetter: Bool { isLower || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    fileprivate var isLabelCharacter: Bool { isLower || isDigit || self == UInt8(ascii: "-") }
    fileprivate var isWordCharacter: Bool {
        isLetter || isDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }
    fileprivate var isGraphic: Bool { (0x21...0x7E).contains(self) }
}
