import Glibc
import IOThread

/// A door to a server that a test can hold shut: connections through it can be stalled or cut.
package final class TCPProxy: Sendable {
    package struct Failure: Error { let call: String, code: Int32 }

    package let port: Int
    private let thread = IOThread(name: "tcp-proxy")
    private let door: Door

    /// - Parameter target: a port of this machine; without one nobody answers.
    package convenience init(to target: Int?) throws {
        try self.init(toAnyOf: target.map { [("127.0.0.1", $0)] } ?? [])
    }

    /// - Parameter targets: IPv4 addresses and ports; each connection goes to the first that takes it, beginning with another one each time.
    package init(toAnyOf targets: [(host: String, port: Int)]) throws {
        let listener = try TCPProxy.listen()
        port = try TCPProxy.port(of: listener)
        door = Door(targets: targets.map { socketAddress($0.host, $0.port) }, listener: listener, thread: thread)
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

    /// Lets so many more bytes through, in both directions together, and then closes all connections: in the middle of
    /// whatever was being said.
    ///
    /// - Returns: how many connections were cut.
    package func cut(afterBytes count: Int) async -> Int {
        await withCheckedContinuation { done in thread.perform { [door] in door.cut(after: count, done) } }
    }

    /// How many connections there are now, and how many bytes have passed and been held back, in both directions together.
    package var traffic: Traffic {
        get async {
            await withCheckedContinuation { done in thread.perform { [door] in done.resume(returning: door.traffic) } }
        }
    }

    package struct Traffic: Sendable {
        package var connections = 0
        package var passed = 0
        /// What lies unread at a door that is stalled.
        package var heldBack = 0
    }

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
        var address = socketAddress("127.0.0.1", 0)
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

private func socketAddress(_ host: String, _ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    unsafe inet_pton(AF_INET, host, &address.sin_addr)
    return address
}

/// The proxy's own side, on its thread.
private final class Door: @unchecked Sendable {  // touched on `thread` alone
    private let targets: [sockaddr_in]
    private let listener: Int32
    private let thread: IOThread
    private var peers: [Int32: Int32] = [:]
    /// What an end has not taken yet; nothing more is read for it meanwhile.
    private var pending: [Int32: [UInt8]] = [:]
    private var passed = 0
    private var cutAt: (bytes: Int, done: CheckedContinuation<Int, Never>)?
    private var waiters: [(count: Int, done: CheckedContinuation<Void, Never>)] = []
    private(set) var accepted = 0
    private var ended = 0
    private var endingWaiters: [(count: Int, done: CheckedContinuation<Void, Never>)] = []
    private var clients: Set<Int32> = []
    private var fromClients = 0
    private var byteWaiter: (total: Int, done: CheckedContinuation<Void, Never>)?

    init(targets: [sockaddr_in], listener: Int32, thread: IOThread) {
        self.targets = targets
        self.listener = listener
        self.thread = thread
    }

    var isStalled = false {
        didSet { for end in peers.keys { attend(end) } }
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

    func cut() { for end in Array(peers.keys) { drop(end) } }

    func close() {
        thread.unwatch(listener)
        Glibc.close(listener)
        cut()
    }

    private func accept() {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        let server = targets.isEmpty ? client : connect()
        guard server >= 0 else {
            Glibc.close(client)
            return
        }
        peers[client] = server
        peers[server] = client
        clients.insert(client)
        accepted += 1
        serveWaiters()
        attend(client)
        attend(server)
    }

    private func connect() -> Int32 {
        for turn in targets.indices {
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = targets[(accepted + turn) % targets.count]
            let status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0 { return server }
            Glibc.close(server)
        }
        return -1
    }

    // MARK: Passing on

    /// Waits for what can be done at an end now: its bytes are read only while the other end takes them.
    private func attend(_ end: Int32) {
        guard let peer = peers[end], peer != end else { return }
        var interest: IOThread.Readiness = []
        if !isStalled && pending[peer] == nil { interest.insert(.read) }
        if !isStalled && pending[end] != nil { interest.insert(.write) }
        guard !interest.isEmpty else { return thread.unwatch(end) }
        thread.watch(end, for: interest) { [weak self] ready in
            guard let self else { return }
            if ready.contains(.write) { self.flush(end) }
            if !ready.isDisjoint(with: [.read, .failed]) { self.forward(from: end) }
        }
    }

    private func forward(from end: Int32) {
        guard let peer = peers[end], pending[peer] == nil else { return }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var count = unsafe recv(end, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        guard count > 0 else { return drop(end) }
        if let cutAt { count = min(count, max(cutAt.bytes - passed, 0)) }
        passed += count
        if clients.contains(end) { fromClients += count }
        pending[peer] = Array(buffer[..<count])
        flush(peer)
        if let byteWaiter, byteWaiter.total <= fromClients {
            self.byteWaiter = nil
            byteWaiter.done.resume()
        }
        cutIfDue()
    }

    private func flush(_ end: Int32) {
        guard var bytes = pending[end] else { return }
        while !bytes.isEmpty {
            let sent = unsafe bytes.withUnsafeBytes { bytes in
                unsafe send(end, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if sent < 0 && errno == EINTR { continue }
            if sent < 0 && errno == EAGAIN { break }
            guard sent > 0 else { return drop(end) }
            bytes.removeFirst(sent)
        }
        let isNew = pending[end] != nil && bytes.isEmpty
        pending[end] = bytes.isEmpty ? nil : bytes
        if isNew || !bytes.isEmpty {
            attend(end)
            if let peer = peers[end] { attend(peer) }
        }
    }

    func cut(after count: Int, _ done: CheckedContinuation<Int, Never>) {
        cutAt?.done.resume(returning: 0)
        cutAt = (passed + count, done)
        cutIfDue()
    }

    private func cutIfDue() {
        guard let due = cutAt, due.bytes <= passed else { return }
        cutAt = nil
        let connections = clients.count
        cut()
        due.done.resume(returning: connections)
    }

    var traffic: TCPProxy.Traffic {
        var waiting = 0
        for end in peers.keys {
            var count: Int32 = 0
            if unsafe ioctl(end, UInt(FIONREAD), &count) == 0 { waiting += Int(count) }
        }
        return TCPProxy.Traffic(connections: clients.count, passed: passed, heldBack: waiting)
    }

    private func drop(_ end: Int32) {
        guard let peer = peers[end] else { return }
        for end in Set([end, peer]) {
            peers[end] = nil
            pending[end] = nil
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
