import Contracts
import Engine
import Foundation
import JSON
import Store
import Topology

/// What definitions are checked against.
enum Catalogs {
    /// The skills that are registered.
    static func registered(_ store: Store, workspace: String) async throws -> SkillCatalog {
        let rows = try await store.skills(workspace: workspace)
        return SkillCatalog(rows.compactMap { Skill(declaration: $0.skill) }, domains: try domains())
    }

    /// The runner domains that have a queue: those of `./topology`, or of the topology that this program carries.
    static func domains() throws -> [DomainName] {
        let folder = "topology"
        let files =
            FileManager.default.fileExists(atPath: folder + "/domains.yaml")
            ? try TopologyFiles.load(URL(fileURLWithPath: folder)) : TopologyFiles.builtIn()
        return files.expand().domains.compactMap { DomainName($0.name) }
    }
}

extension Skill {
    /// - Parameter declaration: a skill's file, as it was registered.
    init?(declaration: JSONValue) {
        guard let id = declaration["id"]?.string.flatMap({ SkillID($0) }),
            let domain = declaration["domain"]?.string.flatMap({ DomainName($0) })
        else { return nil }
        func span(_ name: String) -> Duration? { declaration[name].flatMap { Span.parse($0) } }
        let retry = declaration["retry"].map { rule in
            RetryPolicy(
                attempts: rule["attempts"]?.int ?? 1,
                backoff: rule["backoff"].flatMap { Span.parse($0) } ?? .seconds(1),
                factor: rule["factor"]?.number?.double ?? 2, max: rule["max"].flatMap { Span.parse($0) } ?? .seconds(60)
            )
        }
        self.init(
            id: id, version: declaration["version"]?.int ?? 1, domain: domain, input: declaration["input"],
            retry: retry,
            timeout: span("timeout"), startWithin: span("start_within"), lease: span("lease"),
            risk: declaration["risk"]?.string.flatMap(Risk.init) ?? .normal,
            isDeferred: declaration["deferred"]?.bool ?? false)
    }
}
