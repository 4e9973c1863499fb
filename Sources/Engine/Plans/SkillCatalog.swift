package import Contracts
package import JSON

/// What a plan is checked against: the skills there are, and the domains that have executors.
package struct SkillCatalog: Sendable {
    private var skills: [SkillID: Skill] = [:]
    /// Runner domains that have a queue on the broker.
    package var domains: Set<DomainName>

    /// - Parameter skills: of one id the highest version counts.
    package init(_ skills: some Sequence<Skill> = [], domains: some Sequence<DomainName> = []) {
        self.domains = Set(domains)
        for skill in skills where skill.version >= self.skills[skill.id]?.version ?? .min {
            self.skills[skill.id] = skill
        }
    }

    package subscript(id: SkillID) -> Skill? { skills[id] }

    /// In the order of their names.
    package var all: [Skill] { skills.values.sorted { $0.id < $1.id } }

    /// Those whose names are most like the given one, for people who misspell.
    func resembling(_ id: SkillID) -> [SkillID] {
        let prefix = id.text.prefix { $0 != "." }
        return Array(skills.keys.filter { $0.text.hasPrefix(prefix) || $0.text.hasSuffix(id.text) }.sorted().prefix(3))
    }
}

/// What is known of a skill when a plan is made.
package struct Skill: Sendable {
    package var id: SkillID
    package var version: Int
    package var domain: DomainName
    /// A JSON Schema of what it takes.
    package var input: JSONValue?
    package var retry: RetryPolicy?
    package var timeout: Duration?
    package var startWithin: Duration?
    package var lease: Duration?
    package var risk: Risk
    /// One of which an actor needs whose plan uses it; anybody may when it is empty.
    package var roles: [String]
    /// Known by name, to be built later: no plan may use it.
    package var isDeferred: Bool
    /// Which skills' tasks one of its own may add to its workflow; none when it is empty.
    package var expands: [SkillPattern]
    /// It turns a goal into tasks.
    package var plans: Bool

    package init(
        id: SkillID, version: Int = 1, domain: DomainName, input: JSONValue? = nil, retry: RetryPolicy? = nil,
        timeout: Duration? = nil, startWithin: Duration? = nil, lease: Duration? = nil, risk: Risk = .normal,
        roles: [String] = [], isDeferred: Bool = false, expands: [SkillPattern] = [], plans: Bool = false
    ) {
        self.id = id
        self.version = version
        self.domain = domain
        self.input = input
        self.retry = retry
        self.timeout = timeout
        self.startWithin = startWithin
        self.lease = lease
        self.risk = risk
        self.roles = roles
        self.isDeferred = isDeferred
        self.expands = expands
        self.plans = plans
    }

    /// Whether somebody may have it run.
    package func allows(_ actor: Actor) -> Bool { roles.isEmpty || !Set(roles).isDisjoint(with: actor.roles) }

    /// A skill as its file declares it.
    ///
    /// - Parameter declaration: all of the file.
    package init(id: SkillID, version: Int, domain: DomainName, declaration: JSONValue) {
        let retry = declaration["retry"].map { rule in
            RetryPolicy(
                attempts: rule["attempts"]?.int ?? 1, backoff: rule["backoff"].flatMap(Span.parse) ?? .seconds(1),
                factor: rule["factor"]?.number?.double ?? 2, max: rule["max"].flatMap(Span.parse) ?? .seconds(60))
        }
        func span(_ name: String) -> Duration? { declaration[name].flatMap(Span.parse) }
        let plans = declaration["plans"]?.bool ?? false
        self.init(
            id: id, version: version, domain: domain, input: declaration["input"], retry: retry,
            timeout: span("timeout"), startWithin: span("start_within"), lease: span("lease"),
            risk: declaration["risk"]?.string.flatMap(Risk.init) ?? .normal,
            roles: (declaration["roles"]?.array ?? []).compactMap(\.string),
            isDeferred: declaration["deferred"]?.bool ?? false,
            expands: SkillPattern.all(declaration["expands"] ?? .bool(plans)), plans: plans)
    }
}

/// A skill's id, all that begin with some words (`infra.*`), or all (`*`).
package struct SkillPattern: Sendable, Hashable {
    package var text: String

    package init(_ text: String) { self.text = text }

    package func matches(_ skill: SkillID) -> Bool {
        text == "*" || text == skill.text || text.hasSuffix(".*") && skill.text.hasPrefix(text.dropLast())
    }

    /// - Parameter value: what a skill's file says: `true` or a list.
    static func all(_ value: JSONValue) -> [SkillPattern] {
        if value.bool == true { return [SkillPattern("*")] }
        return (value.array ?? []).compactMap { $0.string.map { SkillPattern($0) } }
    }
}
