import Glibc

/// A second process that ends everything when the first cannot any more.
///
/// It holds the reading end of a pipe whose writing end only its parent has. However the parent goes, the pipe closes, and
/// the watchdog sweeps up every process of the folder. The same sweep runs before the first one says that it is ready: that
/// is how a start takes over from a predecessor that was killed together with its watchdog.
package enum Watchdog {
    /// The hidden subcommand of `baton` that runs it, followed by the folder and the token.
    package static let subcommand = "dev-watch"
    package static let takeOverFlag = "--take-over"

    static let readyLine = "ready"

    /// The body of that subcommand.
    package static func run(data: String, token: String, takeOver: Bool) throws {
        // A predecessor's watchdog may still be at work.
        let lock = try FileLock.wait(data + "/watch.lock")
        defer { withExtendedLifetime(lock) {} }
        let sweep = Sweep(mark: ProcessMark(token: token))
        if takeOver { sweep.run() }
        Descriptor(owning: dup(1)).write(Array((readyLine + "\n").utf8))
        let lifeline = Descriptor(owning: dup(0))
        while let bytes = lifeline.read(), !bytes.isEmpty {}
        sweep.run()
    }
}
