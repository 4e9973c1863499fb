package import Contracts
package import JSON

/// Checks that have to hold before what needs them goes on.
package struct Gate: Sendable, Equatable {
    package var checks: [GateCheck]

    package init(checks: [GateCheck]) { self.checks = checks }
}

package struct GateCheck: Sendable, Equatable {
    package var kind: Kind
    /// For people, when it does not hold.
    package var message: String?
    /// Where it is not, the gate holds all the same, and its output tells.
    package var isRequired: Bool

    package init(kind: Kind, message: String? = nil, isRequired: Bool = true) {
        self.kind = kind
        self.message = message
        self.isRequired = isRequired
    }

    package enum Kind: Sendable, Equatable {
        /// There is an artifact of the kinds `file` or `document`.
        case fileExists(ArtifactPattern)
        case artifactExists(ArtifactPattern)
        /// A document has these sections.
        case contentCheck(Content, sections: [String])
        /// Both with templates.
        case metricThreshold(value: JSONValue, Comparison, threshold: JSONValue)
        case expression(String)

        package var name: String {
            switch self {
            case .fileExists: "file_exists"
            case .artifactExists: "artifact_exists"
            case .contentCheck: "content_check"
            case .metricThreshold: "metric_threshold"
            case .expression: "expression"
            }
        }
    }

    package enum Content: Sendable, Equatable {
        case artifact(ArtifactPattern)
        /// Text with headings, with templates.
        case text(String)
    }

    package enum Comparison: String, Sendable, CaseIterable {
        case less = "<"
        case lessOrEqual = "<="
        case equal = "=="
        case unequal = "!="
        case greaterOrEqual = ">="
        case greater = ">"
    }
}

/// Which artifacts are meant.
package struct ArtifactPattern: Sendable, Equatable {
    /// Of this task; of all tasks that the gate needs when `nil`.
    package var task: TaskID?
    /// `*` stands for any characters.
    package var name: String?
    package var kind: ArtifactKind?

    package init(task: TaskID? = nil, name: String? = nil, kind: ArtifactKind? = nil) {
        self.task = task
        self.name = name
        self.kind = kind
    }
}

/// At most so many workflows with one key run at once.
package struct Concurrency: Sendable, Equatable {
    /// With templates over the input.
    package var key: String
    package var limit: Int

    package init(key: String, limit: Int) {
        self.key = key
        self.limit = limit
    }
}
