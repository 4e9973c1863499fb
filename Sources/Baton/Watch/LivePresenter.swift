import Contracts
import JSON

/// A terminal that is drawn again as things change: tasks by domain, the result as it grows, conflicts.
final class LivePresenter: WatchPresenter {
    private static let pause = Duration.milliseconds(60)
    private static let logLines = 5

    private let showsLogs: Bool
    /// Lines of the last drawing, to be drawn over.
    private var height = 0
    private var drawnAt: ContinuousClock.Instant?
    private var logs: [StyledLine] = []
    private var remarks: [String] = []

    init(showsLogs: Bool) { self.showsLogs = showsLogs }

    func revision(_ progress: WorkflowProgress, _ state: WatchState) { draw(state) }
    func refresh(_ state: WatchState) { draw(state) }
    func remark(_ text: String) { if remarks.last != text { remarks.append(text) } }

    func log(_ line: LogLine, task: String, attempt: Int, _ state: WatchState) {
        logs.append([Styled(task.printable + " ", .cyan), Styled(line.text.printable, .dim)])
        logs = logs.suffix(Self.logLines)
        draw(state)
    }

    func end(_ report: Report) {
        Console.show(erased)
        height = 0
        let terminal = Terminal.current()
        Console.show(report.text(terminal))
        for remark in remarks { Console.complain(remark) }
    }

    // MARK: Drawing

    private var erased: String { height > 0 ? "\u{1B}[\(height)A\r\u{1B}[J" : "" }

    private func draw(_ state: WatchState) {
        let now = ContinuousClock.now
        if let drawnAt, now - drawnAt < Self.pause { return }
        drawnAt = now
        let terminal = Terminal.current()
        let lines = LiveScreen(state: state, logs: showsLogs ? logs : [], remark: remarks.last, now: Moment.now)
            .lines(width: terminal.width - 1, height: terminal.height - 1)
        Console.show(erased + lines.map { $0.rendered(terminal.hasColour) + "\n" }.joined())
        height = lines.count
    }
}

/// One drawing of a running workflow.
struct LiveScreen {
    let state: WatchState
    let logs: [StyledLine]
    let remark: String?
    /// Milliseconds since the epoch.
    let now: Int64

    /// - Parameter height: no more lines than this: what was drawn before has to be within reach.
    func lines(width: Int, height: Int) -> [StyledLine] {
        let head = [title, scores(width: width), []]
        var tail: [StyledLine] = []
        let result = resultLines(width: width)
        if !result.isEmpty { tail += [[]] + result }
        let conflicts = conflictLines(width: width)
        if !conflicts.isEmpty { tail += [[]] + conflicts }
        if !logs.isEmpty { tail += [[]] + logs }
        if let remark { tail.append([Styled(remark, .yellow)]) }
        let room = height - head.count - tail.count
        let lines = head + domainLines(width: width, height: max(3, room)) + tail
        return lines.prefix(height).map { $0.cut(to: width) }
    }

    private var title: StyledLine {
        var line: StyledLine = [
            Styled(state.title.printable, .bold), "  ",
            Styled(state.status, state.status.signal == .plain ? .cyan : state.status.signal),
        ]
        if let began = state.createdAt { line.append(Styled("  " + Moment.span((state.endedAt ?? now) - began))) }
        line.append(Styled("  \(state.id)", .dim))
        return line
    }

    private func scores(width: Int) -> StyledLine {
        let progress = state.follower.latest
        let ended = state.tasks.values.filter(\.hasEnded).count
        let coverage = progress?.coverage ?? Score(millionths: 0)
        let cells = 20
        let full = coverage.millionths * cells / 1_000_000
        var line: StyledLine = [
            Styled("tasks \(ended)/\(state.tasks.count)"), "  coverage ",
            Styled(String(repeating: "█", count: full), .green),
            Styled(String(repeating: "░", count: cells - full), .dim), Styled(" " + coverage.percent),
        ]
        if let progress {
            line += [
                "  confidence ", Styled(progress.confidence.text, .bold), "  conflicts ",
                Styled("\(progress.conflictCount)", progress.conflictCount > 0 ? .yellow : .plain),
                Styled("  revision \(progress.revision)", .dim),
            ]
        }
        return line
    }

    // MARK: Tasks by domain

