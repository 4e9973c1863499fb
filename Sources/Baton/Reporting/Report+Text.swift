import Contracts
import JSON

extension Report {
    /// - Parameter all: also what lists have beyond the first rows, and every conflict.
    func text(_ terminal: Terminal, all: Bool = false) -> String {
        lines(width: terminal.width, all: all).map { $0.rendered(terminal.hasColour) + "\n" }.joined()
    }

    func lines(width: Int, all: Bool = false) -> [StyledLine] {
        var lines: [StyledLine] = [[Styled(title.isEmpty ? workflowID : title.printable, .bold)], []]
        if let result = view["result"], result.object?.isEmpty == false {
            var text = ResultText(width: width, keys: keys)
            if all { text.rowLimit = nil }
            text.disputed = Set(conflicts.map(\.pointer.text))
            lines += text.lines(result)
        } else {
            lines += [[Styled("Nothing has been found yet.", .dim)], []]
        }
        lines += conflictLines(width: width, limit: all ? .max : 12)
        lines += unmergedLines + failureLines(width: width)
        return lines + summary
    }

    /// By which member the elements of a list are known: `union` of the `gather` block.
    private var keys: [String: String] {
        var keys: [String: String] = [:]
        for rule in gather?["merge"]?.object?.members ?? [] {
            keys[rule.name] = rule.value["union"]?.string ?? rule.value["key"]?.string
        }
        return keys
    }

    // MARK: What sources disagree on

    private func conflictLines(width: Int, limit: Int) -> [StyledLine] {
        let conflicts = self.conflicts.sorted { ($1.score, $0.pointer.text) < ($0.score, $1.pointer.text) }
        guard !conflicts.isEmpty else { return [] }
        var lines: [StyledLine] = [[Styled("Conflicts", .bold), Styled("  \(conflicts.count)", .dim)]]
        for conflict in conflicts.prefix(limit) {
            let score = "conflict \(Self.score(conflict.score))" + (conflict.isTie ? ", a tie" : "")
            lines.append(["  ", Styled(conflict.place.cut(to: width - 24), .yellow), "  ", Styled(score, .dim)])
            for (index, side) in conflict.sides.enumerated() {
                lines += sideLines(side, of: conflict, isShown: index == 0 && side.value != nil, width: width)
            }
            if conflict.more > 0 { lines.append(["      ", Styled("… and \(conflict.more) more sides", .dim)]) }
        }
        let rest = conflicts.count - limit
        if limit < conflicts.count { lines.append(["  ", Styled("… and \(rest) more (--all shows them)", .dim)]) }
        return lines + [[]]
    }

    /// Each domain on a line of its own, with where it has its value from.
    private func sideLines(_ side: Conflict.Side, of conflict: Conflict, isShown: Bool, width: Int) -> [StyledLine] {
        let widest = conflict.sides.map { Self.value($0).displayWidth }.max() ?? 0
        let values = min(widest, width / 3)
        let domains = conflict.sides.flatMap(\.domains).map(\.displayWidth).max() ?? 0
        return side.domains.enumerated().map { index, domain in
            let isFirst = index == 0
            let source = sources(of: side, in: domain, at: conflict.pointer).map { artifact in
                artifact.taskID + (artifact.summary.map { ": \($0)" } ?? "")
            }.joined(separator: "; ").printable
            let line: StyledLine = [
                "    ", Styled((isFirst && isShown ? "✓ " : "  ")),
                Styled((isFirst ? Self.value(side).cut(to: values) : "").padded(to: values), isShown ? .bold : .plain),
                "  ",
                Styled((isFirst ? Self.score(side.confidence) : "").padded(to: 4)), "  ",
                Styled(source.isEmpty ? domain : domain.padded(to: domains), .cyan), "  ", Styled(source, .dim),
            ]
            return line.cut(to: width)
        }
    }

    private static func value(_ side: Conflict.Side) -> String {
        if let value = side.value {
            let span = side.span.count == 2 ? " (\(side.span[0].inline()) to \(side.span[1].inline()))" : ""
            return value.inline(60) + span
        }
        return side.shape.map { "\($0 == "array" || $0 == "object" ? "an" : "a") \($0)" } ?? "–"
    }

    // MARK: What went wrong

    private var unmergedLines: [StyledLine] {
        let unmerged = view["unmerged"]?.object?.members ?? []
        guard !unmerged.isEmpty else { return [] }
        let lines: [StyledLine] = unmerged.map { member in
            let name = (JSONPointer(parsing: member.name)?.tokens ?? [member.name]).joined(separator: "/")
            return ["  ", Styled(name.printable), "  ", Styled(member.value["reason"]?.inline() ?? "", .yellow)]
        }
        return [[Styled("Not merged", .bold)]] + lines + [[]]
    }

    private func failureLines(width: Int) -> [StyledLine] {
        let bad = tasks.filter { ["failed", "cancelled"].contains($0.status) }
        guard !bad.isEmpty else { return [] }
        let lines: [StyledLine] = bad.map { task in
            let line: StyledLine = [
                "  ", Styled(task.status, task.status.signal), "  ", Styled(task.id, .bold), "  ",
                Styled((task.error ?? "").printable, .dim),
            ]
            return line.cut(to: width)
        }
        return [[Styled("Tasks that did not succeed", .bold)]] + lines + [[]]
    }

    // MARK: How it stands

    private var summary: [StyledLine] {
        var first: StyledLine = [Styled(status, status.signal == .plain ? .bold : status.signal)]
        if let createdAt, let endedAt { first.append(Styled(" in \(Moment.span(endedAt - createdAt))")) }
        let retried = tasks.filter { $0.attempt > 1 }.count
        let ended = tasks.filter(\.hasEnded).count
        first.append(
            Styled("  ·  \(ended) of \(tasks.count) tasks" + (retried > 0 ? ", \(retried) of them retried" : "")))
        if let progress { first.append(Styled("  ·  revision \(progress.revision)")) }
        first.append(Styled("  ·  \(workflowID)", .dim))
        var lines: [StyledLine] = [first]
        if let error { lines.append([Styled(error.printable, .red)]) }
        if let progress {
            lines.append([
                "coverage ", Styled(progress.coverage.percent, .bold), "  ·  confidence ",
                Styled(progress.confidence.text, .bold), "  ·  ",
                Styled(
                    progress.conflictCount == 0
                        ? "no conflicts"
                        : progress.conflictCount == 1
                            ? "1 conflict, of \(progress.conflict.text)"
                            : "\(progress.conflictCount) conflicts, the greatest \(progress.conflict.text)",
                    progress.conflictCount == 0 ? .plain : .yellow),
            ])
            if let missing = progress.missing, !missing.isEmpty {
                lines.append([Styled("missing: " + missing.joined(separator: ", "), .yellow)])
            }
        }
        return lines
    }

    private static func score(_ value: Double) -> String {
        Score(millionths: Int((max(0, min(1, value)) * 1_000_000).rounded())).text
    }
}
