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
    /// Known by name, to be built later: no plan may use it.
    package var isDeferred: Bool

    package init(
        id: SkillID, version: Int = 1, domain: DomainName, input: JSONValue? = nil, retry: RetryPolicy? = nil,
        timeout: Duration? = nil, startWithin: Duration? = nil, lease: Duration? = nil, risk: Risk = .normal,
        isDeferred: Bool = false
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
        self.isDeferred = isDeferred
    }
}
