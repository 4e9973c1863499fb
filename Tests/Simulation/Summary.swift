import Contracts
import Engine

/// What many runs have shown together.
struct Summary {
    private(set) var seeds = 0
    private(set) var workflows = 0
    private(set) var steps = 0
    private(set) var faults: [Fault: Int] = [:]
    private(set) var reached: [String: Int] = [:]
    private(set) var ended: [String: Int] = [:]

    mutating func add(_ outcome: Outcome) {
        seeds += 1
        workflows += outcome.workflows
        steps += outcome.steps
        faults.merge(outcome.faults) { $0 + $1 }
        reached.merge(outcome.reached) { $0 + $1 }
        ended.merge(outcome.ended) { $0 + $1 }
    }

    /// Kinds of fault, message types and statuses that should happen in enough runs, and did not.
    var missing: [String] {
        var expected = Fault.allCases.filter { faults[$0] == nil }.map(\.rawValue)
        expected += Expected.types.filter { reached[$0] == nil }
        expected += Expected.events.filter { reached["recorded \($0)"] == nil }.map { "\($0) in a history" }
        expected += Expected.approvals.map { "asked: \($0)" }.filter { reached[$0] == nil }
        expected += Moment.allCases.map(\.rawValue).filter { reached[$0] == nil }
        // A workflow that a task starts has rows of its own beside the task's, whose kind is `workflow`, too.
        expected += WorkflowStatus.allCases.map { "workflow \($0.rawValue)" }.filter { reached[$0] == nil }
        expected += TaskStatus.allCases.map(\.rawValue)
            .filter { status in
                // What is pending has no row of its own until it has begun once.
                !reached.keys.contains {
                    $0.hasSuffix(" \(status)") && !$0.hasPrefix("workflow ")
                }
            }
        return expected
    }

    func text(took span: Duration) -> String {
        var lines = [
            "\(seeds) runs, \(workflows) workflows, \(steps) steps in \(span.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1))))"
        ]
        func table(_ title: String, _ rows: [(String, Int)]) {
            lines.append("\n\(title)")
            for (name, count) in rows { lines.append("  \(name.padding(28))\(count)") }
        }
        table("faults", Fault.allCases.map { ($0.rawValue, faults[$0] ?? 0) })
        table("ends", ended.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        table("reached", reached.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        return lines.joined(separator: "\n")
    }
}

/// What a few hundred runs must reach: all that there is, but for what cannot be.
enum Expected {
    static let types = MessageType.allCases.map(\.rawValue).filter { unreachable[$0] == nil }
    static let approvals = ["open", "closed"] + ApprovalDecision.allCases.map(\.rawValue)
    /// And why.
    static let unreachable = [
        "task.log": "the skills here are dice, and write no lines",
        "task.waiting": "no queue of ours takes it: see histories",
        "slot.granted": "it is in histories only: see there",
    ]
    /// Events that a history holds.
    static let events = [
        "workflow.created", "workflow.expanded", "workflow.reopened", "workflow.paused", "workflow.resumed",
        "workflow.completed", "task.dispatched", "task.started", "task.completed", "task.failed", "task.retrying",
        "task.waiting", "task.reset", "task.skipped", "task.cancelled", "approval.requested", "approval.decided",
        "signal.received", "slot.granted", "control.cancel", "control.pause", "control.resume", "control.undo",
        "control.retry", "control.skip",
    ]
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
