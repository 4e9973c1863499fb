import Contracts
import Foundation

/// The machine's clock as it was at the beginning, and what has passed since: somebody who sets the clock changes nothing.
///
/// How far it is from the database's clock is learned with each batch; one that is set between two batches would have
/// made the first of them write down due times that are off by as much.
struct SteadyClock: Sendable {
    private let began: Timestamp
    private let elapsed: @Sendable () -> Duration

    /// - Parameter wall: asked once.
    init(
        wall: () -> Timestamp = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) },
        elapsed: @escaping @Sendable () -> Duration = Self.sinceNow()
    ) {
        began = wall()
        self.elapsed = elapsed
    }

    var now: Timestamp { began + elapsed() }

    private static func sinceNow() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }
}
