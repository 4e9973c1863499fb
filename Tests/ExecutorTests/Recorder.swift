import Contracts
import JSON

@testable import Executor

/// Remembers what a run tells while it works, and lets a test wait for it.
actor Recorder: RunEvents {
    private(set) var artifacts: [ArtifactDraft] = []
    private(set) var lines: [String] = []
    private(set) var shares: [Double] = []
    private var waiting: [(text: String, continuation: CheckedContinuation<String, Never>)] = []

    func progress(_ share: Double?, _ message: String?) { shares += share.map { [$0] } ?? [] }

    func log(_ level: LogLevel, _ text: String) {
        lines.append(text)
        for waiter in waiting where text.contains(waiter.text) { waiter.continuation.resume(returning: text) }
        waiting.removeAll { text.contains($0.text) }
    }

    func artifact(_ draft: ArtifactDraft) throws(RunFailure) { artifacts.append(draft) }

    /// The first line that holds a text, once there is one.
    func line(with text: String) async -> String {
        if let line = lines.first(where: { $0.contains(text) }) { return line }
        return await withCheckedContinuation { waiting.append((text, $0)) }
    }
}

func order(input: JSONValue = [:]) -> TaskDispatched {
    TaskDispatched(
        workflowID: WorkflowID("wf-1")!, taskID: TaskID("check")!, attempt: 1, skillID: SkillID("payments.check")!,
        runnerDomain: DomainName("payments")!, input: input, idempotencyKey: "wf-1/check",
        deadline: Timestamp(milliseconds: 4_102_444_800_000), timeout: Seconds(.seconds(60)),
        lease: Seconds(.seconds(60)),
        context: TaskContext(workspace: Workspace("default")!, actor: Actor(id: "ada")))
}
