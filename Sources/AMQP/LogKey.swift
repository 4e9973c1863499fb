/// The keys of this module's log metadata.
enum LogKey {
    static let error = "error"
    static let queue = "queue"
    static let reason = "reason"
    static let retryInMilliseconds = "retry_in_ms"
}
