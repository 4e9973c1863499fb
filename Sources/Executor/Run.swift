package import Contracts
package import JSON

/// What a handler is given besides the order, and tells while it works.
protocol RunEvents: Sendable {
    /// - Parameter share: 0 to 1.
    func progress(_ share: Double?, _ message: String?) async
    func log(_ level: LogLevel, _ text: String) async
    /// Published at once: it is merged while the work goes on.
    func artifact(_ draft: ArtifactDraft) async throws(RunFailure)
}

/// An artifact before it is measured and published.
package struct ArtifactDraft: Sendable {
    package var name: ArtifactName
    package var kind: ArtifactKind
    package var mediaType: String
    package var payload: JSONValue
    package var summary: String
    /// 0 to 1.
    package var confidence: JSONNumber

    package init(
        name: ArtifactName, kind: ArtifactKind = .data, mediaType: String = "application/json", payload: JSONValue,
        summary: String, confidence: JSONNumber
    ) {
        self.name = name
        self.kind = kind
        self.mediaType = mediaType
        self.payload = payload
        self.summary = summary
        self.confidence = confidence
    }
}

/// Runs a skill for one order.
protocol SkillRun: Sendable {
    /// It takes no time and waits for nothing: nobody has to watch over it, and its start has no message.
    var isInstant: Bool { get }
    /// - Throws: ``RunFailure``; of a cancelled task, whatever it likes.
    func run(_ order: TaskDispatched, _ events: any RunEvents) async throws(RunFailure) -> RunResult
}

/// What a run has come to.
package struct RunResult: Sendable {
    package var output: JSONValue
    /// Tasks to be added to the workflow, `{"tasks": {…}}`: the dispatcher checks them.
    package var expansion: JSONValue?

    package init(output: JSONValue, expansion: JSONValue? = nil) {
        self.output = output
        self.expansion = expansion
    }
}

extension SkillRun {
    var isInstant: Bool { false }
}

/// Why a run did not end well.
package struct RunFailure: Error, Equatable, Sendable {
    package var code: String
    package var message: String
    /// Another attempt would end the same way.
    package var isPermanent: Bool
    package var retryAfter: Duration?

    package init(code: String, message: String, isPermanent: Bool = false, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.isPermanent = isPermanent
        self.retryAfter = retryAfter
    }

    /// For `task.failed`; a message is for people and has its limit.
    var error: TaskError {
        TaskError(
            code: code, message: String(message.prefix(2000)), permanent: isPermanent,
            retryAfter: retryAfter.map { Seconds($0) })
    }
}

extension RunFailure {
    package static let cancelled = RunFailure(code: "cancelled", message: "cancelled")
    package static let lost = RunFailure(code: "order_lost", message: "the order went back to the broker")
    package static let handedBack = RunFailure(code: TaskError.handedBack, message: "its executor was told to stop")
    package static let timedOut = RunFailure(code: "timeout", message: "the task ran into its timeout")
}
