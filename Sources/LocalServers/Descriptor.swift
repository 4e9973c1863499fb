import CLinux
import Glibc

/// Owns a file descriptor: closed once, when the last reference is gone.
final class Descriptor: Sendable {
    let number: Int32

    init(owning number: Int32) { self.number = number }
    deinit { close(number) }

    /// - Returns: both ends of a pipe that no child inherits by accident.
    static func pipe() throws(LocalServersError) -> (reading: Descriptor, writing: Descriptor) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw .system("make a pipe") }
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }

    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(LocalServersError) -> Descriptor {
        let number = unsafe Glibc.open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw .system("open \(path)") }
        return Descriptor(owning: number)
    }

    /// Reads what is there, at most `limit` bytes; empty at the end, `nil` when there is nothing now.
    func read(limit: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        while true {
            let count = unsafe Glibc.read(number, &buffer, limit)
            if count >= 0 { return Array(buffer[..<count]) }
            if errno != EINTR { return nil }
        }
    }

    /// - Returns: whether all of it was written.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func setNonBlocking() { _ = fcntl(number, F_SETFL, O_NONBLOCK) }
}

extension LocalServersError {
    /// What failed, with the system's own words.
    static func system(_ action: String, _ code: Int32 = errno) -> LocalServersError {
        LocalServersError(.system, "cannot \(action): \(unsafe String(cString: strerror(code)))")
    }
}
