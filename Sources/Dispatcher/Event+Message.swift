import Contracts
import Engine
import Handover
import JSON
import Store

/// The header of an order that comes back because its domain has no queue.
let noRouteHeader = "x-baton-no-route"

extension Event {
    /// Of whom it speaks: it may be said to a parent or a child.
    private func subject(in workflow: WorkflowID) -> String {
        guard isAbout(workflow) else { return body.message.workflow?.text ?? workflow.text }
        return taskID.map { "\(workflow)/\($0)" } ?? workflow.text
    }

    fileprivate func isAbout(_ workflow: WorkflowID) -> Bool { body.message.workflow.map { $0 == workflow } ?? true }

    /// The message that says so, when somebody is to be told.
    func message(of workflow: WorkflowID, body bytes: [UInt8], source: String) -> Outgoing<WireMessage>? {
        guard let publication else { return nil }
        var envelope = Envelope(
            of: body.message, id: id, source: source, time: recordedAt, causation: causation,
            correlationID: publication.correlationID ?? workflow.text)
        envelope.subject = subject(in: workflow)
        let message = envelope.message(to: publication.route, body: bytes)
        guard publication.isMandatory else { return Outgoing(message, ifReturned: .drop) }
        return message.outgoing(type)
    }
}

extension EventRow {
    /// The row of an event; `nil` for what is not history.
    init?(_ event: Event, of workflow: WorkflowID, body: [UInt8]) {
        guard let seq = event.seq else { return nil }
        let isOwn = event.isAbout(workflow)
        self.init(
            workflowID: workflow.text, seq: seq, id: event.id.text, type: event.type.rawValue,
            taskID: isOwn ? event.taskID?.text : nil, attempt: isOwn ? event.attempt : nil,
            causation: event.causation.text, actor: event.actor,
            recordedAt: event.recordedAt.milliseconds, isStale: event.isStale,
            exchange: event.publication?.route.exchange.rawValue, routingKey: event.publication?.route.key,
            correlationID: event.publication?.correlationID, isMandatory: event.publication?.isMandatory ?? true,
            body: body)
    }

    /// The message that it was published as; `nil` for what came from the broker.
    func message(source: String) -> Outgoing<WireMessage>? {
        guard let exchange = exchange.flatMap(Exchange.init), let routingKey, let type = MessageType(rawValue: type)
        else { return nil }
        let envelope = Envelope(
            id: MessageID(unchecked: id), type: type, source: source,
            subject: taskID.map { "\(workflowID)/\($0)" } ?? correlationID ?? workflowID,
            time: Timestamp(milliseconds: recordedAt),
            causation: causation.map { MessageID(unchecked: $0) }, correlationID: correlationID ?? workflowID,
            appID: "baton")
        let message = envelope.message(to: Route(exchange: exchange, key: routingKey), body: body)
        return isMandatory ? message.outgoing(type) : Outgoing(message, ifReturned: .drop)
    }
}

extension WireMessage {
    /// An order that nobody takes is news for the dispatcher; anything else that is lost for want of a route is a fault
    /// that has to be mended, and is tried until it is.
    fileprivate func outgoing(_ type: MessageType) -> Outgoing<WireMessage> {
        guard type == .taskDispatched else { return Outgoing(self) }
        var news = self
        news.exchange = Exchange.dispatcher.rawValue
        news.headers[noRouteHeader] = "1"
        return Outgoing(self, ifReturned: .publishInstead(news))
    }
}

extension Input {
    /// What a message from the broker is to a workflow.
    init(of message: InboundMessage) {
        if case .taskDispatched(let order) = message.body, message.wire.headers[noRouteHeader] != nil {
            self = .noRoute(order, id: message.envelope.id)
        } else {
            self.init(message)
        }
    }
}

extension ExecutorRow {
    init(_ beat: ExecutorHeartbeat) {
        self.init(
            id: beat.executor.text, domain: beat.runnerDomain.text, skills: beat.skills.map(\.text),
            concurrency: beat.isDraining ? 0 : beat.concurrency, running: beat.running)
    }
}
