import AMQP
import Contracts
import Handover
import Relay

/// Gives a process's hand-over its turns: one action of the machine at a time, so that anything may happen between two.
final class RelayDriver: @unchecked Sendable {  // one logical thread
    private typealias Machine = Handover<WireMessage>

    private let process: SimulatedProcess
    private let handler: any MessageHandler
    private let publisher: SimulatedPublisher
    private let batchLimit: Int
    private var machine: Machine
    private var held: [UInt64: Delivery] = [:]
    private var taken: UInt64 = 0
    private var pending: Machine.Action?
    private var waitsUntil: Int64?

    private var world: World { process.world }
    private var broker: SimulatedBroker { process.world.broker }

    init(_ process: SimulatedProcess, _ handler: any MessageHandler, _ publisher: SimulatedPublisher, batchLimit: Int) {
        self.process = process
        self.handler = handler
        self.publisher = publisher
        self.batchLimit = batchLimit
        machine = Machine(batchLimit: batchLimit, seed: UInt64(process.world.random(0...Int.max - 1)))
    }

    func hasWork(_ now: Int64) -> Bool {
        if pending != nil { return waitsUntil.map { $0 <= now } ?? true }
        return process.channels.contains { broker.available($0, now: now) > 0 }
    }

    /// When it goes on by itself.
    var timer: Int64? { pending == nil ? nil : waitsUntil }
    var isIdle: Bool { pending == nil }

    var standing: String {
        switch pending {
        case nil: "idle"
        case .handle(let items): "with \(items.count) taken"
        case .publish(let publications): "with \(publications.count) committed and not published"
        case .ack(let items): "with \(items.count) published and not acked"
        case .wait: "waiting to try again"
        }
    }

    func step() async {
        guard let action = pending else { return take() }
        waitsUntil = nil
        let event = await perform(action)
        guard process.isAlive else { return }
        let lost = Set(held.filter { broker.channels[$0.value.epoch]?.isKnownLost ?? true }.map(\.key))
        if !lost.isEmpty { _ = machine.handle(.lost(lost)) }
        go(machine.handle(event))
    }

    private func go(_ action: Machine.Action?) {
        pending = action
        if case .wait(let span)? = action { waitsUntil = world.database.now + span.inMilliseconds }
        if action == nil { held = [:] }
    }

    private func take() {
        let ready = process.channels.filter { broker.available($0, now: world.database.now) > 0 }
        guard !ready.isEmpty else { return }
        let epoch = ready[world.random(0...ready.count - 1)]
        let limit = world.random(1...10)
        let arrived = broker.consume(epoch, limit: limit, now: world.database.now).map { delivery in
            taken += 1
            held[taken] = delivery
            return Machine.Arrival(item: taken, deliveryCount: delivery.deliveryCount)
        }
        world.note(
            process.name, "takes \(arrived.map { world.describe(WireMessage(held[$0.item]!)) }.joined(separator: ", "))"
        )
        go(machine.handle(.arrived(arrived)))
    }

    private func perform(_ action: Machine.Action) async -> Machine.Event {
        switch action {
        case .handle(let items):
            world.note(process.name, "handles \(items.count)")
            do throws(HandlingFailure) {
                let received = items.map { item in
                    Received(id: item, queue: held[item]!.queue, message: WireMessage(held[item]!))
                }
                return .handled(try await handler.handle(received))
            } catch {
                if case .refused(let reason) = error { world.refused(process.name, reason, alone: items.count == 1) }
                return .failed(error)
            }
        case .publish(let publications):
            let messages = publications.map { publication in
                switch publication.content {
                case .message(let outgoing): return Message(outgoing.message)
                case .deadLetter(let reason):
                    world.deadLettered(process.name, held[publication.item]!, reason)
                    return Message(deadLetter: held[publication.item]!, reason)
                }
            }
            return .published(
                await publisher.publish(messages).map {
                    switch $0 {
                    case .confirmed: .confirmed
                    case .returned: .returned
                    case .unknown: .unknown
                    }
                })
        case .ack(let items):
            world.note(process.name, "acks \(items.count)")
            for item in items {
                broker.ack(held[item]!)
                held[item] = nil
            }
            return .acked
        case .wait: return .waited
        }
    }
}
