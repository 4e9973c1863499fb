import ArgumentParser
import Contracts

/// `name`, or `name@version`.
struct DefinitionReference: Equatable, ExpressibleByArgument {
    var name: DefinitionName
    var version: Int?

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first.flatMap({ DefinitionName($0) }) else { return nil }
        self.name = name
        if parts.count == 2 {
            guard let version = Int(parts[1]), version > 0 else { return nil }
            self.version = version
        }
    }

    var text: String { version.map { "\(name)@\($0)" } ?? name.text }
}
