import Glibc

/// A private PostgreSQL cluster in a folder: how to make it, and how to run it.
struct PostgresServer {
    /// Holds the cluster.
    let folder: String
    let port: UInt16
    let password: String
    private let programs: String
    private let identity: Identity

    /// Whom the server runs as: it refuses root.
    private enum Identity: Sendable {
        /// We are somebody else already.
        case ourselves
        /// Root takes the name of a user in a namespace of its own, and so still enters the folders that only root may enter.
        case namespace(user: String)
        /// Where namespaces are forbidden, as in most containers: another user, who may pass through such folders all the same.
        case user(String, uid_t, gid_t)
    }

    init(folder: String, port: UInt16, password: String) throws(LocalServersError) {
        self.folder = folder
        self.port = port
        self.password = password
        let version = Files.text(folder + "/PG_VERSION")?.filter { !$0.isWhitespace }
        programs = try Self.findPrograms(version: version)
        identity = try Self.findIdentity()
    }

    var isMade: Bool { Files.text(folder + "/PG_VERSION") != nil }

    /// `initdb` into a draft that is moved into place when it is whole.
    func make(_ supervisor: Supervisor, log: String) async throws(LocalServersError) {
        let draft = folder + ".new"
        let passwordFile = folder + ".password"
        Files.remove(draft)
        try Files.makeFolder(draft)
        try Files.write(password + "\n", to: passwordFile)
        defer { unsafe _ = unlink(passwordFile) }
        own(draft)
        own(passwordFile)
        let command = runnable(
            "initdb",
            [
                "--pgdata=" + draft, "--username=postgres", "--auth=scram-sha-256", "--pwfile=" + passwordFile,
                "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
            ])
        try await supervisor.start(Program(name: "initdb", command: command, output: .file(log)))
        let status = await supervisor.waitForEnd(of: "initdb")
        guard status == .exited(0) else {
            throw LocalServersError(.serverFailed, "initdb failed (\(status)):\n" + Files.tail(log))
        }
        guard unsafe rename(draft, folder) == 0 else { throw .system("name \(folder)") }
    }

    func program(log: String) -> Program {
        own(folder)
        let settings = [
            "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "shared_buffers=64MB",
            "log_line_prefix=%m [%p] %q%u@%d ", "timezone=UTC", "log_timezone=UTC",
        ]
        let arguments = ["-D", folder, "-p", String(port)] + settings.flatMap { ["-c", $0] }
        return Program(name: "postgres", command: runnable("postgres", arguments), output: .file(log))
    }

    /// In the one case where the server's user is not ours, files must change hands.
    private func own(_ path: String) {
        guard case .user(_, let user, let group) = identity else { return }
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_uid != user { Files.give(path, to: user, group: group) }
    }

    private func runnable(_ program: String, _ arguments: [String]) -> Command {
        let words = Self.wrapper(identity) + [programs + "/" + program] + arguments
        return Command(words[0], Array(words.dropFirst()), environment: Environment.plain)
    }

    private static func wrapper(_ identity: Identity) -> [String] {
        switch identity {
        case .ourselves: []
        case .namespace(let user): ["/usr/bin/unshare", "--user", "--map-user=" + user, "--"]
        case .user(let user, _, let group):
            [
                "/usr/bin/setpriv", "--reuid=" + user, "--regid=\(group)", "--clear-groups", "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override", "--",
            ]
        }
    }

    private static func findIdentity() throws(LocalServersError) -> Identity {
        guard geteuid() == 0 else { return .ourselves }
        // Its user must have a name: `initdb` asks for it.
        let candidates = ["postgres", "nobody"].compactMap { name -> (String, uid_t, gid_t)? in
            guard let entry = unsafe getpwnam(name) else { return nil }
            return unsafe (name, entry.pointee.pw_uid, entry.pointee.pw_gid)
        }
        for (name, user, group) in candidates {
            for identity in [Identity.namespace(user: name), .user(name, user, group)] {
                let words = wrapper(identity) + ["/bin/true"]
                let attempt = Command(words[0], Array(words.dropFirst()), environment: Environment.plain)
                guard let pid = try? attempt.spawn(descriptors: [nil, nil, nil]) else { continue }
                var status: Int32 = 0
                unsafe waitpid(pid, &status, 0)
                if status == 0 { return identity }
            }
        }
        throw LocalServersError(
            .system, "PostgreSQL does not run as root, and neither unshare nor setpriv can make it somebody else here")
    }

    /// - Parameter version: of the cluster, when there is one: no other version reads it.
    private static func findPrograms(version: String?) throws(LocalServersError) -> String {
        let debian = "/usr/lib/postgresql"
        let versions = Files.names(in: debian).compactMap { Int($0) }.sorted(by: >).map(String.init)
        let folders = versions.map { ($0, "\(debian)/\($0)/bin") }.filter { Files.isExecutable($0.1 + "/postgres") }
        guard let newest = folders.first else {
            throw LocalServersError(
                .notInstalled, "PostgreSQL's server is not installed in \(debian): run scripts/setup")
        }
        guard let version else { return newest.1 }
        guard let same = folders.first(where: { $0.0 == version }) else {
            let detail =
                "the data was made by PostgreSQL \(version), but \(newest.0) is installed: delete the folder to start anew"
            throw LocalServersError(.folder, detail)
        }
        return same.1
    }
}
