import Glibc

/// The few things that the private servers do with files.
enum Files {
    /// The whole file; `nil` when it cannot be read.
    static func read(_ path: String, limit: Int = 16 << 20) -> [UInt8]? {
        guard let file = try? Descriptor.open(path, O_RDONLY) else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < limit, let part = file.read() {
            if part.isEmpty { return bytes }
            bytes += part
        }
        return bytes.isEmpty ? nil : bytes
    }

    static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Replaces the file at once: a reader sees the old text or the new, also after a crash.
    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(LocalServersError) {
        let draft = path + ".new"
        unsafe unlink(draft)
        let file = try Descriptor.open(draft, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        guard file.write(Array(text.utf8)), fsync(file.number) == 0 else { throw .system("write \(draft)") }
        guard unsafe rename(draft, path) == 0 else { throw .system("write \(path)") }
    }

    /// Makes the folder and those above it; one that is there is left as it is.
    static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(LocalServersError) {
        if unsafe mkdir(path, mode) == 0 || errno == EEXIST && isFolder(path) { return }
        guard errno == ENOENT, let parent = parent(of: path) else { throw .system("make the folder \(path)") }
        try makeFolder(parent, mode: 0o755)
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw .system("make the folder \(path)") }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 && !isFolder(path) }

    /// The path without links, `.` and `..`; `nil` when there is no such file.
    static func real(_ path: String) -> String? {
        guard let raw = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(raw) }
        return unsafe String(cString: raw)
    }

    /// The folder above; `nil` for the root.
    static func parent(of path: String) -> String? {
        var path = path[...]
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        guard path != "/" else { return nil }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static var currentFolder: String { real(".") ?? "." }

    /// The names in a folder, unordered; none when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Deletes the file, or the folder and all in it, without following links.
    static func remove(_ path: String) {
        if unsafe unlink(path) == 0 || errno == ENOENT { return }
        for name in names(in: path) { remove(path + "/" + name) }
        unsafe rmdir(path)
    }

    /// Gives the file, or the folder and all in it, to a user.
    static func give(_ path: String, to user: uid_t, group: gid_t) {
        unsafe lchown(path, user, group)
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        for name in names(in: path) { give(path + "/" + name, to: user, group: group) }
    }

    /// The last lines of a log, for an error's detail.
    static func tail(_ path: String, lines: Int = 12) -> String {
        let text = text(path) ?? ""
        return text.split(separator: "\n").suffix(lines).map { "    " + $0 }.joined(separator: "\n")
    }
}
