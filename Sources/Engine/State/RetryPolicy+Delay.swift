import Contracts
import JSON

extension RetryPolicy {
    /// How long to wait after attempt `n`: `backoff × factor^(n-1)`, at most `max`, of which full jitter takes a part
    /// (AWS Architecture Blog, “Exponential Backoff And Jitter”). It is the same for the same attempt.
    ///
    /// - Parameter least: what an executor asks for; of it no more than a week, so that every workflow ends.
    func delay(after attempt: Int, of task: TaskID, in workflow: WorkflowID, atLeast least: Duration?) -> Duration {
        let longest = Double(max.inMilliseconds)
        var ceiling = Double(backoff.inMilliseconds)
        for _ in 1..<Swift.max(attempt, 1) where ceiling < longest { ceiling *= factor }
        let seed = SHA256.digest("\(workflow)/\(task)/\(attempt)").prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let share = Double(seed >> 11) / Double(1 << 53)
        return Swift.max(
            .milliseconds(Int64(min(ceiling, longest) * share)), Swift.min(least ?? .zero, .seconds(7 * 86_400)))
    }
}
