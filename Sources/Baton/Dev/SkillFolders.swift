import Foundation
import YAML

/// Which domains have skills that an executor of ours can run; what is wrong with a file is for `baton skills lint` to say.
enum SkillFolders {
    /// - Returns: by domain, the folders that hold skills of it.
    static func domains(in folders: [String]) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for folder in folders {
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
                guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)/skill.yaml"),
                    let skill = try? YAMLReader.parse(Array(bytes)).value, skill["handler"]?.string != "external",
                    let domain = skill["domain"]?.string
                else { continue }
                if found[domain]?.contains(folder) != true { found[domain, default: []].append(folder) }
            }
        }
        return found
    }
}
