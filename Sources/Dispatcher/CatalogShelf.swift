import Contracts
import Engine
import Store

/// The registered skills of each workspace, as they were a short while ago.
actor CatalogShelf {
    private static let memory = Duration.seconds(10)
    private var known: [Workspace: (catalog: SkillCatalog, read: Timestamp)] = [:]

    /// A domain without a queue shows when its task is ordered (`no_route`): it is not asked for here.
    ///
    /// - Parameter now: of a clock that may be set back.
    func catalog(
        of workspace: Workspace, in store: any DispatcherStore, now: Timestamp
    ) async throws -> SkillCatalog {
        func isNew(_ read: Timestamp) -> Bool { (.zero..<Self.memory).contains(now - read) }
        if let (catalog, read) = known[workspace], isNew(read) { return catalog }
        let skills = try await store.skills(nil, workspace: workspace.text).compactMap { row -> Skill? in
            guard let id = SkillID(row.id), let domain = DomainName(row.domain) else { return nil }
            return Skill(id: id, version: row.version ?? 1, domain: domain, declaration: row.skill)
        }
        let catalog = SkillCatalog(skills, domains: skills.map(\.domain))
        known = known.filter { isNew($0.value.read) }
        known[workspace] = (catalog, now)
        return catalog
    }
}
