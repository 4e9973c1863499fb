import Contracts
import JSON
import Store

/// A workflow as a Slack message in Block Kit, within Slack's limits: 50 blocks, 150 characters of a header, 3,000 of a
/// section, 2,000 of a field, 10 fields of a section (“Reference: blocks”, Slack).
struct SlackMessage: Sendable, Equatable {
    /// For notifications and for readers of screens.
    var text: String
    var blocks: [JSONValue]

    init(_ report: WorkflowReport) {
        let title = "\(report.name): \(report.status)"
        text = title
        blocks = [Self.header(title)]
        if let progress = report.progress {
            let facts = [
                "revision \(progress.revision)", "\(Wording.percent(progress.coverage)) covered",
                "confidence \(Wording.score(progress.confidence))",
                "\(progress.tasks.reported) of \(progress.tasks.expected) tasks reported",
            ]
            text += ", " + facts.joined(separator: ", ")
            blocks.append(Self.context(facts.joined(separator: "  ·  ")))
        }
        if !report.approvals.isEmpty {
            let lines = report.approvals.prefix(5).map { Self.question($0) }
            let more = report.approvals.count > 5 ? ["and \(report.approvals.count - 5) more decisions"] : []
            blocks.append(Self.section((lines + more).joined(separator: "\n")))
        }
        for start in stride(from: 0, to: report.domains.count, by: 10) {
            blocks.append(Self.fields(report.domains[start...].prefix(10).map(Self.line)))
        }
        let findings = Wording.findings(report.view["result"] ?? [:], limit: 12)
        if !findings.isEmpty {
            blocks.append(["type": "divider"])
            blocks.append(Self.section(findings.map { "• \(Self.escape($0))" }.joined(separator: "\n")))
        }
        let conflicts = report.view["conflicts"]?.object?.members ?? []
        if !conflicts.isEmpty {
            blocks.append(["type": "divider"])
            let lines = conflicts.prefix(10).map { ":warning: " + Self.escape(Wording.conflict($0.name, $0.value)) }
            let more = conflicts.count > 10 ? ["and \(conflicts.count - 10) more conflicts"] : []
            blocks.append(Self.section((lines + more).joined(separator: "\n")))
        }
        blocks.append(Self.context("`\(report.id)`"))
    }

    /// What is said below the message, because an edit notifies nobody.
    static func firstConflict(_ report: WorkflowReport) -> String? {
        report.view["conflicts"]?.object?.members.first.map {
            ":warning: " + escape(Wording.conflict($0.name, $0.value))
        }
    }

    /// A decision that is waited for, and how to make it.
    static func question(_ approval: OpenApproval) -> String {
        let roles = approval.asked["by"]?.array?.compactMap(\.string) ?? []
        let subject = approval.asked["title"]?.string.map { ": \($0)" } ?? ""
        let until = approval.expiresAt.map { " until <!date^\($0 / 1000)^{date_short_pretty} {time}|its expiry>" } ?? ""
        let command =
            "baton approve \(approval.workflowID) \(approval.taskID)" + (roles.first.map { " --role \($0)" } ?? "")
        return ":raised_hand: *\(escape(approval.taskID))*\(escape(subject)) waits for "
            + (roles.isEmpty ? "a decision" : escape(roles.joined(separator: " or "))) + until
            + "\n`\(escape(command))`"
    }

    static func end(_ report: WorkflowReport) -> String {
        let mark = report.status == "succeeded" ? ":white_check_mark:" : ":x:"
        return "\(mark) \(escape(report.name)) has \(report.status)"
    }

    private static func line(_ domain: WorkflowReport.Domain) -> String {
        let mark =
            if domain.failed > 0 { ":x:" } else if domain.ended == domain.total {
                ":white_check_mark:"
            } else if domain.running > 0 {
                ":hourglass_flowing_sand:"
            } else {
                ":white_circle:"
            }
        return "\(mark) *\(escape(domain.name))*  \(domain.ended) of \(domain.total)"
    }

    private static func header(_ text: String) -> JSONValue {
        ["type": "header", "text": ["type": "plain_text", "text": .string(cut(text, 150))]]
    }

    private static func section(_ text: String) -> JSONValue {
        ["type": "section", "text": ["type": "mrkdwn", "text": .string(cut(text, 3000))]]
    }

    private static func fields(_ texts: [String]) -> JSONValue {
        [
            "type": "section",
            "fields": .array(texts.map { ["type": "mrkdwn", "text": .string(cut($0, 2000))] }),
        ]
    }

    private static func context(_ text: String) -> JSONValue {
        ["type": "context", "elements": [["type": "mrkdwn", "text": .string(cut(text, 2000))]]]
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.count > limit ? text.prefix(limit - 1) + "…" : text
    }

    /// The three characters that mean something in Slack's text.
    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
