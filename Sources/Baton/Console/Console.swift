import Glibc

/// Standard output and standard error, written at once: whoever reads a pipe sees each line when it is said.
enum Console {
    static func print(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }

    static func complain(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Text as it is, without a line end.
    static func show(_ text: String) { write(text, to: STDOUT_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN {
                // Another program made the terminal we share non-blocking.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe _ = poll(&ready, 1, -1)
                continue
            }
            // Nobody reads any more: there is nothing left to do.
            guard count > 0 else { exit(ExitStatus.outputClosed.rawValue) }
            rest = rest.dropFirst(count)
        }
    }
}
