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
    /// Versions of definitions, which never change; bounded by forgetting all of them.
    private var definitions: [String: JSONValue] = [:]
    private static let definitionLimit = 500
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
            if definitions.count >= Self.definitionLimit { definitions = [:] }
            definitions[key] = definition
        }
        return definition
    }

    func catalog(of workspace: Workspace) async throws -> SkillCatalog {
        let skills = try await store.skills(workspace: workspace.text).compactMap { Skill(registered: $0) }
        var domains: Set<DomainName> = []
        for domain in Set(skills.map(\.domain)) where try await hasQueue(domain) { domains.insert(domain) }
        return SkillCatalog(skills, domains: domains)
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
