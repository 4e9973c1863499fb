import Contracts
import JSON
import Store

/// What people are told of a workflow: the newest revision, and how its domains stand.
struct WorkflowReport: Sendable {
    struct Domain: Sendable, Equatable {
        var name: String
        var ended = 0
        var failed = 0
        var running = 0
        var total = 0
    }

    var id: String
    var name: String
    var status: String
    var progress: WorkflowProgress?
    /// `{"result", "quality", "conflicts", "unmerged"}`.
    var view: JSONValue
    var domains: [Domain]
    /// Decisions that are waited for, the oldest first.
    var approvals: [OpenApproval] = []

    var isEnded: Bool { ["succeeded", "failed", "cancelled"].contains(status) }
    var revision: Int { progress?.revision ?? 0 }

    /// What a message of it says beside the revision: another standing is worth an edit.
    var standing: String {
        ([status] + approvals.map { "\($0.taskID)/\($0.attempt)" }).joined(separator: " ")
    }
}

extension WorkflowReport {
    /// - Returns: `nil` for a workflow that is not there.
    init?(_ id: String, _ store: Store) async throws {
        guard let stored = try await store.workflow(id) else { return nil }
        var follower = ProgressFollower()
        for row in try await store.progress(of: id) {
            if let progress = try? JSONValueDecoder().decode(WorkflowProgress.self, from: row.event) {
                _ = follower.take(progress)
            }
        }
        self.init(
            id: id, name: stored.row.name, status: stored.row.status, progress: follower.latest, view: follower.view,
            domains: Domain.all(stored), approvals: try await store.openApprovals(of: id, limit: 100))
    }
}

extension WorkflowReport.Domain {
    /// The domains of a plan, in the order in which it names them.
    static func all(_ stored: StoredWorkflow) -> [WorkflowReport.Domain] {
        var domains: [WorkflowReport.Domain] = []
        func change(_ name: String, _ body: (inout WorkflowReport.Domain) -> Void) {
            if !domains.contains(where: { $0.name == name }) { domains.append(WorkflowReport.Domain(name: name)) }
            for index in domains.indices where domains[index].name == name { body(&domains[index]) }
        }
        for task in stored.row.plan?["tasks"]?.object?.members ?? [] {
            guard let name = task.value["domain"]?.string else { continue }
            change(name) { $0.total += 1 }
        }
        for task in stored.tasks where task.instance == nil {
            guard let name = task.domain else { continue }
            change(name) { domain in
                switch task.status {
                case "succeeded", "skipped", "cancelled": domain.ended += 1
                case "failed":
                    domain.ended += 1
                    domain.failed += 1
                case "running": domain.running += 1
                default: break
                }
                domain.total = max(domain.total, domain.ended + domain.running)
            }
        }
        return domains
    }
}
