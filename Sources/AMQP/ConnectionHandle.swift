import CRabbitMQ
import Glibc

/// Owns one connection of librabbitmq, which admits one thread at a time: that of its ``Link``.
@safe final class ConnectionHandle {
    let raw: amqp_connection_state_t
    let arena = Arena()
    let user: String
    /// What has come of the messages that are not yet whole, by channel.
    var partial: [UInt16: PartialContent] = [:]

    /// Connects, logs in and opens the virtual host, all before `deadline`; blocks the thread meanwhile.
    static func open(
        _ settings: AMQPSettings, deadline: ContinuousClock.Instant
    ) throws(AMQPError) -> ConnectionHandle {
        guard let raw = unsafe amqp_new_connection() else {
            throw AMQPError(.connectionLost, "connection.open", "out of memory")
        }
        let handle = unsafe ConnectionHandle(owning: raw, user: settings.user)
        try handle.connect(settings, deadline: deadline)
        try handle.login(settings, deadline: deadline)
        return handle
    }

    private init(owning raw: amqp_connection_state_t, user: String) {
        unsafe self.raw = raw
        self.user = user
    }

    deinit { unsafe _ = amqp_destroy_connection(raw) }

    var descriptor: Int32 { unsafe amqp_get_sockfd(raw) }

    /// What librabbitmq and the broker agreed on; zero if none.
    var heartbeat: Duration { unsafe .seconds(Int(amqp_get_heartbeat(raw))) }

    var frameSize: Int { unsafe Int(amqp_get_frame_max(raw)) }

    /// Whether something that was read already waits inside the library, where `poll` does not see it.
    var hasBufferedInput: Bool { unsafe amqp_frames_enqueued(raw) != 0 || amqp_data_in_buffer(raw) != 0 }

    // MARK: Opening

    private func connect(_ settings: AMQPSettings, deadline: ContinuousClock.Instant) throws(AMQPError) {
        let socket = unsafe settings.tls == nil ? amqp_tcp_socket_new(raw) : amqp_ssl_socket_new(raw)
        guard let socket = unsafe socket else {
            throw AMQPError(.connectionLost, "connection.open", "out of memory")
        }
        if let tls = settings.tls { try unsafe secure(socket, tls) }
        var timeout = Self.timeLeft(until: deadline)
        let status = unsafe amqp_socket_open_noblock(socket, settings.host, Int32(settings.port), &timeout)
        try Self.check(status, "connection.open", "\(settings.host):\(settings.port)")
        let silence = max(settings.heartbeat * 2, .seconds(1))
        setOption(IPPROTO_TCP, TCP_USER_TIMEOUT, Int32(clamping: silence.milliseconds))
        setOption(Int(SOL_SOCKET), SO_KEEPALIVE, 1)
    }

    private func secure(_ socket: OpaquePointer, _ tls: AMQPSettings.TLS) throws(AMQPError) {
        try Self.check(unsafe amqp_ssl_socket_set_cacert(socket, tls.authorities), "tls", tls.authorities)
        if let certificate = tls.certificate, let key = tls.key {
            try Self.check(unsafe amqp_ssl_socket_set_key(socket, certificate, key), "tls", certificate)
        }
        unsafe amqp_ssl_socket_set_verify_peer(socket, 1)
        unsafe amqp_ssl_socket_set_verify_hostname(socket, 1)
        try Self.check(unsafe amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST), "tls", "version")
    }

    private func login(_ settings: AMQPSettings, deadline: ContinuousClock.Instant) throws(AMQPError) {
        var timeout = Self.timeLeft(until: deadline)
        unsafe amqp_set_handshake_timeout(raw, &timeout)
        unsafe amqp_set_rpc_timeout(raw, &timeout)
        var properties = unsafe arena.table(Self.clientProperties(name: settings.connectionName))
        defer { arena.recycle() }
        let heartbeat = Int32(clamping: max(1, settings.heartbeat.components.seconds))
        let reply = unsafe rabbitmq_login(
            raw, settings.virtualHost, 2047, 131_072, heartbeat, &properties, settings.user, settings.password)
        try unsafe check(reply)
    }

    private static func clientProperties(name: String) -> [String: HeaderValue] {
        let capabilities = [
            "publisher_confirms", "basic.nack", "consumer_cancel_notify", "connection.blocked",
            "exchange_exchange_bindings", "authentication_failure_close",
        ]
        return [
            "product": .string("Baton"), "platform": .string("Swift"), "connection_name": .string(name),
            "capabilities": .table(Dictionary(uniqueKeysWithValues: capabilities.map { ($0, .bool(true)) })),
        ]
    }

    private func check(_ reply: amqp_rpc_reply_t) throws(AMQPError) {
        switch unsafe reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION where unsafe reply.reply.id == 0x000A_0032:
            guard let decoded = unsafe reply.reply.decoded else { break }
            let close = unsafe decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            throw unsafe AMQPError(
                closing: "connection.close", replyCode: close.reply_code, text: String(copying: close.reply_text))
        default: try Self.check(unsafe reply.library_error, "connection.open", "no answer to the handshake")
        }
        throw AMQPError(.connectionLost, "connection.open", "the handshake was answered with something else")
    }

    // MARK: Socket

    private func setOption(_ level: Int, _ name: Int32, _ value: Int32) {
        var value = value
        unsafe _ = setsockopt(descriptor, Int32(level), name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Holds small writes together until `isCorked` is false again.
    func setCorked(_ isCorked: Bool) { setOption(IPPROTO_TCP, TCP_CORK, isCorked ? 1 : 0) }

    /// Whether the kernel takes more without blocking.
    var isWritable: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, 0) == 1
    }

    // MARK: Errors

    static func check(_ status: Int32, _ operation: String, _ detail: String) throws(AMQPError) {
        guard status < 0 else { return }
        let words = unsafe String(cString: amqp_error_string2(status))
        let code: AMQPError.Code =
            switch amqp_status_enum(rawValue: status) {
            case AMQP_STATUS_TIMEOUT: .timedOut
            case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED, AMQP_STATUS_SSL_PEER_VERIFY_FAILED,
                AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD, AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION:
                .refused
            case AMQP_STATUS_SSL_ERROR where operation == "tls": .refused
            default: .connectionLost
            }
        throw AMQPError(code, operation, "\(words): \(detail)")
    }

    private static func timeLeft(until deadline: ContinuousClock.Instant) -> timeval {
        // Never zero, which would be without end for the handshake.
        let left = max(ContinuousClock.now.duration(to: deadline), .milliseconds(1)).components
        return timeval(tv_sec: Int(left.seconds), tv_usec: Int(left.attoseconds / 1_000_000_000_000))
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
