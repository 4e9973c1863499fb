package import Contracts
package import Handover

/// What a delivered message is to an executor.
package enum OrderReading: Sendable {
    /// To be run, and the id of its message.
    case order(TaskDispatched, MessageID)
    /// Not to be begun any more.
    case late(TaskDispatched)
    case notAnOrder(Reason)

    package init(_ wire: WireMessage, now: Timestamp) {
        let message: InboundMessage
        do throws(ContractViolation) {
            message = try InboundMessage.decode(wire, validating: false)
        } catch {
            self = .notAnOrder(
                Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message))
            return
        }
        guard case .taskDispatched(let order) = message.body else {
            self = .notAnOrder(Reason(code: "unknown_type", message: "an executor takes orders only"))
            return
        }
        self = order.deadline > now ? .order(order, message.envelope.id) : .late(order)
    }
}
