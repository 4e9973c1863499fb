import IOThread

/// What has been settled and not yet written: many are written at once when they are settled one by one.
final class SettledDeliveries: @unchecked Sendable {  // all is guarded by `lock`
    typealias Tags = [UInt64: [UInt64]]  // by epoch

    private let lock = Lock()
    private var acked: Tags = [:]
    private var released: Tags = [:]

    /// - Returns: whether the consumer's thread must be told.
    func add(_ deliveries: [Delivery], isAck: Bool) -> Bool {
        lock.withLock {
            let isFirst = acked.isEmpty && released.isEmpty
            for delivery in deliveries {
                if isAck {
                    acked[delivery.epoch, default: []].append(delivery.tag)
                } else {
                    released[delivery.epoch, default: []].append(delivery.tag)
                }
            }
            return isFirst
        }
    }

    func take() -> [(isAck: Bool, tags: Tags)] {
        lock.withLock {
            defer { (acked, released) = ([:], [:]) }
            return [(true, acked), (false, released)].filter { !$0.tags.isEmpty }
        }
    }
}
