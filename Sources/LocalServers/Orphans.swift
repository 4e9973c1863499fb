import CLinux
import Glibc

/// Descendants that lost their parent, such as the helpers of a server that was killed: the process that started it all
/// adopts them, and takes note of their end before its own, so that not even a zombie is left behind.
package enum Orphans {
    package static func adopt() { _ = linux_adopt_orphans() }

    /// Only for a process that waits for no child elsewhere any more.
    package static func reap() {
        while waitpid(-1, nil, WNOHANG) > 0 {}
    }
}
