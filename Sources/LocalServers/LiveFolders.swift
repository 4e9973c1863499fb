import Glibc

/// Where the user's running `baton dev` are: a small file for each, in a folder of the user's.
package struct LiveFolders: Sendable {
    /// `nil` for a user without a home.
    let registry: String?

    package static let ofUser = LiveFolders(registry: homeRegistry)

    /// Says that a `baton dev` works in the folder. A user without a home is found only by the current folder or `--data`.
    package func add(_ state: DevState) {
        guard let registry else { return }
        try? Files.makeFolder(registry)
        try? Files.write(state.data, to: registry + "/" + state.token)
    }

    func remove(_ state: DevState) {
        guard let registry else { return }
        unsafe _ = unlink(registry + "/" + state.token)
    }

    /// The folders in which one works now; the entries of those that were killed are dropped on the way.
    func all() -> [String] {
        guard let registry else { return [] }
        return Files.names(in: registry).compactMap { name -> String? in
            let path = registry + "/" + name
            guard let data = Files.text(path), DevState.isRunning(in: data), DevState.read(in: data)?.token == name
            else {
                if !name.hasSuffix(".new") { unsafe _ = unlink(path) }
                return nil
            }
            return data
        }.sorted()
    }

    /// The same in every shell of a user: not `XDG_RUNTIME_DIR`, which `su` and `cron` do not set.
    private static var homeRegistry: String? {
        var home = unsafe getenv("HOME").map { unsafe String(cString: $0) }
        if home == nil, let entry = unsafe getpwuid(geteuid()), let folder = unsafe entry.pointee.pw_dir {
            home = unsafe String(cString: folder)
        }
        guard let home, Files.isFolder(home), home != "/" else { return nil }
        return home + "/.local/state/baton/running"
    }
}

extension DevState {
    /// The `baton dev` that a command means: that of the folder it was given; else the one in `.baton` of the current folder
    /// or of one above it; else the only one of this user.
    ///
    /// - Throws: ``LocalServersError`` with `.notFound`, or with `.ambiguous` when there are several.
    package static func find(data: String? = nil) throws(LocalServersError) -> DevState {
        try find(data: data, from: Files.currentFolder, among: .ofUser)
    }

    static func find(data: String?, from folder: String, among folders: LiveFolders) throws(LocalServersError)
        -> DevState
    {
        if let data {
            guard let path = Files.real(data), isRunning(in: path), let state = read(in: path) else {
                throw LocalServersError(.notFound, "no baton dev is running in \(data)")
            }
            return state
        }
        var place = Files.real(folder)
        while let current = place {
            let candidate = (current == "/" ? "" : current) + "/.baton"
            if isRunning(in: candidate), let state = read(in: candidate) { return state }
            place = Files.parent(of: current)
        }
        let live = folders.all()
        guard let only = live.first else {
            throw LocalServersError(
                .notFound,
                "no baton dev is running; start one with `baton dev`, or set BATON_AMQP_URL and BATON_DATABASE_URL")
        }
        guard live.count == 1, let state = read(in: only) else {
            let list = live.map { "    --data \($0)" }.joined(separator: "\n")
            throw LocalServersError(.ambiguous, "several baton dev are running; say which one you mean:\n\(list)")
        }
        return state
    }
}
