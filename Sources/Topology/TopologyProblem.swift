package import YAML

/// What is wrong in a file of `topology/`, and where.
package struct TopologyProblem: Sendable, Equatable {
    package var file: String
    package var position: SourcePosition?
    package var message: String
}

extension TopologyProblem: CustomStringConvertible {
    package var description: String {
        guard let position else { return "\(file): \(message)" }
        return "\(file):\(position.line):\(position.column): \(message)"
    }
}

/// All that is wrong in the files, at once.
package struct TopologyFilesError: Error, Equatable, Sendable, CustomStringConvertible {
    package var problems: [TopologyProblem]
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
