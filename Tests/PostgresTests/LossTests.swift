import Postgres
import TestSupport
import Testing

private let sleep = Statement("sleep", "SELECT pg_sleep(50)")

@Suite(.timeLimit(.minutes(1)))
struct `A lost connection` {
    @Test func `in the middle of a batch is an error that says nothing was committed`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            let id = try #require(await connection.backendID)
            async let outcome = Result {
                try await connection.pipeline([(insert, [.int(1)]), (sleep, []), (insert, [.int(2)])])
            }
            try await terminate(id, in: settings)
            let error = await outcome.failure
            #expect(error?.code == .connectionLost)
            #expect(error?.sqlState == "57P01")
            #expect(error?.mayHaveCommitted == false)
            #expect(try await count(in: settings) == 0)
            #expect(!connection.isOpen)
            let again = await Result { try await connection.query(insert, [.int(1)]) }.failure
            #expect(again?.code == .connectionLost)
        }
    }

    @Test func `whose last answer is lost leaves the commit unknown`() async throws {
        try await withProxy { proxy, settings in
            let connection = try await PostgresConnection.open(settings)
            _ = try await connection.execute(insert, [.int(1)])
            proxy.behave(.swallowAnswers)
            proxy.whenSwallowed { proxy.cut() }
            let error = await Result { try await connection.execute(insert, [.int(2)]) }.failure
            #expect(error?.code == .commitUnknown)
            #expect(error?.mayHaveCommitted == true)
            #expect(error?.isRetriable == false)
            proxy.behave(.faithful)
            // It was: only reading can tell.
            #expect(try await count(in: settings) == 2)
        }
    }

    @Test func `in an open transaction has committed nothing, and in its COMMIT is unknown`() async throws {
        try await withProxy { proxy, settings in
            let connection = try await PostgresConnection.open(settings)
            let inside = await Result {
                try await connection.transaction { connection in
                    try await connection.execute(insert, [.int(1)])
                    proxy.behave(.swallowAnswers)
                    proxy.whenSwallowed { proxy.cut() }
                    try await connection.execute(insert, [.int(2)])
                }
            }.failure
            #expect(inside?.code == .connectionLost)
            proxy.behave(.faithful)
            #expect(try await count(in: settings) == 0)

            let second = try await PostgresConnection.open(settings)
            let commit = await Result {
                try await second.transaction { connection in
                    try await connection.execute(insert, [.int(1)])
                    proxy.behave(.swallowAnswers)
                    proxy.whenSwallowed { proxy.cut() }
                }
            }.failure
            #expect(commit?.code == .commitUnknown)
            proxy.behave(.faithful)
            #expect(try await count(in: settings) == 1)
        }
    }

    @Test func `is noticed while nobody asks anything of it`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            try await terminate(try #require(await connection.backendID), in: settings)
            // Answered by the connection's own thread, after it has seen the socket close.
            while connection.isOpen { await Task.yield() }
            let error = await Result { try await connection.query(insert, [.int(1)]) }.failure
            #expect(error?.code == .connectionLost)
        }
    }

    @Test func `to a peer that has fallen silent ends at the deadline`() async throws {
        try await withProxy { proxy, settings in
            var settings = settings
            settings.cancelTimeout = .milliseconds(100)
            let connection = try await PostgresConnection.open(settings)
            proxy.behave(.silent)
            let error = await Result { try await connection.query(insert, [.int(1)], timeout: .milliseconds(100)) }
                .failure
            #expect(error?.code == .timedOut)
            #expect(error?.mayHaveCommitted == true)
            #expect(!connection.isOpen)
        }
    }

    @Test(arguments: ["host=nowhere.invalid", "host=127.0.0.1&port=1"])
    func `to a host that is not there yet is worth another try`(place: String) async throws {
        let settings = try PostgresSettings(url: "postgresql:///x?\(place)")
        let error = await Result { try await PostgresConnection.open(settings) }.failure
        #expect(error?.code == .unavailable, "\(error?.detail ?? "")")
        #expect(error?.isRetriable == true)
    }

    @Test func `to a server that never answers the greeting ends at the deadline`() async throws {
        try await withProxy { proxy, settings in
            var settings = settings
            settings.connectTimeout = .milliseconds(100)
            proxy.behave(.silent)
            let error = await Result { try await PostgresConnection.open(settings) }.failure
            #expect(error?.code == .unavailable)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A statement that takes too long` {
    @Test func `is cancelled on the server with the task that asked`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            let id = try #require(await connection.backendID)
            let asking = Task { try await connection.query(sleep) }
            try await waitUntilActive(id, in: settings)
            asking.cancel()
            let error = await Result { try await asking.value }.failure
            #expect(error?.code == .cancelled)
            // The connection is as good as before, and the server is at rest.
            #expect(try await connection.execute(insert, [.int(1)]) == 1)
        }
    }

    @Test func `is cancelled on the server at the deadline`() async throws {
        try await withConnection { connection in
            let error = await Result { try await connection.query(sleep, timeout: .milliseconds(50)) }.failure
            #expect(error?.code == .timedOut)
            #expect(error?.sqlState == "57014")
            let one = try await connection.number(Statement("one", "SELECT 1"))
            #expect(one == 1)
        }
    }

    @Test func `is ended by the session's own limit`() async throws {
        try await withConnection({ $0.statementTimeout = .milliseconds(50) }) { connection in
            let error = await Result { try await connection.query(sleep) }.failure
            #expect(error?.code == .timedOut)
            let one = try await connection.number(Statement("one", "SELECT 1"))
            #expect(one == 1)
        }
    }

    @Test func `never lets its cancel hit the next statement`() async throws {
        try await withConnection { connection in
            for round in 0..<200 {
                let asking = Task { try await connection.query(Statement("short", "SELECT $1::bigint"), [.int(round)]) }
                if round % 3 == 0 { await Task.yield() }
                asking.cancel()
                _ = await asking.result
                let next = try await connection.number(Statement("next", "SELECT $1::bigint"), [.int(round)])
                #expect(next == round)
            }
        }
    }

    @Test func `is not sent when the task is cancelled already`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            let asking = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await connection.execute(insert, [.int(1)])
            }
            #expect(await Result { try await asking.value }.failure?.code == .cancelled)
            #expect(try await count(in: settings) == 0)
        }
    }
}

