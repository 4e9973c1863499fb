@testable import AMQP
import CRabbitMQ
import Contracts
import FuzzSupport
import JSON

/// Two forms: `B`, a byte with the length of the properties as they are on the wire, the properties, the body; or lines
/// `name: value` for properties and headers, an empty line, the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEnvelope(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz(start, count) { bytes in
        guard let wire = bytes.first == UInt8(ascii: "B") ? onTheWire(bytes.dropFirst()) : inLines(bytes) else {
            return
        }
        check(wire)
    }
}

/// What is taken can be said again, and is then taken as the same.
private func check(_ wire: WireMessage) {
    let message: InboundMessage
    do throws(ContractViolation) {
        message = try InboundMessage.decode(wire)
    } catch {
        expect(error.message.count <= 500, "a reason of \(error.message.count) characters")
        _ = try? InboundMessage.decode(wire, validating: false)
        return
    }
    guard (try? InboundMessage.decode(wire, validating: false)) != nil else {
        return expect(false, "what passes its schema is refused without it")
    }
    let envelope = message.envelope
    guard let body = try? encoded(message.body.message) else { return expect(false, "a body cannot be written") }
    var again = envelope.message(to: Route(exchange: .task, key: wire.routingKey), body: body)
    (again.exchange, again.userID) = (wire.exchange, wire.userID)
    do throws(ContractViolation) {
        let second = try InboundMessage.decode(again)
        expect(second.envelope.id == envelope.id && second.envelope.type == envelope.type, "another id or type")
        expect(second.envelope.causation == envelope.causation, "another cause")
        expect((try? encoded(second.body.message)) == body, "a body is written otherwise the next time")
    } catch {
        expect(false, "what was taken is refused when it is said again: \(error)")
    }
}

private func encoded(_ body: some MessageBody) throws -> [UInt8] { try body.encoded() }

private func inLines(_ bytes: [UInt8]) -> WireMessage? {
    var wire = WireMessage(exchange: "", routingKey: "", body: [])
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: rest[..<end], as: UTF8.self)
        rest = rest[(end + 1)...]
        guard !line.isEmpty else {
            wire.body = Array(rest)
            return wire
        }
        guard let colon = line.firstRange(of: ": ") else { return nil }
        set(String(line[..<colon.lowerBound]), String(line[colon.upperBound...]), in: &wire)
    }
    return nil
}

private func set(_ name: String, _ value: String, in wire: inout WireMessage) {
    switch name {
    case "exchange": wire.exchange = value
    case "key": wire.routingKey = value
    case "content-type": wire.contentType = value
    case "message-id": wire.messageID = value
    case "type": wire.type = value
    case "correlation-id": wire.correlationID = value
    case "reply-to": wire.replyTo = value
    case "user-id": wire.userID = value
    case "app-id": wire.appID = value
    case "timestamp": wire.timestamp = Int64(value)
    default: wire.headers[name] = value
    }
}

/// Through librabbitmq's decoder, as a content header comes from the broker.
private func onTheWire(_ bytes: ArraySlice<UInt8>) -> WireMessage? {
    guard let length = bytes.first, bytes.count > Int(length) else { return nil }
    guard let properties = decode(Array(bytes.dropFirst().prefix(Int(length)))) else { return nil }
    return WireMessage(
        exchange: "workflow", routingKey: "workflow.requested", contentType: properties.contentType,
        messageID: properties.messageID, type: properties.type, correlationID: properties.correlationID,
        replyTo: properties.replyTo, userID: properties.userID, appID: properties.appID,
        timestamp: properties.timestamp.map { Int64(clamping: $0) },
        headers: properties.headers.compactMapValues(\.string), body: Array(bytes.dropFirst(1 + Int(length))))
}

private func decode(_ encoded: [UInt8]) -> MessageProperties? {
    var pool = unsafe amqp_pool_t()
    unsafe init_amqp_pool(&pool, 4096)
    defer { unsafe empty_amqp_pool(&pool) }
    // A copy of just that size, so that a read past its end is seen.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: encoded.count, alignment: 1)
    defer { unsafe memory.deallocate() }
    unsafe memory.copyBytes(from: encoded)
    var decoded: UnsafeMutableRawPointer?
    let status = unsafe amqp_decode_properties(
        UInt16(AMQP_BASIC_CLASS), &pool, amqp_bytes_t(len: encoded.count, bytes: memory.baseAddress), &decoded)
    guard status >= 0, let decoded = unsafe decoded else { return nil }
    return unsafe MessageProperties(copying: decoded.load(as: amqp_basic_properties_t.self))
}
