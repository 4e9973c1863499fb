import AMQP
import Contracts
import JSON
import Relay

/// One request, from its publishing to its answer.
struct Submission {
    let request: WorkflowRequested
    let broker: AMQPSettings
    /// Names the queue that the answer goes to.
    let mailbox: String

    var workflowID: WorkflowID { WorkflowID(workspace: request.workspace, requestID: request.requestID) }

    /// Publishes the request; it is in a queue when this returns.
    func publish() async throws {
        try await OperatorVoice(broker).say(request, replyTo: QueueName.reply(mailbox), correlationID: mailbox)
    }

    /// The answer, if this message is it.
    func answer(_ wire: WireMessage) throws -> Result<WorkflowID, Rejection>? {
        guard wire.exchange.isEmpty, wire.correlationID == mailbox else { return nil }
        switch try InboundMessage.decode(wire, validating: false).body {
        case .workflowAccepted(let accepted): return .success(accepted.workflowID)
        case .workflowRejected(let rejected): return .failure(Rejection(problems: rejected.problems))
        default: return nil
        }
    }

    struct Rejection: Error {
        var problems: [Problem]
    }
}

/// Publishes as the broker's user `operator`.
struct OperatorVoice {
    private let publisher: Publisher
    private static let patience = Duration.seconds(30)

    init(_ broker: AMQPSettings) {
        var settings = broker
        settings.callTimeout = .seconds(10)
        publisher = Publisher(settings, logger: .silent)
    }

    /// - Throws: ``CommandFailure`` when it was not confirmed, or when there is no queue for it.
    func say(
        _ body: some RoutedBody, replyTo: String? = nil, correlationID: String? = nil
    ) async throws {
        let now = Timestamp(milliseconds: Moment.now)
        let envelope = Envelope(
            of: body, id: .random(at: now), source: "/cli", time: now,
            correlationID: correlationID, replyTo: replyTo)
        let message = Message(envelope.message(to: body.route, body: try body.encoded()))
        let deadline = ContinuousClock.now + Self.patience
        while true {
            // The same id each time: it is the same message.
            switch await publisher.publish([message]).first {
            case .confirmed?:
                await publisher.close()
                return
            case .returned?:
                throw CommandFailure(
                    ExitStatus.unavailable,
                    "The broker has no queue for \(body.route.key): is this the right virtual host, and was the topology applied?"
                )
            case .unknown(let error)?:
                if !error.isRetriable || ContinuousClock.now >= deadline { throw error }
            case nil: return
            }
        }
    }
}
