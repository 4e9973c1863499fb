import AMQP
import Contracts
import Handover

/// The deliveries that a relay holds, by the number that the machine knows them by.
struct Held {
    private var deliveries: [UInt64: Delivery] = [:]
    private var taken: UInt64 = 0

    var isEmpty: Bool { deliveries.isEmpty }

    mutating func take(_ arrived: [Delivery]) -> [Handover<WireMessage>.Arrival] {
        arrived.map { delivery in
            taken += 1
            deliveries[taken] = delivery
            return Handover<WireMessage>.Arrival(item: taken, deliveryCount: delivery.deliveryCount)
        }
    }

    func delivery(_ item: UInt64) -> Delivery { deliveries[item]! }

    func received(_ item: UInt64) -> Received {
        let delivery = delivery(item)
        return Received(id: item, queue: delivery.queue, message: WireMessage(delivery))
    }

    mutating func remove(_ items: some Sequence<UInt64>) { for item in items { deliveries[item] = nil } }

    mutating func removeAll() { deliveries.removeAll(keepingCapacity: true) }

    /// The items whose channel is gone.
    func lost(_ consumer: Consumer) -> Set<UInt64> {
        // All came by a few channels: each is asked about once.
        var isLost: [UInt64: Bool] = [:]
        for delivery in deliveries.values where isLost[delivery.epoch] == nil {
            isLost[delivery.epoch] = consumer.held([delivery]).isEmpty
        }
        guard isLost.values.contains(true) else { return [] }
        return Set(deliveries.lazy.filter { isLost[$0.value.epoch] == true }.map(\.key))
    }
}
