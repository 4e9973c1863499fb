/// Replaces a queue by one of another type or other arguments.
enum QueueReplacement {
    private static let prefix = "replacing."

    /// Where a queue's messages wait while it is replaced.
    static func stopover(of queue: String) -> String { prefix + queue }

    /// The queue whose messages wait in this one; `nil` for any other.
    static func original(of queue: String) -> String? {
        queue.hasPrefix(prefix) ? String(queue.dropFirst(prefix.count)) : nil
    }
}
