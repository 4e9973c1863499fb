import AMQP
import Logging

/// An order, and what it came by.
struct TakenOrder: Sendable {
    let delivery: Delivery
    let consumer: Consumer
    fileprivate let source: Int
}

/// Takes the orders of a queue, never more at once than this replica runs.
///
/// The broker counts what is not acked. A run that is acked before its end would thus make room for one order too many:
/// the consumer that it came by takes no more from then on, and another one takes what there is room for.
actor OrderIntake {
    private struct Source {
        let consumer: Consumer
        let prefetch: Int
        let reader: Task<Void, Never>
        var running = 0
        var isOpen = true
    }

    nonisolated let orders: AsyncStream<TakenOrder>
    private let taken: AsyncStream<TakenOrder>.Continuation
    private let queue: String
    private let concurrency: Int
    private let logger: Logger
    private let makeConsumer: @Sendable (_ prefetch: Int) -> Consumer
    private var sources: [Int: Source] = [:]
    private var count = 0
    private var isDraining = false

    init(
        queue: String, concurrency: Int, logger: Logger, makeConsumer: @escaping @Sendable (_ prefetch: Int) -> Consumer
    ) {
        self.queue = queue
        self.concurrency = concurrency
        self.logger = logger
        self.makeConsumer = makeConsumer
        (orders, taken) = AsyncStream.makeStream()
    }

    /// Begins to take.
    ///
    /// - Throws: ``AMQPError`` when the queue cannot be had.
    func open() async throws(AMQPError) { try await fill() }

    /// Acks an order whose run goes on.
    func keep(_ order: TakenOrder) async throws(AMQPError) {
        await retire(order.source)
        try await order.consumer.ack([order.delivery])
        refill()
    }

    /// The run of an order has ended, and the order is settled.
    func end(_ order: TakenOrder) async {
        guard var source = sources[order.source] else { return }
        source.running -= 1
        sources[order.source] = source
        guard !source.isOpen else { return }
        if source.running == 0 {
            sources[order.source] = nil
            await source.consumer.close()
        }
        refill()
    }

    /// Takes no more: ``orders`` ends.
    func drain() async {
        isDraining = true
        for source in sources.keys { await retire(source) }
        taken.finish()
    }

    func close() async { for source in sources.values { await source.consumer.close() } }

    // MARK: Room

    /// What is not taken yet goes back; what is under way can be settled.
    private func retire(_ number: Int) async {
        guard let source = sources[number] else { return }
        sources[number]?.isOpen = false
        await source.consumer.cancelDeliveries()
        await source.reader.value
    }

    private func refill() {
        guard !isDraining else { return }
        Task {
            do {
                try await fill()
            } catch {
                logger.warning("No more orders for now", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(2))  // a backoff, not a poll
                refill()
            }
        }
    }

    private func fill() async throws(AMQPError) {
        let room = concurrency - sources.values.reduce(0) { $0 + ($1.isOpen ? $1.prefetch : $1.running) }
        guard room > 0, !isDraining else { return }
        count += 1
        let (number, consumer) = (count, makeConsumer(room))
        let reader = Task {
            while let batch = try? await consumer.nextBatch() { took(batch, consumer, number) }
        }
        sources[number] = Source(consumer: consumer, prefetch: room, reader: reader)
        do throws(AMQPError) {
            try await consumer.subscribe(.queue(queue))
        } catch {
            sources[number] = nil
            await consumer.close()
            throw error
        }
    }

    private func took(_ batch: [Delivery], _ consumer: Consumer, _ number: Int) {
        sources[number]?.running += batch.count
        for delivery in batch { taken.yield(TakenOrder(delivery: delivery, consumer: consumer, source: number)) }
    }
}
