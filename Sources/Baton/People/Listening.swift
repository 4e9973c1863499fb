import AMQP
import Contracts
import JSON
import Relay

/// What a command hears while it waits.
enum Heard: Sendable {
    case messages([WireMessage])
    /// A second has passed.
    case tick
}

/// Queues of our own, gone when we go.
enum Listening {
    /// Lends what arrives on queues for the length of a closure; it begins once they are there and bound.
    static func listen<Value: Sendable>(
        _ broker: AMQPSettings, _ queues: [Subscription], _ body: (AsyncStream<Heard>) async throws -> Value
    ) async throws -> Value {
        let consumer = Consumer(broker, prefetch: 500, logger: .silent)
        do {
            for queue in queues { try await subscribe(consumer, to: queue, broker) }
            let (heard, speaker) = AsyncStream.makeStream(of: Heard.self)
            let value = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { speaker.finish() }
                    while !Task.isCancelled {
                        let batch = try await consumer.nextBatch()
                        speaker.yield(.messages(batch.map(WireMessage.init)))
                        try await consumer.ack(batch)
                    }
                }
                group.addTask {
                    while true {
                        try await Task.sleep(for: .seconds(1))
                        speaker.yield(.tick)
                    }
                }
                defer { group.cancelAll() }
                return try await body(heard)
            }
            await consumer.close()
            return value
        } catch {
            await consumer.close()
            throw error
        }
    }

    private static func subscribe(
        _ consumer: Consumer, to queue: Subscription, _ broker: AMQPSettings
    ) async throws {
        do throws(AMQPError) {
            try await consumer.subscribe(queue)
        } catch {
            guard error.code == .timedOut else { throw error }
            throw CommandFailure(
                ExitStatus.unavailable,
                "The broker at \(broker.host):\(broker.port) cannot be reached, or does not answer.")
        }
    }

    /// Where an answer is to go.
    static func replies(_ id: String) -> Subscription { .exclusive(name: QueueName.reply(id)) }

    /// The progress and the events of every workflow; the newest are kept when they are more than we take.
    ///
    /// - Parameter logs: also what tasks say.
    static func events(_ id: String, logs: Bool) -> Subscription {
        var bindings: [(exchange: String, key: String)] = [
            MessageType.workflowProgress, .workflowCompleted, .workflowRejected, .workflowPaused, .workflowResumed,
        ].map { (Exchange.workflow.rawValue, $0.rawValue + ".#") }
        var types: [MessageType] = [
            .taskDispatched, .taskStarted, .taskHeartbeat, .taskCompleted, .taskFailed, .taskRetrying, .taskSkipped,
            .taskCancelled,
        ]
        if logs { types.append(.taskLog) }
        bindings += types.map { (Exchange.task.rawValue, $0.rawValue + ".#") }
        return .exclusive(name: QueueName.watch(id), bindings: bindings, arguments: ["x-max-length": .int(20_000)])
    }

    /// A name that no other command has.
    static func name() -> String { (0..<12).map { _ in UInt8.random(in: .min ... .max) }.hex }
}
