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
        expected += WorkflowStatus.allCases.map { "workflow \($0.rawValue)" }
            .filter { reached[$0] == nil && !Expected.notYet.contains($0) }
        expected += TaskStatus.allCases.map(\.rawValue)
            .filter { status in
                status != "pending" && !Expected.notYet.contains(status)
                    && !reached.keys.contains { $0.hasSuffix(" \(status)") && !$0.hasPrefix("workflow ") }
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

/// What the engine has, and a few hundred runs must reach.
enum Expected {
    static let types = [
        "workflow.requested", "workflow.created", "workflow.rejected", "workflow.accepted", "workflow.expanded",
        "workflow.progress", "workflow.completed", "workflow.wake", "task.dispatched", "task.started", "task.heartbeat",
        "task.completed", "task.failed", "task.retrying", "task.skipped", "task.cancelled", "task.cancel", "task.go",
        "task.wake", "artifact.created", "executor.heartbeat", "control.cancel",
    ]
    static let notYet: Set = ["workflow paused", "awaiting_approval"]
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
