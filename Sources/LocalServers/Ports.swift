import Glibc

/// TCP ports of the loopback interface.
enum Ports {
    /// Below the range that the system gives to outgoing connections, so that none sits on a server's port while that is down.
    private static let range: ClosedRange<UInt16> = 20_000...32_000

    /// - Parameter preferred: kept where they are still free.
    /// - Returns: as many ports, all different and free now.
    static func free(_ count: Int, preferred: [UInt16]) throws(LocalServersError) -> [UInt16] {
        var taken: Set<UInt16> = []
        var ports: [UInt16] = []
        for position in 0..<count {
            let wish = preferred.indices.contains(position) ? preferred[position] : 0
            if wish != 0, isFree(wish), taken.insert(wish).inserted {
                ports.append(wish)
                continue
            }
            guard
                let port = (0..<200).lazy.map({ _ in UInt16.random(in: range) })
                    .first(where: { !taken.contains($0) && !preferred.contains($0) && isFree($0) })
            else {
                throw LocalServersError(.system, "no free port between \(range.lowerBound) and \(range.upperBound)")
            }
            taken.insert(port)
            ports.append(port)
        }
        return ports
    }

    static func isFree(_ port: UInt16) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        // As the servers do: an old connection that is winding down is no obstacle.
        var yes: Int32 = 1
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return unsafe withLoopback(port) { unsafe bind(socket, $0, $1) } == 0
    }
}

/// Lends the address of a port of 127.0.0.1.
func withLoopback<Result>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    return unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
