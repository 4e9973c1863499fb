import Contracts
import Engine
import Store

/// The registered skills of each workspace, as they were a short while ago.
actor CatalogShelf {
    private static let memory = Duration.seconds(10)
    private var known: [Workspace: (catalog: SkillCatalog, read: ContinuousClock.Instant)] = [:]

    /// A domain without a queue shows when its task is ordered (`no_route`): it is not asked for here.
    func catalog(of workspace: Workspace, in store: any DispatcherStore) async throws -> SkillCatalog {
        let now = ContinuousClock.now
        if let (catalog, read) = known[workspace], read.duration(to: now) < Self.memory { return catalog }
        let skills = try await store.skills(nil, workspace: workspace.text).compactMap { row -> Skill? in
            guard let id = SkillID(row.id), let domain = DomainName(row.domain) else { return nil }
            return Skill(id: id, version: row.version ?? 1, domain: domain, declaration: row.skill)
        }
        let catalog = SkillCatalog(skills, domains: skills.map(\.domain))
        known = known.filter { $0.value.read.duration(to: now) < Self.memory }
        known[workspace] = (catalog, now)
        return catalog
    }
}
