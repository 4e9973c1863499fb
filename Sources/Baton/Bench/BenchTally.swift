import Contracts
import JSON

/// What a run has come to so far.
struct BenchTally {
    /// A workflow under way.
    struct Open {
        let wf: String
        let shape: Shape
        let submittedAt: ContinuousClock.Instant
        /// A revision has shown an artifact.
        var hasRevision = false
        /// When artifacts were heard of, those that no revision has shown yet.
        var artifacts: [ContinuousClock.Instant] = []
        var shown = 0
        /// It has completed; its last revision is still to come.
        var hasEnded = false
    }

    let count: Int
    let began: ContinuousClock.Instant
    var submitted = 0
    private(set) var ended = 0
    private(set) var tasks = 0
    var open: [WorkflowID: Open] = [:]
    /// Submit to the first revision, and to the end.
    private(set) var firstRevision = Latencies()
    private(set) var completion = Latencies()
    /// The end of a task's work to the start of the next one's, by the executors' clocks.
    private(set) var step = Latencies()
    /// A revision behind the artifacts that it is the first to show, as heard here.
    private(set) var lag = Latencies()
    private(set) var revisions = 0
    private(set) var lastEnd: ContinuousClock.Instant
    private(set) var firstTenth: Duration?
    /// What people are asked and have not said yet.
    var questions: [WorkflowID: ApprovalRequested] = [:]

    /// Every workflow under way waits for a person.
    var allWait: Bool { !questions.isEmpty && questions.count == submitted - ended }

    init(count: Int, began: ContinuousClock.Instant) {
        self.count = count
        self.began = began
        lastEnd = began
    }

    var wall: Duration { lastEnd - began }

    mutating func revised(_ id: WorkflowID, _ message: InboundMessage, at now: ContinuousClock.Instant) throws {
        guard case .workflowProgress(let progress) = message.body, var workflow = open[id] else { return }
        // One may come before there is anything to merge.
        if !workflow.hasRevision, progress.tasks.reported > 0 {
            firstRevision.record(now - workflow.submittedAt)
            workflow.hasRevision = true
        }
        revisions += 1
        while workflow.shown < min(progress.tasks.reported, workflow.artifacts.count) {
            lag.record(now - workflow.artifacts[workflow.shown])
            workflow.shown += 1
        }
        open[id] = workflow.hasEnded && progress.pane != .early ? nil : workflow
    }

    mutating func completed(_ id: WorkflowID, _ message: InboundMessage, at now: ContinuousClock.Instant) throws {
        guard case .workflowCompleted(let body) = message.body, var workflow = open[id], !workflow.hasEnded else {
            return
        }
        guard body.status == .succeeded else {
            throw BenchLoad.Failure(
                description:
                    "workflow \(id) \(body.status.rawValue): \(body.error.map { "\($0)" } ?? "no reason given")")
        }
        guard body.output["wf"]?.string == workflow.wf, body.output["k"] == workflow.shape.result else {
            throw BenchLoad.Failure(description: "workflow \(id) has a wrong output: \(body.output.text.prefix(500))")
        }
        ended += 1
        tasks += workflow.shape.tasks
        lastEnd = now
        if firstTenth == nil, ended * 10 >= count { firstTenth = now - began }
        completion.record(now - workflow.submittedAt)
        let starts = (body.output["at"]?.array ?? []).compactMap { $0.number?.double }
        for (one, next) in zip(starts, starts.dropFirst()) { step.record(microseconds: (next - one) * 1e6) }
        workflow.hasEnded = true
        open[id] = workflow
    }
}
