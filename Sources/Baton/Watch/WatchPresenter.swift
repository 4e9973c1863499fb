import Contracts
import JSON

/// How a watch is shown.
protocol WatchPresenter: AnyObject {
    /// The view has moved on by one revision.
    func revision(_ progress: WorkflowProgress, _ state: WatchState)
    /// A line that a task wrote.
    func log(_ line: LogLine, task: String, attempt: Int, _ state: WatchState)
    /// Tasks have changed, or time has passed.
    func refresh(_ state: WatchState)
    /// Something a person should know that is not in the result.
    func remark(_ text: String)
    func end(_ report: Report)
}

/// One JSON object a line.
final class JSONPresenter: WatchPresenter {
    func revision(_ progress: WorkflowProgress, _ state: WatchState) {
        var line: JSONObject = ["type": "revision"]
        let body = (try? JSONValueEncoder().encode(progress))?.object ?? [:]
        for (name, value) in body.members { line[name] = value }
        line["task_states"] = state.taskStates
        Console.print(JSONValue.object(line).text)
    }

    func log(_ line: LogLine, task: String, attempt: Int, _ state: WatchState) {
        Console.print(
            JSONValue.object([
                "type": "log", "task_id": .string(task), "attempt": .number(JSONNumber(attempt)),
                "at": .string(line.at.description), "level": .string(line.level.rawValue), "text": .string(line.text),
            ]).text)
    }

    func refresh(_ state: WatchState) {}
    func remark(_ text: String) { Console.complain(text) }

    func end(_ report: Report) {
        var line: JSONObject = ["type": "end"]
        for (name, value) in report.json.members { line[name] = value }
        Console.print(JSONValue.object(line).text)
    }
}

/// Plain lines, one for each revision, for a log or a pipe.
final class LinePresenter: WatchPresenter {
    private let terminal: Terminal

    init(_ terminal: Terminal) { self.terminal = terminal }

    func revision(_ progress: WorkflowProgress, _ state: WatchState) {
        var words = [
            "revision \(progress.revision)".padded(to: 13), Moment.time(progress.emittedAt.milliseconds),
            progress.status.rawValue, "tasks \(progress.tasks.settled)/\(progress.tasks.expected)",
        ]
        if progress.tasks.failed > 0 { words.append("\(progress.tasks.failed) failed") }
        words += [
            "coverage \(progress.coverage.percent)", "confidence \(progress.confidence.text)",
            "conflicts \(progress.conflictCount)",
        ]
        if progress.unmergedCount > 0 { words.append("unmerged \(progress.unmergedCount)") }
        let changed = progress.touchedSections
        if !changed.isEmpty { words.append("· " + changed.joined(separator: ", ")) }
        Console.print(words.joined(separator: "  ").printable)
    }

    func log(_ line: LogLine, task: String, attempt: Int, _ state: WatchState) {
        let try_ = attempt > 1 ? "#\(attempt)" : ""
        Console.print("\(Moment.time(line.at.milliseconds))  \(task)\(try_) | \(line.text)".printable)
    }

    func refresh(_ state: WatchState) {}
    func remark(_ text: String) { Console.complain(text) }
    func end(_ report: Report) { Console.show("\n" + report.text(terminal)) }
}

extension WorkflowProgress {
    /// The members of the result that this revision says something new of.
    var touchedSections: [String] {
        let names: [String]
        if let patch {
            names = (patch.array ?? []).compactMap { operation in
                guard let pointer = operation["path"]?.string.flatMap({ JSONPointer(parsing: $0) }),
                    pointer.tokens.count > 1
                else { return nil }
                switch pointer.tokens[0] {
                case "result": return pointer.tokens[1]
                case "conflicts": return "a conflict"
                default: return nil
                }
            }
        } else {
            names = snapshot?["result"]?.object?.names ?? []
        }
        return Array(Set(names)).sorted()
    }
}

extension Score {
    /// With two decimals.
    var text: String {
        let hundredths = (millionths + 5000) / 10_000
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    }

    /// Rounded down: 100 % is all of it.
    var percent: String { "\(millionths / 10_000) %" }
}
