import CLinux
import Glibc

/// A lock on a file that goes away with the last process that holds the file open: the one that took it
/// and the children that it was handed to.
final class FileLock: Sendable {
    let file: Descriptor

    private init(taken file: Descriptor) { self.file = file }

    /// Waits as long as somebody else has it.
    static func wait(_ path: String) throws(LocalServersError) -> FileLock {
        let file = try Descriptor.open(path, O_RDWR | O_CREAT)
        while linux_wait_for_file_lock(file.number) != 0 {
            guard errno == EINTR else { throw .system("lock \(path)") }
        }
        return FileLock(taken: file)
    }

    /// - Returns: `nil` when somebody else has it.
    init?(_ path: String) throws(LocalServersError) {
        file = try Descriptor.open(path, O_RDWR | O_CREAT)
        if linux_take_file_lock(file.number) == 0 { return }
        guard errno == EAGAIN || errno == EACCES else { throw .system("lock \(path)") }
        return nil
    }

    /// Whether anybody has the lock; asking does not disturb one who is about to take it.
    static func isHeld(_ path: String) -> Bool {
        guard let file = try? Descriptor.open(path, O_RDWR) else { return false }
        return linux_is_file_locked(file.number) == 1
    }
}
