/// How a workflow stands.
package enum WorkflowStatus: String, Codable, Sendable, CaseIterable {
    /// Accepted; nothing has run.
    case queued
    case running, paused, succeeded, failed, cancelled

    package var isTerminal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// How a task stands.
package enum TaskStatus: String, Codable, Sendable, CaseIterable {
    /// Its needs have not ended, or it waits for its turn (``WorkflowState/waiting(for:)`` says which).
    case pending
    /// Ordered of its domain; nobody has begun.
    case dispatched
    /// An executor is at it; of a `forEach` task, its instances are.
    case running
    /// An attempt has failed, and the next one waits for its time.
    case retryWait = "retry_wait"
    case awaitingApproval = "awaiting_approval"
    case succeeded, failed, cancelled, skipped

    package var isTerminal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled, .skipped: true
        case .pending, .dispatched, .running, .retryWait, .awaitingApproval: false
        }
    }
}
