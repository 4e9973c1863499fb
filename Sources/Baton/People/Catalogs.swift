import Contracts
import Engine
import Foundation
import Planner
import Store
import Topology

/// What definitions are checked against.
enum Catalogs {
    /// The skills that are registered.
    static func registered(_ store: Store, workspace: String) async throws -> SkillCatalog {
        let rows = try await store.skills(workspace: workspace)
        return SkillCatalog(rows.compactMap { Skill(registered: $0) }, domains: try domains())
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
