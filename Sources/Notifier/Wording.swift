import Contracts
import JSON

/// How revisions are put into words.
enum Wording {
    /// One line of a log: `wf-… revision 3: running, 40 % covered, confidence 0.912, 1 conflict, 12 of 17 tasks reported`.
    static func line(_ progress: WorkflowProgress) -> String {
        let tasks = progress.tasks
        var parts = [
            "\(progress.status.rawValue)\(progress.pane == .onTime ? ", complete" : "")",
            "\(percent(progress.coverage)) covered", "confidence \(score(progress.confidence))",
            "\(tasks.reported) of \(tasks.expected) tasks reported",
        ]
        if progress.conflictCount > 0 {
            parts.append(count(progress.conflictCount, "conflict") + " (\(score(progress.conflict)) at most)")
        }
        if tasks.failed > 0 { parts.append(count(tasks.failed, "task") + " failed") }
        if progress.unmergedCount > 0 { parts.append("\(progress.unmergedCount) not merged") }
        return "\(progress.workflowID) revision \(progress.revision): " + parts.joined(separator: ", ")
    }

    static func percent(_ score: Score) -> String { "\(score.millionths / 10_000) %" }

    /// Three decimals are enough for people.
    static func score(_ score: Score) -> String { decimal(Double(score.millionths) / 1_000_000) }

    static func decimal(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        let fraction = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }

    /// A conflict with both sides: `/status: active 0.840 (data-read, payments); closed 0.130 (growth); conflict 0.780`.
    static func conflict(_ pointer: String, _ conflict: JSONValue) -> String {
        let sides = (conflict["candidates"]?.array ?? []).map { candidate in
            let value = candidate["value"].map(short) ?? "an \(candidate["shape"]?.string ?? "object")"
            let domains = (candidate["domains"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
            let excluded = candidate["excluded"]?.bool == true ? ", excluded" : ""
            return "\(value) \(decimal(candidate["confidence"]?.number?.double ?? 0)) (\(domains)\(excluded))"
        }
        let more = conflict["more"]?.int.map { "; \($0) more" } ?? ""
        let tie = conflict["tie"]?.bool == true ? ", a tie" : ""
        let score = decimal(conflict["score"]?.number?.double ?? 0)
        return "\(pointer): \(sides.joined(separator: "; "))\(more); conflict \(score)\(tie)"
    }

    /// The merged result, a line for each of its parts, as far as `limit` goes.
    static func findings(_ result: JSONValue, limit: Int) -> [String] {
        let members = result.object?.members ?? []
        let lines = members.prefix(limit).map { member in "\(member.name): \(summary(member.value))" }
        return members.count > limit ? lines + ["and \(members.count - limit) more"] : lines
    }

    private static func summary(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements):
            let titles = elements.compactMap { ($0["title"] ?? $0["do"])?.string }.prefix(3)
            let more = elements.count > titles.count && !titles.isEmpty ? " …" : ""
            return titles.isEmpty
                ? count(elements.count, "entry").replacing("entrys", with: "entries")
                : "\(elements.count), such as " + titles.joined(separator: "; ") + more
        case .object(let object):
            return object.members.prefix(6).map { "\($0.name) \(short($0.value))" }.joined(separator: ", ")
                + (object.count > 6 ? " …" : "")
        default: return short(value)
        }
    }

    private static func short(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.count > 80 ? text.prefix(79) + "…" : text
        case .array(let elements): "[\(elements.count)]"
        case .object(let object): "{\(object.count)}"
        default: value.text
        }
    }
}
