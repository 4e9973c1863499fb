import CRabbitMQ
import Glibc

/// A message of which the method has come, and not yet all of the rest.
struct PartialContent {
    enum Kind {
        case delivery
        case returned(code: UInt16, text: String)
        case got(method: UInt32)
    }

    /// No more is set aside on a header's mere word.
    static let greatestReserve = 16 << 20

    let kind: Kind
    var content: Incoming.Content
    /// Nil until the header has come.
    var bytesLeft: UInt64?
}

extension ConnectionHandle {
    /// The next thing the broker has said, or `nil` when there is nothing whole to be had without waiting.
    ///
    /// Also serves the library's own heartbeat, and so notices a peer that has fallen silent.
    func next() throws(AMQPError) -> Incoming? {
        while true {
            var frame = unsafe amqp_frame_t()
            var now = timeval(tv_sec: 0, tv_usec: 0)
            let status = unsafe amqp_simple_wait_frame_noblock(raw, &frame, &now)
            if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            try Self.check(status, "connection.read", "the connection ended")
            // What was decoded lives in the channel's pool, until it is given back here.
            let channel = unsafe frame.channel
            let incoming = try unsafe taken(frame)
            unsafe amqp_maybe_release_buffers_on_channel(raw, channel)
            if let incoming { return incoming }
        }
    }

    private func taken(_ frame: amqp_frame_t) throws(AMQPError) -> Incoming? {
        switch unsafe Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: return unsafe method(frame.payload.method, on: frame.channel)
        case AMQP_FRAME_HEADER:
            guard let decoded = unsafe frame.payload.properties.decoded else { return nil }
            let properties = unsafe decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            return try unsafe header(
                MessageProperties(copying: properties), bodySize: frame.payload.properties.body_size,
                on: frame.channel)
        case AMQP_FRAME_BODY:
            let bytes = unsafe frame.payload.body_fragment
            return try unsafe body(UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), on: frame.channel)
        default: return nil
        }
    }

    // MARK: Content

    private func header(
        _ properties: MessageProperties, bodySize: UInt64, on channel: UInt16
    ) throws(AMQPError) -> Incoming? {
        guard var begun = partial.removeValue(forKey: channel), begun.bytesLeft == nil else {
            throw AMQPError(.connectionLost, "connection.read", "a header came without its method")
        }
        begun.content.properties = properties
        begun.bytesLeft = bodySize
        if bodySize == 0 { return whole(begun, on: channel) }
        begun.content.body.reserveCapacity(Int(min(bodySize, UInt64(PartialContent.greatestReserve))))
        partial[channel] = begun
        return nil
    }

    private func body(_ piece: UnsafeRawBufferPointer, on channel: UInt16) throws(AMQPError) -> Incoming? {
        guard let left = partial[channel]?.bytesLeft, left >= UInt64(piece.count) else {
            throw AMQPError(.connectionLost, "connection.read", "a body came that no header announced")
        }
        unsafe partial[channel]?.content.body.append(contentsOf: piece)
        partial[channel]?.bytesLeft = left - UInt64(piece.count)
        guard left == UInt64(piece.count), let begun = partial.removeValue(forKey: channel) else { return nil }
        return whole(begun, on: channel)
    }

    private func whole(_ message: PartialContent, on channel: UInt16) -> Incoming {
        switch message.kind {
        case .delivery: .delivery(channel: channel, message.content)
        case .returned(let code, let text): .returned(channel: channel, code: code, text: text, message.content)
        case .got(let method): .reply(channel: channel, method: method, .message(message.content))
        }
    }

    // MARK: Methods

    private func method(_ method: amqp_method_t, on channel: UInt16) -> Incoming? {
        guard let decoded = unsafe method.decoded else { return nil }
        let id = unsafe method.id
        switch id {
        case 0x003C_003C:
            let deliver = unsafe decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            begin(
                .delivery, on: channel,
                unsafe Incoming.Content(
                    tag: deliver.delivery_tag, isRedelivered: deliver.redelivered != 0,
                    exchange: String(copying: deliver.exchange), routingKey: String(copying: deliver.routing_key)))
        case 0x003C_0047:
            let got = unsafe decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
            begin(
                .got(method: id), on: channel,
                unsafe Incoming.Content(
                    tag: got.delivery_tag, isRedelivered: got.redelivered != 0,
                    exchange: String(copying: got.exchange), routingKey: String(copying: got.routing_key)))
        case 0x003C_0032:
            let returned = unsafe decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            begin(
                unsafe .returned(code: returned.reply_code, text: String(copying: returned.reply_text)), on: channel,
                unsafe Incoming.Content(
                    exchange: String(copying: returned.exchange), routingKey: String(copying: returned.routing_key)))
        case 0x003C_0050:
            let ack = unsafe decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirm(channel: channel, tag: ack.delivery_tag, isMultiple: ack.multiple != 0, isTaken: true)
        case 0x003C_0078:
            let nack = unsafe decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .confirm(channel: channel, tag: nack.delivery_tag, isMultiple: nack.multiple != 0, isTaken: false)
        case 0x003C_001E: return .consumerCancelled(channel: channel)
        case 0x0014_0028:
            let close = unsafe decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return unsafe .channelClosed(
                channel: channel,
                AMQPError(
                    closing: "channel.close", replyCode: close.reply_code, text: String(copying: close.reply_text)))
        case 0x000A_0032:
            let close = unsafe decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            return unsafe .connectionClosed(
                AMQPError(
                    closing: "connection.close", replyCode: close.reply_code, text: String(copying: close.reply_text)))
        case 0x000A_003C:
            let blocked = unsafe decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return unsafe .blocked(reason: String(copying: blocked.reason))
        case 0x000A_003D: return .unblocked
        case 0x0032_000B:
            let queue = unsafe decoded.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee
            return unsafe .reply(
                channel: channel, method: id,
                .queue(
                    QueueStatus(
                        name: String(copying: queue.queue), messages: Int(queue.message_count),
                        consumers: Int(queue.consumer_count))))
        case 0x0032_001F:
            let purged = unsafe decoded.assumingMemoryBound(to: amqp_queue_purge_ok_t.self).pointee
            return .reply(channel: channel, method: id, .count(Int(purged.message_count)))
        case 0x0032_0029:
            let deleted = unsafe decoded.assumingMemoryBound(to: amqp_queue_delete_ok_t.self).pointee
            return .reply(channel: channel, method: id, .count(Int(deleted.message_count)))
        default: return .reply(channel: channel, method: id, .done)
        }
        return nil
    }

    private func begin(_ kind: PartialContent.Kind, on channel: UInt16, _ content: Incoming.Content) {
        partial[channel] = PartialContent(kind: kind, content: content, bytesLeft: nil)
    }
}
