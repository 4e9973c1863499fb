import Foundation
import Glibc
import LocalServers

extension Fault {
    /// A process dies between two steps of the one rule, by its own hand: so it is exactly there.
    static var steps: [Fault] {
        let relays = ["planner", "dispatcher", "gatherer"].flatMap { name in Step.allCases.map { (name, $0) } }
        // A notifier publishes nothing.
        let notifier = [Step.consumed, .confirmed].map { ("notifier", $0) }
        return (relays + notifier + Step.allCases.map { ("payments", $0) }).map(death)
    }

    /// What `BATON_FAILPOINT` calls them.
    private enum Step: String, CaseIterable {
        case consumed, committed, published, confirmed

        func words(of process: String) -> String {
            switch self {
            case .consumed: "after it has consumed"
            case .committed: process == "payments" ? "after the work, before a word" : "after its commit"
            case .published: "after it has published, before the confirm"
            case .confirmed: "after the confirm, before the ack"
            }
        }
    }

    private static func death(of process: String, at step: Step) -> Fault {
        let title = World.domains.contains(process) ? "executor (\(process))" : process
        let isInShort = [("dispatcher", .committed), ("gatherer", .published), ("payments", .confirmed)].contains {
            $0 == (process, step)
        }
        return Fault(
            name: "kill -9 of a \(title) \(step.words(of: process))", times: (isInShort ? 1 : 0, 2), target: deathTarget
        ) { scene in
            // A third one, so that the other two are as they were.
            let name = "\(process)-3"
            let log = "\(scene.fleet.journal.logs)/\(name).log"
            func words() -> Int {
                let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                return text.split(separator: "failpoint: dies once \(step.rawValue)").count - 1
            }
            let (before, spoken) = (scene.fleet.journal.ends.count, words())
            try await scene.fleet.start(
                name, staysUp: false,
                variables: ["BATON_FAILPOINT": "\(step.rawValue):\(scene.chance.number(in: 2...4))"])
            let end = try? await scene.end(of: name, after: before, within: .seconds(60))
            guard let end else {
                let (status, _) = try await scene.fleet.end(name, by: SIGTERM)
                throw Miss("\(name) did not come so far, and left with \(status)")
            }
            guard end.status == .killed(signal: SIGKILL), words() > spoken else {
                throw Miss("\(name) ended with \(end.status) elsewhere")
            }
            return Hit("it said where it was, and ended by signal 9", since: end.at)
        }
    }
}

extension Scene {
    fileprivate func end(of name: String, after known: Int, within limit: Duration) async throws -> Journal.End {
        var end: Journal.End?
        try await wait(limit, "the end of \(name)") {
            end = fleet.journal.ends.dropFirst(known).first { $0.name == name }
            return end != nil
        }
        guard let end else { throw Miss("\(name) has not ended") }
        return end
    }
}
