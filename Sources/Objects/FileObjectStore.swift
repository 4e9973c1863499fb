import Glibc
import IOThread

/// An object store in a folder that all processes share; its references are `file:` and the key's path.
///
/// Files are blocking, so it has a thread of its own.
package actor FileObjectStore: ObjectStore {
    private let thread = IOThread(name: "objects")
    private let root: String
    private var made = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// - Parameter root: made with its parents when it is not there.
    package init(root: String) { self.root = root }

    deinit { thread.stop() }

    package func put(_ content: [UInt8], key: ObjectKey) async throws(ObjectError) -> String {
        let reference = "file:" + key.path
        let folder = ([root] + key.segments.dropLast()).joined(separator: "/")
        try make(folder, reference)
        // Written beside and renamed, so that a reader finds all of it or nothing.
        made += 1
        let temporary = "\(folder)/.new-\(getpid())-\(made)"
        let target = "\(root)/\(key.path)"
        do throws(ObjectError) {
            try write(content, to: temporary, reference)
            guard unsafe rename(temporary, target) == 0 else { throw failure("rename", reference) }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        try flush(folder: folder, reference)
        return reference
    }

    package func get(_ reference: String, limit: Int) async throws(ObjectError) -> [UInt8] {
        guard reference.hasPrefix("file:"), let key = ObjectKey(path: String(reference.dropFirst(5))) else {
            throw ObjectError(
                code: .notAllowed, reference: reference, detail: "a reference is `file:` and a key's path")
        }
        let file = unsafe open("\(root)/\(key.path)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            throw errno == ENOENT
                ? ObjectError(code: .notFound, reference: reference, detail: "no such object")
                : failure("open", reference)
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw failure("fstat", reference) }
        guard status.st_size <= limit else {
            throw ObjectError(
                code: .tooLarge, reference: reference, detail: "\(status.st_size) bytes, at most \(limit) are taken")
        }
        var content = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < content.count {
            let count = unsafe content.withUnsafeMutableBytes { buffer in
                unsafe read(file, buffer.baseAddress! + done, buffer.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("read", reference) }
            done += count
        }
        return content
    }

    /// Makes a folder and those above it; all but the last may refuse because they are there or not ours.
    private func make(_ folder: String, _ reference: String) throws(ObjectError) {
        if unsafe mkdir(folder, 0o750) == 0 || errno == EEXIST { return }
        var path = ""
        for segment in folder.split(separator: "/") {
            path += "/\(segment)"
            unsafe _ = mkdir(path, 0o750)
        }
        var status = stat()
        guard unsafe stat(folder, &status) == 0 else { throw failure("mkdir", reference) }
    }

    private func write(_ content: [UInt8], to path: String, _ reference: String) throws(ObjectError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw failure("open", reference) }
        defer { close(file) }
        var done = 0
        while done < content.count {
            let count = unsafe content.withUnsafeBytes { buffer in
                unsafe Glibc.write(file, buffer.baseAddress! + done, buffer.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", reference) }
            done += count
        }
        guard fsync(file) == 0 else { throw failure("fsync", reference) }
    }

    /// A rename is durable once the folder is.
    private func flush(folder: String, _ reference: String) throws(ObjectError) {
        let handle = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw failure("open", reference) }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw failure("fsync", reference) }
    }

    private func failure(_ call: String, _ reference: String) -> ObjectError {
        unsafe ObjectError(
            code: .unavailable, reference: reference, detail: "\(call): \(String(cString: strerror(errno)))")
    }
}

/// Opens the store that a URL names.
package enum ObjectStores {
    /// - Parameter url: `file:///path/of/the/folder`.
    package static func open(_ url: String) throws(ObjectError) -> any ObjectStore {
        guard url.hasPrefix("file:///") else {
            throw ObjectError(code: .notAllowed, reference: url, detail: "an object store is `file:///` and a folder")
        }
        return FileObjectStore(root: String(url.dropFirst("file://".count)))
    }
}