// MARK: What the tests above share

let insert = Statement("insert", "INSERT INTO facts VALUES ($1)")

extension Result where Failure == any Error {
    init(_ body: nonisolated(nonsending) () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }

    var failure: PostgresError? {
        if case .failure(let error) = self { error as? PostgresError } else { nil }
    }
}

nonisolated(nonsending) func withTable<Value>(
    _ body: nonisolated(nonsending) (PostgresSettings) async throws -> Value
) async throws -> Value {
    try await withEmptyDatabase { settings in
        try await administer(settings, "CREATE TABLE facts (fact bigint)")
        return try await body(settings)
    }
}

/// Lends a proxy before a database with a table, and settings that lead through it.
nonisolated(nonsending) func withProxy<Value>(
    _ body: nonisolated(nonsending) (Proxy, PostgresSettings) async throws -> Value
) async throws -> Value {
    try await withTable { settings in
        let proxy = Proxy(to: UInt16(settings.port ?? "5432") ?? 5432)
        defer { proxy.stop() }
        var through = settings
        through.parameters["host"] = "127.0.0.1"
        through.parameters["port"] = String(proxy.port)
        return try await body(proxy, through)
    }
}

func count(in settings: PostgresSettings) async throws -> Int {
    let connection = try await PostgresConnection.open(settings)
    let count: Int = try await connection.query(Statement("count", "SELECT count(*) FROM facts"))[0][0]
    await connection.close()
    return count
}

func terminate(_ backend: Int32, in settings: PostgresSettings) async throws {
    try await waitUntilActive(backend, in: settings, orIdle: true)
    try await administer(settings, "SELECT pg_terminate_backend(\(backend))")
}

/// Waits until the session's statement runs, or has been answered.
func waitUntilActive(_ backend: Int32, in settings: PostgresSettings, orIdle: Bool = false) async throws {
    let connection = try await PostgresConnection.open(settings)
    let states = orIdle ? ["active", "idle"] : ["active"]
    let active = Statement(
        "active", "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = ANY ($2) AND wait_event = ANY ($3)")
    let events = orIdle ? ["PgSleep", "ClientRead"] : ["PgSleep"]
    while try await connection.number(active, [.int(Int(backend)), .texts(states), .texts(events)]) == 0 {}
    await connection.close()
}
