import Glibc
import IOThread

/// Stands between a client and the server, and misbehaves on demand.
final class Proxy: @unchecked Sendable {  // guarded by `lock`
    enum Manner { case faithful, swallowAnswers, silent }

    let port: UInt16
    private let lock = Lock()
    private let listener: Int32
    private var manner = Manner.faithful
    private var serverPort: UInt16
    private var sockets: [Int32] = []
    private var onSwallow: (@Sendable () -> Void)?

    init(to serverPort: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port: 0)
        unsafe withUnsafeBytes(of: &address) { bytes in
            _ = unsafe bind(listener, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        listen(listener, 64)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            _ = unsafe getsockname(listener, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        self.serverPort = serverPort
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        Self.onThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client)
            }
        }
    }

    /// From now on, for all connections.
    func behave(_ manner: Manner) { lock.withLock { self.manner = manner } }

    /// New connections go there.
    func lead(to port: UInt16) { lock.withLock { serverPort = port } }

    /// Called once, when an answer of the server has been swallowed.
    func whenSwallowed(_ action: @escaping @Sendable () -> Void) { lock.withLock { onSwallow = action } }

    /// Cuts every connection.
    func cut() {
        lock.withLock {
            for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
            sockets = []
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        cut()
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port: lock.withLock { serverPort })
        let connected = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe connect(server, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard connected == 0 else {
            close(client)
            return
        }
        lock.withLock { sockets += [client, server] }
        Self.onThread { [self] in pump(from: client, to: server, isAnswer: false) }
        Self.onThread { [self] in pump(from: server, to: client, isAnswer: true) }
    }

    private func pump(from source: Int32, to target: Int32, isAnswer: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            let manner = lock.withLock { self.manner }
            if manner == .swallowAnswers, isAnswer { noteSwallowed() }
            guard manner == .faithful || manner == .swallowAnswers && !isAnswer else { continue }
            unsafe _ = send(target, buffer, count, Int32(MSG_NOSIGNAL))
        }
        shutdown(target, Int32(SHUT_RDWR))
    }

    private func noteSwallowed() {
        let action = lock.withLock {
            let action = onSwallow
            onSwallow = nil
            return action
        }
        action?()
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void; init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Box(body))
        unsafe pthread_create(
            &thread, nil,
            { raw in
                unsafe Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }
}
