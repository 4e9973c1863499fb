package import AMQP
package import Contracts
import Foundation
package import Handover
package import Logging
package import Relay

/// Says what an executor has to say of its domain's tasks, until the broker has confirmed it.
package struct Voice: Sendable {
    let executor: ExecutorID
    let domain: DomainName
    let publisher: any MessagePublisher
    let logger: Logger
    /// Of this machine.
    let now: @Sendable () -> Timestamp
    private let makeID: @Sendable (Timestamp) -> MessageID
    private let pause: @Sendable (Duration) async -> Void

    /// - Parameters:
    ///   - makeID: an id that no other message has.
    ///   - pause: between two tries to publish.
    package init(
        executor: ExecutorID, domain: DomainName, publisher: any MessagePublisher, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = {
            Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        },
        makeID: @escaping @Sendable (Timestamp) -> MessageID = { .random(at: $0) },
        pause: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.executor = executor
        self.domain = domain
        self.publisher = publisher
        self.logger = logger
        self.now = now
        self.makeID = makeID
        self.pause = pause
    }

    private var source: String { "/executor/\(domain)/\(executor)" }

    /// Publishes until all of it is confirmed.
    ///
    /// - Parameter isWanted: asked before each try; when the order went back to the broker, so does what it led to.
    /// - Returns: whether it was confirmed.
    func say(
        _ bodies: [any WorkflowBody], of order: TaskDispatched, causation: MessageID?,
        while isWanted: @Sendable () -> Bool = { true }
    ) async -> Bool {
        var open = bodies.compactMap { message($0, of: order, causation: causation) }
        guard open.count == bodies.count else { return false }
        var backoff = Duration.milliseconds(50)
        while isWanted() && !Task.isCancelled {
            let answers = await publisher.publish(open)
            open = zip(open, answers).filter { !isTaken($0, $1) }.map(\.0)
            if open.isEmpty { return true }
            await pause(backoff)  // a backoff, not a poll
            backoff = min(backoff * 2, .seconds(5))
        }
        return false
    }

    private func isTaken(_ message: Message, _ answer: Confirmation) -> Bool {
        let type: Logger.MetadataValue = "\(message.properties.type ?? "")"
        switch answer {
        case .confirmed: return true
        case .returned(_, let text):
            logger.warning("No queue took a message", metadata: ["detail": "\(text)", "type": type])
        case .unknown(let error):
            logger.warning("A message was not confirmed", metadata: ["error": "\(error)", "type": type])
        }
        return false
    }

    private func message(
        _ body: some WorkflowBody, of order: TaskDispatched, causation: MessageID?, isMandatory: Bool = true
    ) -> Message? {
        let route = Route.task(type(of: body).type, domain: domain, skill: order.skillID)
        let now = self.now()
        let envelope = Envelope(of: body, id: makeID(now), source: source, time: now, causation: causation)
        return (try? body.encoded()).map { Message(envelope.message(to: route, body: $0), isMandatory: isMandatory) }
    }

    /// Says it once; whether anybody hears it matters little.
    func mention(_ body: some WorkflowBody, of order: TaskDispatched, causation: MessageID?) async {
        guard let message = message(body, of: order, causation: causation, isMandatory: false) else { return }
        _ = await publisher.publish([message])
    }

    /// Tells the dispatchers how much this replica can take.
    package func beat(concurrency: Int, running: Int, interval: Duration, skills: [SkillID], isDraining: Bool) async {
        let now = self.now()
        let body = ExecutorHeartbeat(
            executor: executor, runnerDomain: domain, concurrency: concurrency, running: running, at: now,
            interval: Seconds(interval), skills: skills, isDraining: isDraining)
        let envelope = Envelope(
            of: body, id: makeID(now), source: source, time: now, correlationID: executor.text)
        guard let bytes = try? body.encoded() else { return }
        _ = await publisher.publish([Message(envelope.message(to: body.route, body: bytes), isMandatory: false)])
    }

    /// Publishes an order that is none to the dead-letter exchange, under its own key.
    package func deadLetter(_ delivery: Delivery, _ reason: Reason) async -> Bool {
        logger.warning(
            "An order was given up on", metadata: ["reason": "\(reason.code)", "pointer": "\(reason.pointer)"])
        let message = Message(deadLetter: delivery, reason, routingKey: delivery.routingKey)
        return await publisher.publish([message]).first == .confirmed
    }
}
