package import AMQP
import Contracts
import Handover
package import Logging
import ServiceLifecycle

/// Runs the one rule for a process: consume, handle (decide and commit), publish with confirms, ack.
///
/// It only moves data between the broker, the handler and the ``Handover`` machine, which says what
/// comes next. While the handler's world or the broker is away it keeps what it holds and waits.
package struct Relay<Handler: MessageHandler>: Service {
    private typealias Machine = Handover<WireMessage>

    private let queue: String?
    private let isReady: @Sendable () async throws -> Void
    private let consumer: Consumer
    private let publisher: Publisher
    private let handler: Handler
    private let batchLimit: Int
    private let pace: Duration
    /// All that a handler does is known when it comes again, so an ack is in no hurry.
    private let ackSpan = Duration.milliseconds(50)
    private let logger: Logger

    /// - Parameters:
    ///   - queue: to be subscribed to; `nil` when somebody else sees to the consumer's subscriptions.
    ///   - batchLimit: how many messages are handled in one go, at most.
    ///   - pace: from one batch of a few to the next, at least. The first after a pause is handled at once; where nobody waits for
    ///     the others, a few of them together cost hardly more than one.
    ///   - isReady: throws while the world behind the handler is away; the queue is subscribed to only once it is there.
    package init(
        queue: String? = nil, consumer: Consumer, publisher: Publisher, handler: Handler, batchLimit: Int = 500,
        pace: Duration = .zero, logger: Logger, isReady: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.queue = queue
        self.isReady = isReady
        self.consumer = consumer
        self.publisher = publisher
        self.handler = handler
        self.batchLimit = batchLimit
        self.pace = pace
        self.logger = logger
    }

    /// Until graceful shutdown: then it takes no more, and returns when what it holds is handed over.
    package func run() async throws {
        var machine = Machine(batchLimit: batchLimit, seed: .random(in: 0 ... .max))
        var held = Held()
        await cancelWhenGracefulShutdown { await subscribe() }
        var due = ContinuousClock.now
        try await withGracefulShutdownHandler {
            while let arrived = try await nextBatch(notBefore: due) {
                // Whoever is behind does not wait.
                due = arrived.count < batchLimit / 2 ? .now + pace : .now
                Failpoint.consumed.pass()
                var action = machine.handle(.arrived(held.take(arrived)))
                while let step = action {
                    let event = try await perform(step, &held)
                    // What became of the channels meanwhile comes first: it decides what the answer still counts for.
                    let lost = held.lost(consumer)
                    if !lost.isEmpty { _ = machine.handle(.lost(lost)) }
                    action = machine.handle(event)
                }
                held.removeAll()
            }
        } onGracefulShutdown: {
            Task { await consumer.cancelDeliveries() }
        }
        await consumer.close()
    }

    private func subscribe() async {
        guard let queue else { return }
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                try await isReady()
                return try await consumer.subscribe(.queue(queue))
            } catch {
                logger.warning("Not ready to consume yet", metadata: ["queue": "\(queue)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)  // a backoff, not a poll
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// - Returns: `nil` once no more will come.
    private func nextBatch(notBefore due: ContinuousClock.Instant) async throws -> [Delivery]? {
        if pace > .zero { try await Task.sleep(until: due) }  // what comes meanwhile is handled together
        do {
            return try await consumer.nextBatch()
        } catch let error as AMQPError where error.code == .closed {
            return nil
        }
    }

    private func perform(_ action: Machine.Action, _ held: inout Held) async throws -> Machine.Event {
        switch action {
        case .handle(let items):
            do throws(HandlingFailure) {
                let outcomes = try await handler.handle(items.map { held.received($0) })
                Failpoint.committed.pass()
                return .handled(outcomes)
            } catch {
                report(error)
                return .failed(error)
            }
        case .publish(let publications):
            let messages = publications.map { message($0, held) }
            let confirmations = await publisher.publish(messages)
            return .published(zip(messages, confirmations).map { result(of: $0, $1) })
        case .ack(let items):
            Failpoint.confirmed.pass()
            do {
                let deliveries = items.map { held.delivery($0) }
                // What has come back before may be what kills its reader, and is to be out of the way.
                let isPlain = deliveries.allSatisfy { $0.deliveryCount == 0 }
                try await consumer.ack(deliveries, within: isPlain ? ackSpan : .zero)
            } catch {
                logger.warning(
                    "An ack did not reach the broker: its messages will come again", metadata: ["error": "\(error)"])
            }
            held.remove(items)
            return .acked
        case .wait(let span):
            try await Task.sleep(for: span)  // a backoff, not a poll
            return .waited
        }
    }

    private func message(_ publication: Machine.Publication, _ held: Held) -> Message {
        switch publication.content {
        case .message(let outgoing): return Message(outgoing.message)
        case .deadLetter(let reason):
            let delivery = held.delivery(publication.item)
            logger.warning(
                "A message was given up on",
                metadata: [
                    "queue": "\(delivery.queue)", "reason": "\(reason.code)", "pointer": "\(reason.pointer)",
                    "message_id": "\(delivery.properties.messageID ?? "none")",
                ])
            return Message(deadLetter: delivery, reason)
        }
    }

    private func result(of message: Message, _ confirmation: Confirmation) -> PublishResult {
        let route: Logger.Metadata = ["exchange": "\(message.exchange)", "routing_key": "\(message.routingKey)"]
        switch confirmation {
        case .confirmed:
            return .confirmed
        case .returned:
            logger.debug("No queue took a message", metadata: route)
            return .returned
        case .unknown(let error):
            logger.warning(
                "A message was not confirmed", metadata: route.merging(["error": "\(error)"]) { _, new in new })
            return .unknown
        }
    }

    private func report(_ failure: HandlingFailure) {
        switch failure {
        case .unavailable:
            logger.warning("A batch waits for the database")
        case .refused(let reason):
            logger.warning(
                "A batch was refused", metadata: ["reason": "\(reason.code)", "detail": "\(reason.message)"])
        }
    }
}
