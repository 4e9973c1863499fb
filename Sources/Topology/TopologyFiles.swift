package import Foundation
import JSON
import YAML

/// The files of `topology/`: what should exist on every broker of ours, with placeholders for partitions and domains.
package struct TopologyFiles: Sendable {
    struct ExchangeTemplate: Sendable {
        var exchange: Topology.Exchange
        var bindings: [BindingTemplate]
    }

    struct QueueTemplate: Sendable {
        var queue: Topology.Queue
        var policy: JSONObject
        var bindings: [BindingTemplate]
    }

    struct BindingTemplate: Sendable {
        var source: String
        var key: String
    }

    package internal(set) var partitions: Int
    package internal(set) var domains: [Topology.Domain]
    var exchanges: [ExchangeTemplate]
    var queues: [QueueTemplate]
    var users: [Topology.User]

    static let names = ["baton.yaml", "access.yaml", "domains.yaml"]

    /// - Throws: ``TopologyFilesError`` with every problem of all three files.
    package static func load(_ directory: URL) throws(TopologyFilesError) -> TopologyFiles {
        var contents: [String: [UInt8]] = [:]
        var problems: [TopologyProblem] = []
        for name in names {
            do {
                contents[name] = Array(try Data(contentsOf: directory.appendingPathComponent(name)))
            } catch {
                let path = directory.appendingPathComponent(name).path
                problems.append(TopologyProblem(file: path, message: "cannot be read: \(error.localizedDescription)"))
            }
        }
        guard problems.isEmpty else { throw TopologyFilesError(problems: problems) }
        return try parse(contents)
    }

    /// The files as they were when this program was built.
    package static func builtIn() -> TopologyFiles {
        let contents = [
            "baton.yaml": PackageResources.baton_yaml, "access.yaml": PackageResources.access_yaml,
            "domains.yaml": PackageResources.domains_yaml,
        ]
        do {
            return try parse(contents)
        } catch {
            preconditionFailure("the topology inside this program is wrong:\n\(error)")
        }
    }

    /// - Parameter contents: by file name; one that is missing is empty.
    package static func parse(_ contents: [String: [UInt8]]) throws(TopologyFilesError) -> TopologyFiles {
        var baton = FileReader(file: "baton.yaml", bytes: contents["baton.yaml"] ?? [])
        var access = FileReader(file: "access.yaml", bytes: contents["access.yaml"] ?? [])
        var domains = FileReader(file: "domains.yaml", bytes: contents["domains.yaml"] ?? [])
        _ = baton.object(at: .root, allowing: ["partitions", "exchanges", "queues"])
        let exchanges = baton.exchanges()
        let files = TopologyFiles(
            partitions: baton.int(at: JSONPointer(["partitions"]), in: 1...1024, default: 4),
            domains: domains.domains(), exchanges: exchanges,
            queues: baton.queues(exchanges: Set(exchanges.map(\.exchange.name))),
            users: access.users(topics: exchanges.map(\.exchange).filter { $0.type == "topic" }.map(\.name)))
        let problems = baton.problems + access.problems + domains.problems
        guard problems.isEmpty else { throw TopologyFilesError(problems: problems) }
        return files
    }
}
