package import Contracts
package import JSON

/// What a task is done by.
package enum TaskKind: Sendable, Equatable {
    /// An executor runs it.
    case skill(SkillCall)
    /// People decide.
    case approval(ApprovalRule)
    /// A check over artifacts and outputs.
    case gate(Gate)
    /// A workflow of its own.
    case workflow(ChildCall)
    /// Until a time, or until a signal arrives.
    case wait(WaitRule)

    package var name: String {
        switch self {
        case .skill: "skill"
        case .approval: "approval"
        case .gate: "gate"
        case .workflow: "workflow"
        case .wait: "wait"
        }
    }

    /// How long an attempt may take when nobody says: a child ends by itself, since each of its tasks does.
    package var standardTimeout: Duration {
        if case .workflow = self { .seconds(365 * 86_400) } else { PlannedTask.Defaults.timeout }
    }

    /// What a task counts in the coverage when its definition does not say: those that bring no findings count nothing.
    package var standardWeight: Int {
        switch self {
        case .skill, .workflow: 1
        case .approval, .gate, .wait: 0
        }
    }
}

/// A skill, and what it is given.
package struct SkillCall: Sendable, Equatable {
    package var skill: SkillID
    package var domain: DomainName
    package var version: Int
    /// With templates.
    package var input: JSONValue
    package var risk: Risk
    /// How long a run may go without a heartbeat.
    package var lease: Duration

    package init(
        skill: SkillID, domain: DomainName, version: Int = 1, input: JSONValue = .object(JSONObject()),
        risk: Risk = .normal, lease: Duration = PlannedTask.Defaults.lease
    ) {
        self.skill = skill
        self.domain = domain
        self.version = version
        self.input = input
        self.risk = risk
        self.lease = lease
    }
}

/// How much harm a skill can do when it runs for nothing.
package enum Risk: String, Sendable, CaseIterable {
    case low, normal
    /// The executor begins only when its `task.started` has been answered with `task.go`.
    case high
}

/// Who decides what.
package struct ApprovalRule: Sendable, Equatable {
    /// What is to be approved, with templates.
    package var of: JSONValue?
    /// For people, with templates.
    package var title: String?
    /// Who decides has one of these roles.
    package var by: [String]
    /// How many people have to say `continue`.
    package var quorum: Int
    package var expires: Duration

    package init(
        of: JSONValue? = nil, title: String? = nil, by: [String], quorum: Int = 1, expires: Duration = Self.standard
    ) {
        self.of = of
        self.title = title
        self.by = by
        self.quorum = quorum
        self.expires = expires
    }

    /// Every workflow ends, also when nobody looks.
    package static let standard = Duration.seconds(7 * 86_400)
}

/// Another workflow that a task starts and waits for.
package struct ChildCall: Sendable, Equatable {
    package var definition: DefinitionName
    /// The latest when `nil`.
    package var version: Int?
    /// With templates.
    package var input: JSONValue

    package init(definition: DefinitionName, version: Int? = nil, input: JSONValue = .object(JSONObject())) {
        self.definition = definition
        self.version = version
        self.input = input
    }

    /// `name@version`, or `name`.
    package var reference: String { definition.text + (version.map { "@\($0)" } ?? "") }

    /// - Parameter reference: `name@version`, or `name` for the latest.
    package init?(_ reference: String, input: JSONValue = .object(JSONObject())) {
        let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.flatMap({ DefinitionName(String($0)) }) else { return nil }
        guard parts.count == 2 else {
            self.init(definition: name, input: input)
            return
        }
        guard let version = Int(parts[1]), (1...999_999_999).contains(version) else { return nil }
        self.init(definition: name, version: version, input: input)
    }
}

/// What a task waits for.
package enum WaitRule: Sendable, Equatable {
    /// A span of time, or a template that gives one.
    case span(JSONValue)
    /// A moment (RFC 3339), or a template that gives one.
    case until(String)
    /// A signal, for so long.
    case signal(SignalName, expires: Duration)

    /// Every workflow ends, also when no signal comes.
    package static let standard = Duration.seconds(7 * 86_400)
    /// No wait is longer.
    package static let longest = Duration.seconds(366 * 86_400)
}
