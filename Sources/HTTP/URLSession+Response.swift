package import Foundation
import IOThread

#if canImport(FoundationNetworking)
    package import FoundationNetworking
#endif

extension URLSession {
    /// What the server answers.
    ///
    /// To be used instead of `data(for:)`: that one cancels its request while it holds the lock of the task's status, and
    /// waits for a queue that may be about to resume that very task, which needs the lock. A request cancelled in the
    /// moment of its answer hangs for ever then, with a thread of the pool (FoundationNetworking of Swift 6.3).
    ///
    /// - Throws: what URLSession says; `URLError.cancelled` when the task was cancelled meanwhile.
    package func response(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let exchange = Locked(Exchange())
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let task = dataTask(with: request) { data, response, error in
                    guard let response = response as? HTTPURLResponse else {
                        return continuation.resume(throwing: error ?? URLError(.badServerResponse))
                    }
                    if let error { return continuation.resume(throwing: error) }
                    continuation.resume(returning: (data ?? Data(), response))
                }
                let isCancelled = exchange.withLock { exchange in
                    exchange.task = task
                    return exchange.isCancelled
                }
                // A request that was never begun would not tell that it is cancelled.
                task.resume()
                if isCancelled { task.cancel() }
            }
        } onCancel: {
            let task = exchange.withLock { exchange in
                exchange.isCancelled = true
                return exchange.task
            }
            DispatchQueue.global().async { task?.cancel() }
        }
    }
}

private struct Exchange: Sendable {
    var task: URLSessionDataTask?
    var isCancelled = false
}
