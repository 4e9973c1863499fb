import Glibc
import IOThread

/// Asks a server, in its own language, whether it takes work.
///
/// A port that accepts is not enough: PostgreSQL accepts while it still recovers. The calls block, on a thread of their own.
actor Probe {
    private let thread = IOThread(name: "probe")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
    deinit { thread.stop() }

    /// Whether PostgreSQL answers a start-up packet with a request for the password, and not with “the database system is starting up”.
    func postgresIsReady(port: UInt16) -> Bool {
        let parameters = Array("user\0postgres\0database\0postgres\0\0".utf8)
        let length = UInt32(parameters.count + 8).bigEndian
        let version = UInt32(196_608).bigEndian  // 3.0
        let packet =
            unsafe withUnsafeBytes(of: length, Array.init) + withUnsafeBytes(of: version, Array.init) + parameters
        return ask(port: port, packet).first == UInt8(ascii: "R")
    }

    /// Whether RabbitMQ answers the protocol header with `connection.start`: a method frame (1) on channel 0.
    func rabbitIsReady(port: UInt16) -> Bool {
        ask(port: port, Array("AMQP".utf8) + [0, 0, 9, 1]).starts(with: [1, 0, 0])
    }

    /// Whether the management API answers a request in full, whatever it says.
    func managementIsReady(port: UInt16) -> Bool {
        ask(port: port, Array("GET /api/whoami HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8)).starts(
            with: Array("HTTP/1.".utf8))
    }

    /// - Returns: the beginning of the answer; empty when there is none within two seconds.
    private func ask(port: UInt16, _ request: [UInt8]) -> [UInt8] {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return [] }
        let connection = Descriptor(owning: number)
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard unsafe withLoopback(port, { unsafe connect(number, $0, $1) }) == 0 else { return [] }
        let sent = unsafe request.withUnsafeBytes { unsafe send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.count else { return [] }
        return connection.read(limit: 512) ?? []
    }
}
