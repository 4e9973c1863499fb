import Glibc
import Testing

@testable import LocalServers

@Suite struct `What a folder remembers` {
    static func state(in data: String) -> DevState {
        DevState(
            data: data, token: RandomText.hex(bytes: 16), pid: 4711, ports: DevState.Ports([1, 2, 3, 4, 5, 6]),
            passwords: ["postgres": "p", "baton-admin": "q"],
            settings: ["BATON_AMQP_URL": "amqp://operator:r@127.0.0.1:2/baton"])
    }

    @Test func `is read as it was written, and by its user alone`() async throws {
        try await withFolder { folder in
            let state = Self.state(in: folder)
            try state.write()
            #expect(DevState.read(in: folder) == state)
            var status = stat()
            #expect(unsafe stat(folder + "/state.json", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test(arguments: ["", "{", "[]", "{\"data\":\"/x\",\"token\":\"t\",\"ports\":{\"amqp\":70000}}"])
    func `counts as nothing when it is damaged`(text: String) async throws {
        try await withFolder { folder in
            try Files.write(text, to: folder + "/state.json")
            #expect(DevState.read(in: folder) == nil)
        }
    }

    @Test func `becomes URLs`() {
        var state = Self.state(in: "/a b/ü")
        #expect(state.postgresURL() == "postgresql://postgres:p@127.0.0.1:1/postgres")
        #expect(state.amqpURL() == "amqp://baton-admin:q@127.0.0.1:2/%2F")
        #expect(state.managementURL() == "http://baton-admin:q@127.0.0.1:3")
        #expect(state.objectsURL == "file:///a%20b/%C3%BC/objects")
        let password = state.password(of: "planner")
        #expect(state.amqpURL(user: "planner", virtualHost: "baton") == "amqp://planner:\(password)@127.0.0.1:2/baton")
    }
}

@Suite struct `A second shell` {
    /// A folder with a `baton dev` at work in it, as far as others can tell.
    private func pretend(_ folder: String, among live: LiveFolders) throws -> (DevState, FileLock) {
        try Files.makeFolder(folder)
        let state = `What a folder remembers`.state(in: folder)
        try state.write()
        let lock = try #require(try FileLock(DevState.lockPath(in: folder)))
        live.add(state)
        return (state, lock)
    }

    @Test func `finds the one that works in the folder above`() async throws {
        try await withFolder { folder in
            let live = LiveFolders(registry: folder + "/running")
            let (state, lock) = try pretend(folder + "/project/.baton", among: live)
            _ = try pretend(folder + "/other/.baton", among: live)
            try Files.makeFolder(folder + "/project/deep/down")
            #expect(try DevState.find(data: nil, from: folder + "/project/deep/down", among: live) == state)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `finds the only one from anywhere, and forgets those that were killed`() async throws {
        try await withFolder { folder in
            let live = LiveFolders(registry: folder + "/running")
            let (state, lock) = try pretend(folder + "/one", among: live)
            var killed: (DevState, FileLock)? = try pretend(folder + "/two", among: live)
            #expect(live.all() == [folder + "/one", folder + "/two"])
            _ = killed
            killed = nil
            // A process that another test is just starting has the lock, too, until it runs its own program.
            while live.all() != [folder + "/one"] { await Task.yield() }
            #expect(try DevState.find(data: nil, from: folder, among: live) == state)
            #expect(Files.names(in: folder + "/running") == [state.token])
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `is asked which one it means when there are several`() async throws {
        try await withFolder { folder in
            let live = LiveFolders(registry: folder + "/running")
            let (one, lockOne) = try pretend(folder + "/one", among: live)
            let (_, lockTwo) = try pretend(folder + "/two", among: live)
            let error = #expect(throws: LocalServersError.self) {
                try DevState.find(data: nil, from: folder, among: live)
            }
            #expect(error?.code == .ambiguous)
            #expect(error?.detail.contains("--data \(folder)/two") == true)
            #expect(try DevState.find(data: folder + "/one", from: folder, among: live) == one)
            withExtendedLifetime((lockOne, lockTwo)) {}
        }
    }

    @Test func `is told that there is none`() async throws {
        try await withFolder { folder in
            let live = LiveFolders(registry: folder + "/running")
            let error = #expect(throws: LocalServersError.self) {
                try DevState.find(data: nil, from: folder, among: live)
            }
            #expect(error?.code == .notFound)
            #expect(throws: LocalServersError.self) { try DevState.find(data: folder, from: folder, among: live) }
        }
    }
}

@Suite struct `A lock on a file` {
    @Test func `is held by one, and gone with whoever held it`() async throws {
        try await withFolder { folder in
            let path = folder + "/lock"
            #expect(!FileLock.isHeld(path))
            var first = try FileLock(path)
            #expect(first != nil)
            #expect(FileLock.isHeld(path))
            #expect(try FileLock(path) == nil)
            first = nil
            #expect(!FileLock.isHeld(path))
            #expect(try FileLock(path) != nil)
        }
    }
}

@Suite struct `Free ports` {
    @Test func `stay the same while they are free, and differ otherwise`() throws {
        let first = try Ports.free(3, preferred: [])
        #expect(Set(first).count == 3)
        #expect(try Ports.free(3, preferred: first) == first)

        let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(taken) }
        #expect(unsafe withLoopback(first[1]) { unsafe bind(taken, $0, $1) } == 0)
        #expect(listen(taken, 1) == 0)
        let second = try Ports.free(3, preferred: first)
        #expect(second[0] == first[0] && second[1] != first[1] && second[2] == first[2])
    }
}
