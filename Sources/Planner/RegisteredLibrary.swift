import AMQP
import Contracts
package import Engine
import JSON
package import Store

/// What was registered in the database; and which domains have a queue, as the broker says.
actor RegisteredLibrary: PlanningLibrary {
    private static let memory = Duration.seconds(30)

    private let store: Store
    private let publisher: Publisher
    /// Versions of definitions, and of a workspace's skills by their ids; what they say never changes.
    private var definitions: [String: JSONValue] = [:]
    private var skills: [Workspace: [String: Skill]] = [:]
    /// Of either; then all of them are forgotten.
    private static let limit = 500
    /// Domains whose queue was there, and when.
    private var seen: [DomainName: ContinuousClock.Instant] = [:]

    init(store: Store, publisher: Publisher) {
        self.store = store
        self.publisher = publisher
    }

    func definition(_ name: DefinitionName, version: Int?, workspace: Workspace) async throws -> JSONValue? {
        let key = version.map { "\(workspace.text)/\(name.text)@\($0)" }
        if let key, let known = definitions[key] { return known }
        guard let row = try await store.definition(name.text, version: version, workspace: workspace.text) else {
            // By name: JSON's null is a value.
            return .none
        }
        var members = row.definition.object ?? JSONObject()
        members["version"] = row.version.map { .number(JSONNumber($0)) }
        let definition = JSONValue.object(members)
        if let key {
            if definitions.count >= Self.limit { definitions = [:] }
            definitions[key] = definition
        }
        return definition
    }

    func catalog(of workspace: Workspace) async throws -> SkillCatalog {
        let skills = try await skills(of: workspace)
        var domains: Set<DomainName> = []
        for domain in Set(skills.map(\.domain)) where try await hasQueue(domain) { domains.insert(domain) }
        return SkillCatalog(skills, domains: domains)
    }

    /// The latest version of each. Those that are not known are read, so that one that was just registered counts at once.
    private func skills(of workspace: Workspace) async throws -> Dictionary<String, Skill>.Values {
        let versions = try await store.skillVersions(workspace: workspace.text)
        var known = (skills[workspace] ?? [:]).filter { versions[$0.key] == $0.value.version }
        let unknown = versions.keys.filter { known[$0] == nil }.sorted()
        if !unknown.isEmpty {
            for row in try await store.skills(unknown, workspace: workspace.text) {
                known[row.id] = Skill(registered: row)
            }
            if skills.count >= Self.limit { skills = [:] }
            skills[workspace] = known
        }
        return known.values
    }

    private func hasQueue(_ domain: DomainName) async throws -> Bool {
        let now = ContinuousClock.now
        if let last = seen[domain], last.duration(to: now) < Self.memory { return true }
        guard try await publisher.queueExists(QueueName.executor(domain)) else { return false }
        seen[domain] = now
        return true
    }
}

extension Skill {
    /// - Returns: `nil` for a row that no version of ours writes.
    package init?(registered row: SkillRow) {
        guard let id = SkillID(row.id), let domain = DomainName(row.domain) else { return nil }
        self.init(id: id, version: row.version ?? 1, domain: domain, declaration: row.skill)
    }
}
