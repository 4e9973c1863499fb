import Foundation
import LocalServers

/// Programs that `baton dev` runs to their end before it is ready; swept up like the others when it is killed meanwhile.
struct DevSteps {
    let token: String
    let log: DevLog

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a command of this very program; what it says is shown when it fails.
    func run(_ name: String, _ arguments: [String], environment: [String: String]) async throws {
        let lines = try await lines(of: Environment.ownProgram, arguments, name: name, environment: environment)
        for line in lines { log.show(.line(name: name, text: line)) }
    }

    /// Runs a program and takes the lines `NAME=VALUE` out of what it prints; they may be secret, and are not shown.
    func variables(from program: String, environment: [String: String]) async throws -> [String: String] {
        var variables: [String: String] = [:]
        for line in try await lines(of: program, [], name: "prepare", environment: environment) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0].wholeMatch(of: /[A-Z][A-Z0-9_]*/) != nil {
                variables[String(parts[0])] = String(parts[1])
            } else {
                log.show(.line(name: "prepare", text: line))
            }
        }
        return variables
    }

    private func lines(
        of program: String, _ arguments: [String], name: String, environment: [String: String]
    ) async throws -> [String] {
        let (events, continuation) = AsyncStream<ChildEvent>.makeStream()
        let supervisor = Supervisor(mark: ProcessMark(token: token)) { event in
            continuation.yield(event)
            if case .ended = event { continuation.finish() }
        }
        let all = Environment.inherited.merging(environment) { $1 }
        try await supervisor.start(Program(name: name, command: Command(program, arguments, environment: all)))
        let status = await supervisor.waitForEnd(of: name, whenCancelled: SIGTERM)
        var lines: [String] = []
        for await case .line(_, let text) in events { lines.append(text) }
        try Task.checkCancellation()
        guard status == .exited(0) else {
            let words = ([program] + arguments).joined(separator: " ")
            throw Failure(
                description: "\(words) failed with \(status):\n" + lines.map { "    " + $0 }.joined(separator: "\n"))
        }
        return lines
    }
}
