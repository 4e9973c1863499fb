import ArgumentParser
import Foundation
import JSON
import LocalServers
import Topology
import YAML

/// Which files, and for which virtual host.
struct TopologyFilesOptions: ParsableArguments {
    @Option(
        help:
            "The folder with baton.yaml, access.yaml and domains.yaml; ./topology when there is one, else those built in."
    )
    var dir: String?

    @Option(help: "The virtual host.")
    var vhost = "baton"

    @Option(help: "Put before the name of every user: users are global on a broker.")
    var userPrefix = ""

    @Option(help: "How many partitions, instead of the number in the file.")
    var partitions: Int?

    func topology() throws -> Topology {
        if let partitions, !(1...1024).contains(partitions) {
            throw ValidationError("--partitions is a number from 1 to 1024.")
        }
        let isHere = FileManager.default.fileExists(atPath: "topology/baton.yaml")
        let folder = dir ?? (isHere ? "topology" : nil)
        let files = try folder.map { try TopologyFiles.load(URL(fileURLWithPath: $0)) } ?? TopologyFiles.builtIn()
        return files.expand(
            TopologySettings(virtualHost: vhost, userPrefix: userPrefix, partitions: partitions))
    }
}

/// Where the broker's management API is.
struct ManagementOptions: ParsableArguments {
    @Option(help: "The broker's management API, http://user:password@host:port (or BATON_MANAGEMENT_URL).")
    var managementURL: String?

    @Option(help: "The folder of the `baton dev` that is meant, when no address is given.")
    var data: String?

    func api() throws -> ManagementAPI { ManagementAPI(try ManagementSettings(url: try url())) }

    private func url() throws -> String {
        if let managementURL { return managementURL }
        if data == nil, let url = ProcessInfo.processInfo.environment["BATON_MANAGEMENT_URL"], !url.isEmpty {
            return url
        }
        let state = try DevState.find(data: data)
        return state.passwords["deploy"] == nil ? state.managementURL() : state.managementURL(user: "deploy")
    }
}

/// The users' passwords, which are in no file of the topology.
struct PasswordOptions: ParsableArguments {
    @Option(help: "A YAML or JSON file with a password for each user: `planner: …`.")
    var passwords: String?

    func passwords(prefix: String, replacingExisting: Bool) throws -> UserPasswords {
        guard let path = passwords else { return UserPasswords() }
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let document: YAMLDocument
        do {
            document = try YAMLReader.parse(bytes)
        } catch {
            throw ValidationError("\(path): \(error.message)")
        }
        var byUser: [String: String] = [:]
        for member in document.value.object?.members ?? [] {
            guard let password = member.value.string, !password.isEmpty else {
                throw ValidationError("\(path): the password of \(member.name) is not a text")
            }
            byUser[prefix + member.name] = password
        }
        return UserPasswords(byUser, replacesExisting: replacingExisting)
    }
}

/// Text for people, JSON for programs.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "How to print.")
    var output = Format.text

    func show(_ text: @autoclosure () -> String, _ json: @autoclosure () -> JSONValue) {
        switch output {
        case .text: print(text(), terminator: "")
        case .json: print(json().text)
        }
    }
}
