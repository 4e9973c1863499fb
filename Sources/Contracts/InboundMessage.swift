package import JSON

/// A message that was taken from the broker and is what the contract says.
package struct InboundMessage: Sendable {
    package let envelope: Envelope
    package let body: Body
    /// As it came.
    package let wire: WireMessage

    /// What the routing key says; `nil` for one that came straight to a queue.
    package var key: RoutingKey? { RoutingKey(wire.routingKey) }

    /// Reads a message strictly: the text, the envelope, the data, and that the two agree.
    ///
    /// - Parameters:
    ///   - limits: left out, those of a message, but for what our own processes say: a plan of 1,000 tasks, or the outputs
    ///     of all of them, have more members than one sender may ask us to read.
    ///   - validating: check the data against its schema, as borders do. Messages of our own processes need only be
    ///     decoded: that checks names, kinds and identifiers, too, but neither lengths of text nor bounds of numbers.
    package static func decode(
        _ wire: WireMessage, limits: JSONLimits? = nil, validating: Bool = true
    ) throws(ContractViolation) -> InboundMessage {
        let limits = limits ?? (BrokerUser.isOurs(wire.userID) ? .ofOurOwn : .default)
        let (envelope, data) = try Envelope.read(wire, limits: limits)
        if validating, let problem = ContractSchema.message(envelope.type).problems(in: data).first {
            throw ContractViolation(.invalid, at: problem.pointer, problem.message)
        }
        let body: Body
        do {
            body = try Body(envelope.type, data)
        } catch let error as DecodingError {
            throw ContractViolation(error)
        } catch {
            throw ContractViolation(.invalid, "\(error)")
        }
        let message = InboundMessage(envelope: envelope, body: body, wire: wire)
        try message.checkCorrelation()
        try message.checkRoute()
        return message
    }

    /// `correlation_id` chose the partition, so it has to be the workflow's id: or another workflow's owner would answer.
    private func checkCorrelation() throws(ContractViolation) {
        guard let workflow = body.message.workflow, wire.exchange != Exchange.standard.rawValue || !isAnswer else {
            return
        }
        guard let correlation = envelope.correlationID else {
            throw ContractViolation(
                .correlation, at: JSONPointer(["workflow_id"]), "`correlation_id` has to be the workflow's id")
        }
        guard correlation.utf8.elementsEqual(workflow.text.utf8) else {
            throw ContractViolation(
                .correlation, at: JSONPointer(["workflow_id"]),
                "`correlation_id` is `\(correlation.prefix(100))`, but the data speaks of `\(workflow)`")
        }
    }

    /// An answer echoes the sender's `correlation_id`.
    private var isAnswer: Bool { envelope.type == .workflowAccepted || envelope.type == .workflowRejected }

    /// The key says what the data says, and the user may say it.
    private func checkRoute() throws(ContractViolation) {
        guard [Exchange.workflow, .task].contains(where: { $0.rawValue == wire.exchange }) else { return }
        guard let key else {
            throw ContractViolation(.envelope, "`\(wire.routingKey.prefix(255))` is no routing key of the contract")
        }
        guard key.type == envelope.type else {
            throw ContractViolation(.envelope, "a `\(envelope.type.rawValue)` came under the key `\(wire.routingKey)`")
        }
        if let domain = body.domain, domain != key.domain {
            throw ContractViolation(
                .domain, at: JSONPointer(["runner_domain"]),
                "the data speaks for `\(domain)`, its key is `\(wire.routingKey)`")
        }
        if let user = envelope.userID, !BrokerUser.may(user, speakFor: key.domain) {
            throw ContractViolation(.domain, "user `\(user)` may not speak under the key `\(wire.routingKey)`")
        }
    }
}

extension Body {
    /// The runner domain that the data names.
    fileprivate var domain: DomainName? {
        switch self {
        case .taskDispatched(let body): body.runnerDomain
        case .artifactCreated(let body): body.runnerDomain
        case .executorHeartbeat(let body): body.runnerDomain
        default: nil
        }
    }
}
