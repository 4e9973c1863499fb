/// When an order is acked, and what is said of its end: the runner and the simulation decide by the same.
///
/// An order is acked when the end of its run is confirmed; until then the broker holds it, and gives it to another if this
/// process dies. One whose run lasts is acked before its end: from then on its lease holds it.
package struct OrderSettlement: Sendable {
    package enum End: Sendable {
        /// Say so until it is confirmed, then ask ``acks(afterSaying:)``.
        case complete(RunResult)
        case fail(RunFailure)
        /// Say so, and leave it at that.
        case handBack(RunFailure)
        /// To the broker, for another replica.
        case release
        case ack
        /// The order is settled, or is not ours to settle.
        case leave
    }

    /// It was acked before its end.
    package private(set) var isKept = false

    package init() {}

    /// The run has lasted for as long as the broker may wait.
    ///
    /// - Returns: whether to ack it now.
    package mutating func keep(hasStarted: Bool, isHeld: Bool) -> Bool {
        guard hasStarted, isHeld, !isKept else { return false }
        isKept = true
        return true
    }

    /// - Parameters:
    ///   - isCancelled: the dispatcher no longer wants it.
    ///   - isHandingBack: this replica is on its way out.
    package func end(_ result: Result<RunResult, RunFailure>, isCancelled: Bool, isHandingBack: Bool) -> End {
        if isCancelled { return isKept ? .leave : .ack }
        switch result {
        case .failure(.cancelled) where isHandingBack:
            // The broker no longer has one that was acked: it is begun anew as the next attempt.
            return isKept ? .handBack(.handedBack) : .release
        case .failure(.lost): return .leave  // it comes again, to us or to another
        case .failure(let failure): return .fail(failure)
        case .success(let result): return .complete(result)
        }
    }

    package func acks(afterSaying isConfirmed: Bool) -> Bool { isConfirmed && !isKept }
}
