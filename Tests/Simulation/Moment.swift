import JSON
import Store

/// What is worth knowing to have been reached, and has no message or status of its own.
enum Moment: String, CaseIterable {
    case goalReached = "a goal turned into tasks"
    case goalMissed = "a goal whose tasks are refused"
    case addedAgain = "tasks added once more by one that runs again"
    case carried = "an order caused by another workflow's message"
    case takenOver = "an attempt taken over by a later run"
    case overtaken = "a word of a run that no longer holds its attempt"
}

extension SimulatedDatabase {
    /// How often each has come about, as the histories show.
    var moments: [String: Int] {
        var counts: [String: Int] = [:]
        func count(_ moment: Moment, _ isReached: Bool) {
            if isReached { counts[moment.rawValue, default: 0] += 1 }
        }
        let homes = Dictionary(events.values.joined().map { ($0.id, $0.workflowID) }) { first, _ in first }
        for (id, history) in events {
            if workflows[id]?.name == "goal" {
                count(.goalReached, history.contains { $0.type == "workflow.expanded" && $0.taskID == "plan" })
                count(.goalMissed, taskRows(id).contains { $0.error?["code"]?.string == "expansion_refused" })
            }
            var started: Set<String> = []
            var adders: Set<String> = []
            for event in history {
                let run = "\(event.taskID ?? "")#\(event.attempt ?? 0)"
                switch event.type {
                case "task.dispatched":
                    count(.carried, event.causation.flatMap { homes[$0] }.map { $0 != id } ?? false)
                case "task.started" where !event.isStale: count(.takenOver, !started.insert(run).inserted)
                case "workflow.expanded" where Self.body(event)["joins"] != nil: adders.insert(event.taskID ?? "")
                case "task.completed" where !event.isStale && adders.contains(event.taskID ?? ""):
                    count(.addedAgain, Self.body(event)["expansion"]?["tasks"]?.object?.isEmpty == false)
                case "task.completed", "task.failed": count(.overtaken, event.isStale)
                default: break
                }
            }
        }
        return counts
    }

    private static func body(_ event: EventRow) -> JSONValue {
        (try? JSONReader.parse(event.body, limits: .default)) ?? .null
    }
}
