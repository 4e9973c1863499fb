import Executor
import Foundation

/// Which domains have skills that an executor of ours can run; what is wrong with a file is for `baton skills sync` to say.
struct SkillFolders {
    /// Those that hold any skill.
    var folders: [String] = []
    /// By domain, the folders that hold skills of it.
    var byDomain: [String: [String]] = [:]

    init(_ candidates: [String]) {
        for folder in candidates {
            let (skills, refusals) = SkillFile.readAll(below: folder)
            if !skills.isEmpty || !refusals.isEmpty { folders.append(folder) }
            for skill in skills {
                if case .external = skill.handler { continue }
                if byDomain[skill.domain.text]?.last != folder {
                    byDomain[skill.domain.text, default: []].append(folder)
                }
            }
        }
    }
}
