import AMQP

/// Moves all messages of a queue to an exchange, each confirmed there before it is acked here.
///
/// Interrupted, it loses nothing; some may then be there twice. They keep their routing keys and their senders, so
/// the user needs the tag `impersonator`.
struct QueueMove {
    private static let markPrefix = "baton-move-"

    let settings: AMQPSettings

    /// - Parameter queue: one that nobody else reads, and that no binding feeds any more.
    /// - Returns: how many messages were moved.
    func move(from queue: String, to exchange: String) async throws -> Int {
        let (consumer, publisher) = (Consumer(settings, prefetch: 200), Publisher(settings))
        do {
            let end = Self.markPrefix + "\(UInt64.random(in: 0...UInt64.max))"
            try await consumer.subscribe(.queue(queue))
            async let marked: Void = mark(queue, with: end, by: publisher)
            let count = try await move(until: end, from: consumer, to: exchange, by: publisher)
            try await marked
            await close(consumer, publisher)
            return count
        } catch {
            await close(consumer, publisher)
            throw error
        }
    }

    private func close(_ consumer: Consumer, _ publisher: Publisher) async {
        await consumer.close()
        await publisher.close()
    }

    /// Puts a last message behind all others: a queue's own count is never of this very moment.
    ///
    /// A queue at its length limit refuses it until enough has been moved.
    private func mark(_ queue: String, with end: String, by publisher: Publisher) async throws {
        let message = Message(
            exchange: "", routingKey: queue, properties: MessageProperties(messageID: end), body: [])
        try await publish([message], by: publisher)
    }

    private func move(
        until end: String, from consumer: Consumer, to exchange: String, by publisher: Publisher
    ) async throws -> Int {
        var count = 0
        while true {
            let batch = try await consumer.nextBatch()
            let messages = batch.filter { !Self.isMark($0) }.map { $0.moved(to: exchange) }
            try await publish(messages, by: publisher)
            try await consumer.ack(batch)
            count += messages.count
            if batch.contains(where: { $0.properties.messageID == end }) { return count }
        }
    }

    /// Ours, or that of a move that was interrupted.
    private static func isMark(_ delivery: Delivery) -> Bool {
        delivery.exchange.isEmpty && delivery.properties.messageID?.hasPrefix(markPrefix) == true
    }

    private func publish(_ messages: [Message], by publisher: Publisher) async throws {
        var waiting = messages
        while !waiting.isEmpty {
            try Task.checkCancellation()
            var again: [Message] = []
            for (message, answer) in zip(waiting, await publisher.publish(waiting)) {
                switch answer {
                case .confirmed: break
                case .returned(_, let text):
                    throw AMQPError(.refused, "basic.publish", "\(text): \(message.exchange) \(message.routingKey)")
                case .unknown(let error):
                    guard error.isRetriable else { throw error }
                    again.append(message)
                }
            }
            waiting = again
        }
    }
}

extension Delivery {
    fileprivate func moved(to exchange: String) -> Message {
        var properties = properties
        properties.headers["x-delivery-count"] = nil
        properties.headers["x-acquired-count"] = nil
        return Message(exchange: exchange, routingKey: routingKey, properties: properties, body: body)
    }
}