    private func domainLines(width: Int, height: Int) -> [StyledLine] {
        let tasks = state.ordered
        var domains: [String] = []
        for task in tasks where !domains.contains(task.domain) { domains.append(task.domain) }
        let label = min(24, domains.map(\.displayWidth).max() ?? 0)
        let perDomain = max(1, height / max(1, domains.count))
        let lines = domains.flatMap { domain in
            rows(tasks.filter { $0.domain == domain }, width: width - label - 2, height: perDomain).enumerated().map {
                index, row -> StyledLine in
                [Styled((index == 0 ? domain : "").cut(to: label).padded(to: label), .bold), "  "] + row
            }
        }
        return Array(lines.prefix(height))
    }

    /// As many tasks as there is room for, what runs first when there is too little; the others are counted.
    private func rows(_ tasks: [WatchedTask], width: Int, height: Int) -> [StyledLine] {
        let all = wrap(tasks.map(chip), width: width)
        guard all.count > height else { return all }
        let order = ["running": 0, "retry_wait": 1, "failed": 2, "dispatched": 3, "pending": 4]
        let urgent = tasks.enumerated().sorted {
            (order[$0.element.status] ?? 5, $0.offset) < (order[$1.element.status] ?? 5, $1.offset)
        }.map(\.element)
        var shown = urgent.count
        while shown > 1 {
            shown = shown * 3 / 4
            let rest: StyledLine = [Styled("… and \(urgent.count - shown) more", .dim)]
            let lines = wrap(urgent.prefix(shown).map(chip) + [rest], width: width)
            if lines.count <= height { return lines }
        }
        return Array(all.prefix(height))
    }

    private func wrap(_ chips: [StyledLine], width: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        for chip in chips {
            if let last = lines.last, last.displayWidth + 3 + chip.displayWidth <= width {
                lines[lines.count - 1] += ["   "] + chip
            } else {
                lines.append(chip)
            }
        }
        return lines
    }

    private func chip(_ task: WatchedTask) -> StyledLine {
        let (mark, ink): (String, Ink) =
            switch task.status {
            case "succeeded": ("✓", .green)
            case "failed": ("✗", .red)
            case "running": ("▸", .cyan)
            case "retry_wait": ("↻", .yellow)
            case "dispatched": ("◦", .plain)
            case "skipped", "cancelled": ("–", .dim)
            default: ("·", .dim)
            }
        var chip: StyledLine = [Styled(mark + " ", ink), Styled(task.id, task.status == "pending" ? .dim : .plain)]
        if task.attempt > 1 { chip.append(Styled(" #\(task.attempt)", .yellow)) }
        if let share = task.progress, task.status == "running" { chip.append(Styled(" \(Int(share * 100)) %")) }
        if let began = task.startedAt, task.hasEnded || task.status == "running" {
            chip.append(Styled(" " + Moment.span((task.endedAt ?? now) - began), .dim))
        }
        return chip
    }

    // MARK: What has been found

    private func resultLines(width: Int) -> [StyledLine] {
        let members = state.follower.view["result"]?.object?.members ?? []
        let label = min(24, members.map { $0.name.readable.displayWidth }.max() ?? 0)
        return members.prefix(8).map { member in
            let text =
                switch member.value {
                case .array(let elements): "\(elements.count)" + (newest(elements).map { "   \($0)" } ?? "")
                default: member.value.inline(width)
                }
            return [Styled(member.name.readable.padded(to: label), .bold), "  ", Styled(text)]
        }
    }

    private func newest(_ elements: [JSONValue]) -> String? {
        let names = elements.compactMap { element in
            (element["title"] ?? element["name"] ?? element["id"] ?? element["slug"])?.string
        }
        return names.isEmpty ? nil : names.joined(separator: ", ").printable
    }

    private func conflictLines(width: Int) -> [StyledLine] {
        let conflicts = (state.follower.view["conflicts"]?.object?.members ?? [])
            .map { Conflict(pointer: $0.name, listing: $0.value) }.sorted { $0.score > $1.score }
        guard !conflicts.isEmpty else { return [] }
        let limit = 4
        var lines = conflicts.prefix(limit).map { conflict -> StyledLine in
            let sides = conflict.sides.map { "\($0.value?.inline(24) ?? "–") (\($0.domains.joined(separator: ", ")))" }
            return [Styled("≠ " + conflict.place, .yellow), "  ", Styled(sides.joined(separator: "  against  "))]
        }
        if conflicts.count > limit { lines.append([Styled("  … and \(conflicts.count - limit) more conflicts", .dim)]) }
        return lines
    }
}
