import Glibc

/// How a child tells ``Supervisor`` that it is at work: one byte into a pipe whose number is in its environment.
package enum ReadyNotice {
    static let variable = "BATON_READY_FD"

    /// Says it, once; nothing when nobody asked.
    package static func send() {
        guard let number = Environment.inherited[variable].flatMap({ Int32($0) }), number > 2 else { return }
        guard fcntl(number, F_GETFD) >= 0 else { return }
        Descriptor(owning: number).write([1])
    }
}
