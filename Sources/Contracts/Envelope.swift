package import JSON

/// The attributes of a message: CloudEvents 1.0, carried by AMQP's properties and by `ce-` headers.
package struct Envelope: Sendable, Equatable {
    package var id: MessageID
    package var type: MessageType
    /// Who says it: `/executor/payments/7f3a`.
    package var source: String
    /// `<workflow_id>/<task_id>`.
    package var subject: String?
    package var time: Timestamp?
    /// The message that caused this one.
    package var causation: MessageID?
    /// The workflow's id, but for requests (the sender's own), executors' heartbeats and answers.
    package var correlationID: String?
    package var replyTo: String?
    /// The broker's user who published it, as the broker has checked.
    package var userID: String?
    package var appID: String?
    package var trace: Trace

    /// W3C trace context.
    package struct Trace: Sendable, Equatable {
        /// This hop.
        package var parent: String?
        package var state: String?
        /// Where it began.
        package var origin: String?

        package init(parent: String? = nil, state: String? = nil, origin: String? = nil) {
            self.parent = parent
            self.state = state
            self.origin = origin
        }
    }

    package init(
        id: MessageID, type: MessageType, source: String, subject: String? = nil, time: Timestamp? = nil,
        causation: MessageID? = nil, correlationID: String? = nil, replyTo: String? = nil, userID: String? = nil,
        appID: String? = nil, trace: Trace = Trace()
    ) {
        self.id = id
        self.type = type
        self.source = source
        self.subject = subject
        self.time = time
        self.causation = causation
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.userID = userID
        self.appID = appID
        self.trace = trace
    }
}

// MARK: To the wire

extension Envelope {
    /// The envelope of a message of ours.
    ///
    /// - Parameters:
    ///   - correlationID: the workflow of the data, when it is left out.
    ///   - source: as a path, such as `/dispatcher/host-4711`.
    package init(
        of body: some MessageBody, id: MessageID, source: String, time: Timestamp, causation: MessageID? = nil,
        correlationID: String? = nil, replyTo: String? = nil, userID: String? = nil, trace: Trace = Trace()
    ) {
        self.init(
            id: id, type: Swift.type(of: body).type, source: source, subject: body.subject, time: time,
            causation: causation,
            correlationID: correlationID ?? body.workflow?.text, replyTo: replyTo, userID: userID, appID: "baton",
            trace: trace)
    }

    /// The message in binary mode: the attributes in properties and headers, the body is the data alone.
    package func message(to route: Route, body: [UInt8]) -> WireMessage {
        var headers = ["ce-specversion": "1.0", "ce-id": id.text, "ce-type": type.rawValue, "ce-source": source]
        headers["ce-subject"] = subject
        headers["ce-time"] = time?.description
        headers["ce-causationid"] = causation?.text
        headers["ce-traceparent"] = trace.origin
        headers["traceparent"] = trace.parent
        headers["tracestate"] = trace.state
        return WireMessage(
            exchange: route.exchange.rawValue, routingKey: route.key, contentType: "application/json",
            messageID: id.text, type: type.rawValue, correlationID: correlationID, replyTo: replyTo, userID: userID,
            appID: appID, timestamp: time.map { $0.milliseconds / 1000 }, headers: headers, body: body)
    }
}

extension MessageBody {
    /// The data as JSON text.
    package func encoded() throws -> [UInt8] { try JSONValueEncoder().encode(self).serialized() }
}

// MARK: From the wire

extension Envelope {
    /// Reads the attributes and finds the data.
    ///
    /// Accepted are `ce-` headers, the bare properties `message_id` and `type`, both together when they agree, and
    /// structured mode.
    ///
    /// - Returns: the envelope, and the data.
    package static func read(
        _ wire: WireMessage, limits: JSONLimits
    ) throws(ContractViolation) -> (Envelope, JSONValue) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.parse(wire.body, limits: limits)
        } catch {
            throw ContractViolation(error)
        }
        let mediaType = wire.contentType?.prefix { $0 != ";" }.lowercased() ?? "application/json"
        switch mediaType.filter({ $0 != " " }) {
        case "application/json", "":
            return (try Envelope(wire, attribute: { wire.headers["ce-\($0)"] }), value)
        case "application/cloudevents+json":
            guard let data = value["data"] else {
                throw ContractViolation(.envelope, "a structured event carries its data as JSON in `data`")
            }
            return (try Envelope(wire, attribute: { value[$0]?.string }), data)
        default:
            throw ContractViolation(.envelope, "the content type is `application/json`, not `\(mediaType)`")
        }
    }

    private init(_ wire: WireMessage, attribute: (String) -> String?) throws(ContractViolation) {
        if let version = attribute("specversion"), version != "1.0" {
            throw ContractViolation(.envelope, "CloudEvents \(version) is not known here, only 1.0")
        }
        guard let idText = try Self.agreed("id", attribute("id"), "message_id", wire.messageID) else {
            throw ContractViolation(.envelope, "the message has no id: neither `ce-id` nor `message_id`")
        }
        guard let id = MessageID(idText) else {
            throw ContractViolation(.envelope, "an id is 1 to 128 visible ASCII characters")
        }
        guard let typeText = try Self.agreed("type", attribute("type"), "type", wire.type) else {
            throw ContractViolation(.envelope, "the message has no type: neither `ce-type` nor `type`")
        }
        guard let type = MessageType(rawValue: typeText) else {
            throw ContractViolation(.unknownType, "`\(typeText.prefix(100))` is no type of message")
        }
        var time = wire.timestamp.flatMap { $0.magnitude < 1 << 40 ? Timestamp(milliseconds: $0 * 1000) : nil }
        if let text = attribute("time") {
            time = Timestamp(text)
            guard time != nil else { throw ContractViolation(.envelope, "`ce-time` is no RFC 3339 time") }
        }
        var causation: MessageID?
        if let text = attribute("causationid") {
            causation = MessageID(text)
            guard causation != nil else { throw ContractViolation(.envelope, "`ce-causationid` is no id") }
        }
        self.init(
            id: id, type: type, source: attribute("source") ?? wire.appID ?? wire.userID ?? "unknown",
            subject: attribute("subject"), time: time, causation: causation, correlationID: wire.correlationID,
            replyTo: wire.replyTo, userID: wire.userID, appID: wire.appID,
            trace: Trace(
                parent: wire.headers["traceparent"], state: wire.headers["tracestate"],
                origin: attribute("traceparent")))
    }

    /// The one of two spellings that is given; given both, they have to say the same.
    private static func agreed(
        _ name: String, _ attribute: String?, _ property: String, _ value: String?
    ) throws(ContractViolation) -> String? {
        guard let attribute else { return value }
        if let value, !value.utf8.elementsEqual(attribute.utf8) {
            throw ContractViolation(
                .envelope, "the CloudEvents attribute `\(name)` and the property `\(property)` differ")
        }
        return attribute
    }
}
