import Glibc
import IOThread

/// A door to a server that a test can hold shut: connections through it can be stalled or cut.
package final class TCPProxy: Sendable {
    package struct Failure: Error { let call: String, code: Int32 }

    package let port: Int
    private let thread = IOThread(name: "tcp-proxy")
    private let door: Door

    /// - Parameter target: a port of this machine; without one nobody answers.
    package init(to target: Int?) throws {
        let listener = try TCPProxy.listen()
        port = try TCPProxy.port(of: listener)
        door = Door(target: target, listener: listener, thread: thread)
        thread.perform { [door] in door.watch() }
    }

    deinit {
        thread.perform { [door] in door.close() }
        thread.stop()
    }

    /// Lets nothing through any more, in either direction; both ends stay connected.
    package func stall() async { await onThread { $0.isStalled = true } }

    package func resume() async { await onThread { $0.isStalled = false } }

    /// Closes all connections.
    package func cut() async { await onThread { $0.cut() } }

    /// Says something to the clients that the server did not say.
    package func tellClients(_ bytes: [UInt8]) async { await onThread { $0.tellClients(bytes) } }

    /// Waits until `count` connections have ended.
    package func endings(_ count: Int) async {
        await withCheckedContinuation { done in thread.perform { [door] in door.waitForEndings(count, done) } }
    }

    /// How many connections there have been.
    package var accepted: Int {
        get async {
            await withCheckedContinuation { done in thread.perform { [door] in done.resume(returning: door.accepted) } }
        }
    }

    /// Waits until there have been `count` connections.
    package func connections(_ count: Int) async {
        await withCheckedContinuation { done in thread.perform { [door] in door.wait(for: count, done) } }
    }

    /// Waits until clients have sent `count` more bytes.
    package func bytes(atLeast count: Int) async {
        await withCheckedContinuation { done in thread.perform { [door] in door.waitForBytes(count, done) } }
    }

    private func onThread(_ body: @escaping @Sendable (Door) -> Void) async {
        await withCheckedContinuation { done in
            thread.perform { [door] in
                body(door)
                done.resume()
            }
        }
    }

    private static func listen() throws -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: 0)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard listener >= 0, bound == 0, Glibc.listen(listener, 64) == 0 else {
            throw Failure(call: "listen", code: errno)
        }
        return listener
    }

    private static func port(of listener: Int32) throws -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(listener, $0, &size)
            }
        }
        guard status == 0 else { throw Failure(call: "getsockname", code: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

private func loopback(port: Int) -> sockaddr_in {
    sockaddr_in(
        sin_family: sa_family_t(AF_INET), sin_port: UInt16(port).bigEndian,
        sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
}

/// The proxy's own side, on its thread.
private final class Door: @unchecked Sendable {  // touched on `thread` alone
    private let target: Int?
    private let listener: Int32
    private let thread: IOThread
    private var peers: [Int32: Int32] = [:]
    private var waiters: [(count: Int, done: CheckedContinuation<Void, Never>)] = []
    private(set) var accepted = 0
    private var ended = 0
    private var endingWaiters: [(count: Int, done: CheckedContinuation<Void, Never>)] = []
    private var clients: Set<Int32> = []
    private var fromClients = 0
    private var byteWaiter: (total: Int, done: CheckedContinuation<Void, Never>)?

    init(target: Int?, listener: Int32, thread: IOThread) {
        self.target = target
        self.listener = listener
        self.thread = thread
    }

    var isStalled = false {
        didSet { for end in peers.keys { if isStalled { thread.unwatch(end) } else { pass(from: end) } } }
    }

    func watch() { thread.watch(listener, for: .read) { [weak self] _ in self?.accept() } }

    func wait(for count: Int, _ done: CheckedContinuation<Void, Never>) {
        waiters.append((count, done))
        serveWaiters()
    }

    func waitForBytes(_ count: Int, _ done: CheckedContinuation<Void, Never>) {
        byteWaiter = (fromClients + count, done)
    }

    func waitForEndings(_ count: Int, _ done: CheckedContinuation<Void, Never>) {
        endingWaiters.append((count, done))
        serveWaiters()
    }

    func tellClients(_ bytes: [UInt8]) {
        for client in clients {
            _ = unsafe bytes.withUnsafeBytes { bytes in
                unsafe send(client, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    func cut() { for end in peers.keys { drop(end) } }

    func close() {
        thread.unwatch(listener)
        Glibc.close(listener)
        cut()
    }

    private func accept() {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        let server = target.map(connect) ?? client
        guard server >= 0 else {
            Glibc.close(client)
            return
        }
        peers[client] = server
        peers[server] = client
        clients.insert(client)
        accepted += 1
        serveWaiters()
        guard !isStalled, server != client else { return }
        pass(from: client)
        pass(from: server)
    }

    private func connect(_ port: Int) -> Int32 {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: port)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            Glibc.close(server)
            return -1
        }
        return server
    }

    private func pass(from end: Int32) {
        thread.watch(end, for: .read) { [weak self] _ in self?.forward(from: end) }
    }

    private func forward(from end: Int32) {
        guard let peer = peers[end] else { return }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(end, &buffer, buffer.count, 0)
        guard count > 0 else { return drop(end) }
        var sent = 0
        while sent < count {
            let more = unsafe buffer[sent..<count].withUnsafeBytes { bytes in
                unsafe send(peer, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard more > 0 else { return drop(end) }
            sent += more
        }
        if clients.contains(end) { fromClients += count }
        if let byteWaiter, byteWaiter.total <= fromClients {
            self.byteWaiter = nil
            byteWaiter.done.resume()
        }
    }

    private func drop(_ end: Int32) {
        guard let peer = peers[end] else { return }
        for end in Set([end, peer]) {
            peers[end] = nil
            clients.remove(end)
            thread.unwatch(end)
            Glibc.close(end)
        }
        ended += 1
        serveWaiters()
    }

    private func serveWaiters() {
        waiters = served(waiters, accepted)
        endingWaiters = served(endingWaiters, ended)
    }

    private func served(
        _ waiters: [(count: Int, done: CheckedContinuation<Void, Never>)], _ reached: Int
    ) -> [(count: Int, done: CheckedContinuation<Void, Never>)] {
        for waiter in waiters where waiter.count <= reached { waiter.done.resume() }
        return waiters.filter { $0.count > reached }
    }
}
