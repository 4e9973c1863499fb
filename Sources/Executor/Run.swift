import Contracts
import JSON

/// What a handler is given besides the order, and tells while it works.
protocol RunEvents: Sendable {
    /// - Parameter share: 0 to 1.
    func progress(_ share: Double?, _ message: String?) async
    func log(_ level: LogLevel, _ text: String) async
    /// Published at once: it is merged while the work goes on.
    func artifact(_ draft: ArtifactDraft) async throws(RunFailure)
}

/// An artifact before it is measured and published.
struct ArtifactDraft: Sendable {
    var name: ArtifactName
    var kind: ArtifactKind = .data
    var mediaType = "application/json"
    var payload: JSONValue
    var summary: String
    /// 0 to 1.
    var confidence: JSONNumber
}

/// Runs a skill for one order.
protocol SkillRun: Sendable {
    /// It takes no time and waits for nothing: nobody has to watch over it, and its start is told with its end.
    var isInstant: Bool { get }
    /// - Throws: ``RunFailure``; of a cancelled task, whatever it likes.
    func run(_ order: TaskDispatched, _ events: any RunEvents) async throws(RunFailure) -> RunResult
}

/// What a run has come to.
struct RunResult: Sendable {
    var output: JSONValue
    /// Tasks to be added to the workflow, `{"tasks": {…}}`: the dispatcher checks them.
    var expansion: JSONValue?
}

extension SkillRun {
    var isInstant: Bool { false }
}

/// Why a run did not end well.
struct RunFailure: Error, Equatable, Sendable {
    var code: String
    var message: String
    /// Another attempt would end the same way.
    var isPermanent = false
    var retryAfter: Duration?

    /// For `task.failed`; a message is for people and has its limit.
    var error: TaskError {
        TaskError(
            code: code, message: String(message.prefix(2000)), permanent: isPermanent,
            retryAfter: retryAfter.map { Seconds($0) })
    }
}
