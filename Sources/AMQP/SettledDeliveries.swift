import IOThread

/// What has been settled and not yet written: many are written at once when they are settled one by one.
final class SettledDeliveries: @unchecked Sendable {  // all is guarded by `lock`
    typealias Tags = [UInt64: [UInt64]]  // by epoch

    /// What the consumer's thread has to be told.
    enum Errand: Comparable {
        /// Nothing: it knows.
        case told
        /// To write before long.
        case later
        case now
    }

    private let lock = Lock()
    private var acked: Tags = [:]
    private var released: Tags = [:]
    private var count = 0
    private var errand = Errand.told

    /// - Parameters:
    ///   - mayWait: for others to be written with.
    ///   - limit: so many do not wait.
    func add(_ deliveries: [Delivery], isAck: Bool, mayWait: Bool, upTo limit: Int) -> Errand {
        lock.withLock {
            for delivery in deliveries {
                if isAck {
                    acked[delivery.epoch, default: []].append(delivery.tag)
                } else {
                    released[delivery.epoch, default: []].append(delivery.tag)
                }
            }
            count += deliveries.count
            let wanted: Errand = mayWait && count < limit ? .later : .now
            guard wanted > errand else { return .told }
            errand = wanted
            return wanted
        }
    }

    func take() -> [(isAck: Bool, tags: Tags)] {
        lock.withLock {
            defer { (acked, released, count, errand) = ([:], [:], 0, .told) }
            return [(true, acked), (false, released)].filter { !$0.tags.isEmpty }
        }
    }
}
