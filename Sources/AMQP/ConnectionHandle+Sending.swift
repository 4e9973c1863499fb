import CRabbitMQ

extension ConnectionHandle {
    func publish(_ message: Message, messageID: String?, on channel: UInt16) throws(AMQPError) {
        defer { arena.recycle() }
        var properties = unsafe arena.properties(message.properties, userID: user)
        if let messageID, message.properties.messageID == nil {
            unsafe properties.message_id = arena.bytes(messageID)
            unsafe properties._flags |= UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
        }
        let exchange = unsafe arena.bytes(message.exchange)
        let key = unsafe arena.bytes(message.routingKey)
        let status = unsafe message.body.withUnsafeBytes { body in
            let bytes = unsafe amqp_bytes_t(
                len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
            return unsafe amqp_basic_publish(
                raw, channel, exchange, key, message.isMandatory ? 1 : 0, 0, &properties, bytes)
        }
        try Self.check(status, "basic.publish", message.exchange)
    }

    func ack(_ tag: UInt64, isMultiple: Bool, on channel: UInt16) throws(AMQPError) {
        try Self.check(unsafe amqp_basic_ack(raw, channel, tag, isMultiple ? 1 : 0), "basic.ack", "\(tag)")
    }

    func requeue(_ tag: UInt64, isMultiple: Bool, on channel: UInt16) throws(AMQPError) {
        try Self.check(unsafe amqp_basic_nack(raw, channel, tag, isMultiple ? 1 : 0, 1), "basic.nack", "\(tag)")
    }

    func acceptChannelClose(_ channel: UInt16) throws(AMQPError) {
        try send(0x0014_0029, amqp_channel_close_ok_t(), on: channel, "channel.close-ok")
    }

    func acceptConnectionClose() throws(AMQPError) {
        try send(0x000A_0033, amqp_connection_close_ok_t(), on: 0, "connection.close-ok")
    }

    private func send<Method>(
        _ id: UInt32, _ method: Method, on channel: UInt16, _ operation: String
    ) throws(AMQPError) {
        var method = method
        let status = unsafe withUnsafeMutablePointer(to: &method) { unsafe amqp_send_method(raw, channel, id, $0) }
        try Self.check(status, operation, "channel \(channel)")
    }

    /// - Returns: the number of the method that answers it.
    func send(_ request: Request, on channel: UInt16) throws(AMQPError) -> UInt32 {
        defer { arena.recycle() }
        let none = unsafe amqp_bytes_t(len: 0, bytes: nil)
        func send<Method>(_ id: UInt32, _ method: Method) throws(AMQPError) -> UInt32 {
            try self.send(id, method, on: channel, request.operation)
            return id + 1
        }
        switch request {
        case .connectionClose:
            return try unsafe send(
                0x000A_0032,
                amqp_connection_close_t(reply_code: 200, reply_text: arena.bytes("goodbye"), class_id: 0, method_id: 0))
        case .channelOpen: return try unsafe send(0x0014_000A, amqp_channel_open_t(out_of_band: none))
        case .channelClose:
            return try unsafe send(
                0x0014_0028,
                amqp_channel_close_t(reply_code: 200, reply_text: arena.bytes("goodbye"), class_id: 0, method_id: 0))
        case .confirmSelect: return try send(0x0055_000A, amqp_confirm_select_t(nowait: 0))
        case .qos(let prefetch):
            return try send(0x003C_000A, amqp_basic_qos_t(prefetch_size: 0, prefetch_count: prefetch, global: 0))
        case .consume(let queue, let tag):
            return try unsafe send(
                0x003C_0014,
                amqp_basic_consume_t(
                    ticket: 0, queue: arena.bytes(queue), consumer_tag: arena.bytes(tag), no_local: 0, no_ack: 0,
                    exclusive: 0, nowait: 0, arguments: arena.table([:])))
        case .cancel(let tag):
            return try unsafe send(0x003C_001E, amqp_basic_cancel_t(consumer_tag: arena.bytes(tag), nowait: 0))
        case .get(let queue):
            return try unsafe send(0x003C_0046, amqp_basic_get_t(ticket: 0, queue: arena.bytes(queue), no_ack: 0))
        case .queueDeclare(let queue):
            return try unsafe send(
                0x0032_000A,
                amqp_queue_declare_t(
                    ticket: 0, queue: arena.bytes(queue.name), passive: queue.isPassive ? 1 : 0,
                    durable: queue.isDurable ? 1 : 0, exclusive: queue.isExclusive ? 1 : 0,
                    auto_delete: queue.isAutoDelete ? 1 : 0, nowait: 0, arguments: arena.table(queue.arguments)))
        case .queueBind(let queue, let exchange, let key, let arguments):
            return try unsafe send(
                0x0032_0014,
                amqp_queue_bind_t(
                    ticket: 0, queue: arena.bytes(queue), exchange: arena.bytes(exchange),
                    routing_key: arena.bytes(key), nowait: 0, arguments: arena.table(arguments)))
        case .queueUnbind(let queue, let exchange, let key, let arguments):
            return try unsafe send(
                0x0032_0032,
                amqp_queue_unbind_t(
                    ticket: 0, queue: arena.bytes(queue), exchange: arena.bytes(exchange),
                    routing_key: arena.bytes(key), arguments: arena.table(arguments)))
        case .queuePurge(let queue):
            return try unsafe send(0x0032_001E, amqp_queue_purge_t(ticket: 0, queue: arena.bytes(queue), nowait: 0))
        case .queueDelete(let queue, let ifUnused, let ifEmpty):
            return try unsafe send(
                0x0032_0028,
                amqp_queue_delete_t(
                    ticket: 0, queue: arena.bytes(queue), if_unused: ifUnused ? 1 : 0, if_empty: ifEmpty ? 1 : 0,
                    nowait: 0))
        case .exchangeDeclare(let exchange):
            return try unsafe send(
                0x0028_000A,
                amqp_exchange_declare_t(
                    ticket: 0, exchange: arena.bytes(exchange.name), type: arena.bytes(exchange.type),
                    passive: exchange.isPassive ? 1 : 0, durable: exchange.isDurable ? 1 : 0,
                    auto_delete: exchange.isAutoDelete ? 1 : 0, internal: exchange.isInternal ? 1 : 0, nowait: 0,
                    arguments: arena.table(exchange.arguments)))
        case .exchangeBind(let destination, let source, let key, let arguments):
            return try unsafe send(
                0x0028_001E,
                amqp_exchange_bind_t(
                    ticket: 0, destination: arena.bytes(destination), source: arena.bytes(source),
                    routing_key: arena.bytes(key), nowait: 0, arguments: arena.table(arguments)))
        case .exchangeDelete(let exchange):
            return try unsafe send(
                0x0028_0014,
                amqp_exchange_delete_t(ticket: 0, exchange: arena.bytes(exchange), if_unused: 0, nowait: 0))
        }
    }
}
