import AMQP
import Contracts
import JSON
import LocalServers

/// Hears everything that is said on the broker, and keeps it.
actor Recorder {
    static let replies = "reply.tests"

    struct Seen: Sendable {
        let exchange: String
        let key: String
        let properties: MessageProperties
        let body: [UInt8]
        /// `null` for a body that is no JSON.
        let data: JSONValue

        init(_ delivery: Delivery) {
            exchange = delivery.exchange
            key = delivery.routingKey
            properties = delivery.properties
            body = delivery.body
            data = (try? JSONReader.parse(delivery.body)) ?? .null
        }

        var type: String { properties.type ?? properties.headers["ce-type"]?.string ?? "" }
        var id: String { properties.messageID ?? properties.headers["ce-id"]?.string ?? "" }
        var reason: String? { properties.headers["x-baton-reason"]?.string }
    }

    private struct Waiter {
        let wanted: @Sendable (Seen) -> Bool
        let found: CheckedContinuation<Seen, any Error>
    }

    private(set) var seen: [Seen] = []
    private var waiters: [Int: Waiter] = [:]
    private var nextWaiter = 0
    private var consumers: [Consumer] = []
    private var listeners: [Task<Void, Never>] = []

    func listen(to pipeline: Pipeline) async throws {
        let everything = ["workflow", "task", "dead-letter"].map { (exchange: $0, key: "#") }
        try await listen(pipeline.broker(DevState.administrator), .exclusive(name: "tests", bindings: everything))
        try await listen(pipeline.broker("producer"), .exclusive(name: Self.replies))
    }

    private func listen(_ settings: AMQPSettings, _ subscription: Subscription) async throws {
        let consumer = Consumer(settings, logger: .silent)
        try await consumer.subscribe(subscription)
        consumers.append(consumer)
        listeners.append(
            Task {
                while let batch = try? await consumer.nextBatch() {
                    note(batch.map(Seen.init))
                    try? await consumer.ack(batch)
                }
            })
    }

    func close() async {
        for consumer in consumers { await consumer.close() }
        for listener in listeners { await listener.value }
    }

    private func note(_ new: [Seen]) {
        seen += new
        for (number, waiter) in waiters {
            guard let match = new.first(where: waiter.wanted) else { continue }
            waiters[number] = nil
            waiter.found.resume(returning: match)
        }
    }

    // MARK: Waiting

    /// The first message that is wanted, of those that were seen or are to come.
    func first(_ wanted: @escaping @Sendable (Seen) -> Bool) async throws -> Seen {
        if let match = seen.first(where: wanted) { return match }
        let number = nextWaiter
        nextWaiter += 1
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { found in
                if Task.isCancelled { return found.resume(throwing: CancellationError()) }
                waiters[number] = Waiter(wanted: wanted, found: found)
            }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    private func giveUp(_ number: Int) {
        waiters.removeValue(forKey: number)?.found.resume(throwing: CancellationError())
    }

    /// - Parameters:
    ///   - type: of a message that was published for all, such as `task.started`.
    ///   - workflow: that its data speaks of.
    func first(
        _ type: String, of workflow: String, task: String? = nil, attempt: Int? = nil,
        where isWanted: @escaping @Sendable (Seen) -> Bool = { _ in true }
    ) async throws -> Seen {
        try await first { Self.matches($0, type, workflow, task, attempt) && isWanted($0) }
    }

    func all(_ type: String, of workflow: String, task: String? = nil) -> [Seen] {
        seen.filter { Self.matches($0, type, workflow, task, nil) }
    }

    private static func matches(_ seen: Seen, _ type: String, _ workflow: String, _ task: String?, _ attempt: Int?)
        -> Bool
    {
        seen.type == type && seen.exchange != "dead-letter" && seen.exchange != ""
            && seen.data["workflow_id"]?.string == workflow
            && (task == nil || seen.data["task_id"]?.string == task)
            && (attempt == nil || seen.data["attempt"]?.int == attempt)
    }

    /// What was answered to a request of the tests.
    func answer(_ type: String, correlation: String) async throws -> JSONValue {
        try await first { $0.exchange == "" && $0.type == type && $0.properties.correlationID == correlation }.data
    }

    /// A message that was given up on, by its id.
    func deadLetter(_ id: String) async throws -> Seen {
        try await first { $0.exchange == "dead-letter" && $0.id == id }
    }
}
