import ArgumentParser
import Contracts
import Foundation

/// Who asks.
struct ActorOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Who asks, for the records; the login name otherwise.", valueName: "name"))
    var name: String?

    @Option(name: .customLong("role"), help: ArgumentHelp("A role of theirs; may be repeated.", valueName: "role"))
    var roles: [String] = []

    var actor: Contracts.Actor { Contracts.Actor(id: name ?? Self.userName, roles: roles) }

    static var userName: String {
        let environment = ProcessInfo.processInfo.environment
        return [environment["USER"], environment["LOGNAME"]].compactMap { $0 }.first { !$0.isEmpty } ?? "operator"
    }
}
