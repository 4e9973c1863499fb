import LocalServers

/// Hears from the children that they are at work.
struct ReadySet: Sendable {
    private let notices: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (notices, continuation) = AsyncStream.makeStream() }

    func note(_ event: ChildEvent) {
        if case .ready(let name) = event { continuation.yield(name) }
    }

    /// Waits until all of them have said so; once.
    ///
    /// - Returns: those who have not when the time is over.
    func wait(for names: [String], _ limit: Duration) async -> [String] {
        var missing = Set(names)
        if missing.isEmpty { return [] }
        let timer = Task {
            try await Task.sleep(for: limit)
            continuation.finish()
        }
        defer { timer.cancel() }
        for await name in notices {
            missing.remove(name)
            if missing.isEmpty { break }
        }
        return missing.sorted()
    }
}
