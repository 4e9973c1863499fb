import AMQP
import Contracts
import Foundation
import JSON

/// People, who decide what workflows wait for, hold them, let them go on and mend them: each some time after it is due.
///
/// What they say depends on what the tables tell, so that no word comes too early; each says a thing once, for what the
/// broker has confirmed is not lost.
actor People {
    private struct Seen {
        var status: String
        var tasks: [String: String]
    }

    /// What somebody says to a workflow.
    private struct Word: Hashable {
        var type: String
        var workflow: String
        var who = "ada"
        var task: String?

        var body: JSONValue {
            var members: [(String, JSONValue)] = [
                ("workflow_id", .string(workflow)), ("actor", ["id": .string(who), "roles": ["boss"]]),
            ]
            if let task { members.append(("task_id", .string(task))) }
            if type == "approval.decided" { members.append(("decision", "continue")) }
            if type == "signal.received" { members += [("name", "go"), ("payload", ["by": .string(who)])] }
            return .object(JSONObject(members))
        }
    }

    private let world: World
    private let ledger: Ledger
    private let publisher: Publisher
    private let chance: Chance
    private var said: Set<Word> = []

    init(_ world: World, _ ledger: Ledger, _ chance: Chance) throws {
        (self.world, self.ledger, self.chance) = (world, ledger, chance)
        publisher = Publisher(try world.broker("operator"), logger: .silent)
    }

    /// Until the task is cancelled.
    func attend() async {
        await withDiscardingTaskGroup { speaking in
            while !Task.isCancelled {
                for word in await due() where said.insert(word).inserted {
                    let delay = Duration.milliseconds(chance.number(in: 0...1500))
                    speaking.addTask { await self.say(word, after: delay) }
                }
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        await publisher.close()
    }

    /// What the broker has not confirmed is said again; a copy does nothing, for its id is the same.
    private func say(_ word: Word, after delay: Duration) async {
        try? await Task.sleep(for: delay)
        var message = Producer.message(word.type, word.body.serialized(), id: UUID().uuidString.lowercased())
        message.properties.correlationID = word.workflow
        while !Task.isCancelled, await publisher.publish([message]) != [.confirmed] {
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func due() async -> [Word] {
        let open = await ledger.all.filter { $0.ended == nil && Shape.ofPeople.contains($0.shape) }
        guard !open.isEmpty, let seen = try? await seen(open.map(\.workflow)) else { return [] }
        return open.flatMap { entry in seen[entry.workflow].map { words(for: entry, $0) } ?? [] }
    }

    private func words(for entry: Ledger.Entry, _ seen: Seen) -> [Word] {
        func word(_ type: String, who: String = "ada", _ task: String? = nil) -> Word {
            Word(type: type, workflow: entry.workflow, who: who, task: task)
        }
        let isPaused = seen.status == "paused"
        switch entry.shape {
        case .approved where seen.tasks["sign"] == "awaiting_approval": return [word("approval.decided", "sign")]
        case .quorum where seen.tasks["sign"] == "awaiting_approval":
            return ["ada", "bob"].map { word("approval.decided", who: $0, "sign") }
        case .waits: return [word("signal.received")]
        case .held: return [word(isPaused ? "control.resume" : "control.pause")]
        case .mended where isPaused:
            return [seen.tasks["bad"] == "failed" ? word("control.retry", "bad") : word("control.resume")]
        case .skipped where isPaused:
            return [seen.tasks["bad"] == "failed" ? word("control.skip", "bad") : word("control.resume")]
        default: return []
        }
    }

    private func seen(_ workflows: [String]) async throws -> [String: Seen] {
        let rows = try await world.rows(
            """
            SELECT w.id, w.status, json_object_agg(t.task_id, t.status) AS tasks
            FROM baton.workflows w JOIN baton.tasks t ON t.workflow_id = w.id WHERE w.id = ANY($1) GROUP BY w.id, w.status
            """, [.texts(workflows)])
        let pairs = rows.map { row in
            let tasks = row["tasks"]?.object?.members.map { ($0.name, $0.value.string ?? "") } ?? []
            return (
                row["id"]?.string ?? "",
                Seen(status: row["status"]?.string ?? "", tasks: Dictionary(tasks) { $1 })
            )
        }
        return Dictionary(pairs) { $1 }
    }
}

extension World {
    /// What the pipeline has taken of what people said, by kind, from its own books.
    func audited() async throws -> [(action: String, count: Int)] {
        try await rows("SELECT action, count(*) AS count FROM baton.audit GROUP BY action ORDER BY action").map { row in
            (row["action"]?.string ?? "", row["count"]?.int ?? 0)
        }
    }
}
