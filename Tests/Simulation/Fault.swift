/// What a simulated world does to its processes. Each is counted when it has happened, not when it was meant to.
enum Fault: String, CaseIterable, Sendable {
    /// A message that was published lately lies in its queue once more.
    case duplicate
    /// A queue hands nothing out for a while.
    case delay
    /// What comes back to its queue comes back behind newer messages.
    case reorder
    /// A channel is lost with what its consumer holds, and all of it is delivered again.
    case redeliver
    /// A process dies between two of its steps: after it has taken, decided, published, acked.
    case crash
    /// A process dies in the middle of a step: before or after what it asked of the database.
    case crashInCall = "crash-in-call"
    /// A process dies with some of its messages published, and the rest not.
    case crashInPublish = "crash-in-publish"
    case loseCommitAnswer = "lose-commit-answer"
    case refuseCommit = "refuse-commit"
    case loseConfirm = "lose-confirm"
    /// A message does not reach the broker.
    case losePublish = "lose-publish"
    /// The broker has given a queue to another consumer, and the old one does not know yet.
    case twoOwners = "two-owners"
    /// Another process has its turn while one waits for the database or the broker.
    case interleave
    /// An executor stands still until its leases are over, and then goes on.
    case stall
    /// The clock of one process, or of the database, is set forward or back.
    case clockJump = "clock-jump"
    /// A person asks for something at a random moment.
    case command
    /// A message that is no message.
    case garbage
}
