import Postgres
import TestSupport
import Testing

private let backend = Statement("backend", "SELECT pg_backend_pid()")

@Suite(.timeLimit(.minutes(1)))
struct `A pool` {
    @Test func `lends no more connections than it may, and everybody gets one`() async throws {
        try await withPool(limit: 3) { pool in
            let backends = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<100 { group.addTask { try await pool.query(backend)[0][0] } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(backends.count <= 3)
            let health = await pool.health
            #expect(health.open == backends.count && health.lent == 0 && health.waiting == 0 && health.problem == nil)
        }
    }

    @Test func `replaces a connection that broke`() async throws {
        try await withPool(limit: 1) { pool in
            let first: Int = try await pool.query(backend)[0][0]
            let error = await Result {
                try await pool.execute(Statement("die", "SELECT pg_terminate_backend(pg_backend_pid())"))
            }.failure
            #expect(error?.isOutage == true)
            let second: Int = try await pool.query(backend)[0][0]
            #expect(first != second)
        }
    }

    @Test func `takes no connection back whose transaction was left open`() async throws {
        try await withPool(limit: 1) { pool in
            let first: Int = try await pool.query(backend)[0][0]
            try await pool.execute(Statement("leave open", "BEGIN"))
            let second: Int = try await pool.query(backend)[0][0]
            #expect(first != second)
        }
    }

    @Test func `makes whoever comes too late wait, up to the deadline`() async throws {
        try await withPool(limit: 1) { pool in
            try await pool.withConnection { _ in
                let error = await Result {
                    try await pool.withConnection(within: .milliseconds(20)) { _ in }
                }.failure
                #expect(error?.code == .unavailable)
                let impatient = Task { try await pool.withConnection { _ in } }
                while await pool.health.waiting == 0 { await Task.yield() }
                impatient.cancel()
                let cancelled = await Result { try await impatient.value }.failure
                #expect(cancelled?.code == .cancelled)
            }
            try await pool.check()
        }
    }

    @Test func `waits for a server that is away, and goes on when it is back`() async throws {
        try await withTable { settings in
            let proxy = Proxy(to: 1)
            var through = settings
            through.parameters["port"] = String(proxy.port)
            let pool = PostgresPool(through, limit: 2)
            let waiting = Task { try await pool.execute(insert, [.int(1)]) }
            while await pool.health.problem == nil { await Task.yield() }
            #expect(await pool.health.problem?.code == .unavailable)
            proxy.lead(to: UInt16(settings.port ?? "5432") ?? 5432)
            let inserted = try await waiting.value
            #expect(inserted == 1)
            #expect(await pool.health.problem == nil)
            await pool.close()
            proxy.stop()
        }
    }

    @Test func `does not wait where waiting is in vain`() async throws {
        var settings = try TestServers.postgres
        settings.database = "there_is_no_such_database"
        let pool = PostgresPool(settings)
        let error = await Result { try await pool.check() }.failure
        #expect(error?.code == .refused)
        await pool.close()
        #expect(await Result { try await pool.check() }.failure?.code == .unavailable)
    }

    @Test func `runs a transaction again when another was in the way`() async throws {
        try await withTable { settings in
            let pool = PostgresPool(settings, limit: 4)
            try await pool.execute(insert, [.int(0)])
            let add = Statement("add", "UPDATE facts SET fact = $1")
            // Everybody reads before anybody writes, at least the first time: all but one must come again.
            let gate = Gate(4)
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await pool.transaction(.serializable, attempts: 20) { connection in
                            let value = try await connection.number(Statement("read", "SELECT fact FROM facts"))
                            await gate.pass()
                            try await connection.execute(add, [.int(value + 1)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum: Int = try await pool.query(Statement("sum", "SELECT sum(fact)::bigint FROM facts"))[0][0]
            #expect(sum == 4)
            await pool.close()
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A transaction` {
    struct Whim: Error {}

    @Test func `is rolled back when its body throws, also in a cancelled task`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            await #expect(throws: Whim.self) {
                try await connection.transaction { connection in
                    try await connection.execute(insert, [.int(1)])
                    throw Whim()
                }
            }
            let task = Task {
                try await connection.transaction { connection in
                    try await connection.execute(insert, [.int(1)])
                    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                    try await connection.execute(insert, [.int(2)])
                }
            }
            #expect(await Result { try await task.value }.failure?.code == .cancelled)
            #expect(connection.isOpen && !connection.isInTransaction)
            #expect(try await count(in: settings) == 0)
        }
    }

    @Test func `in which a statement failed cannot be committed by ignoring it`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            let error = await Result {
                try await connection.transaction { connection in
                    try await connection.execute(insert, [.int(1)])
                    _ = await Result { try await connection.execute(Statement("bad", "SELECT 1/0")) }
                }
            }.failure
            #expect(error?.code == .failed)
            #expect(try await count(in: settings) == 0)
        }
    }

    @Test func `of a whole batch takes one round trip, and one refusal undoes it`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            let error = await Result {
                try await connection.pipeline([
                    (insert, [.int(1)]), (Statement("bad", "SELECT 1/0"), []), (insert, [.int(2)]),
                ])
            }.failure
            #expect(error?.operation == "bad")
            #expect(try await count(in: settings) == 0)
            let results = try await connection.pipeline((1...500).map { (insert, [.int($0)]) })
            #expect(results.map(\.affectedRows) == Array(repeating: 1, count: 500))
            // Far more than the socket's buffers hold, both ways.
            let echo = Statement("echo", "SELECT $1::text")
            let text = String(repeating: "x", count: 1 << 20)
            let echoes = try await connection.pipeline((1...16).map { _ in (echo, [.text(text)]) })
            #expect(try echoes.allSatisfy { try $0.rows[0][0] == text })
        }
    }

    @Test func `that waits too long for a lock is a conflict, to be tried again`() async throws {
        try await withTable { settings in
            var hasty = settings
            hasty.lockTimeout = .milliseconds(20)
            let (holder, waiter) = (
                try await PostgresConnection.open(settings), try await PostgresConnection.open(hasty)
            )
            try await holder.transaction { holder in
                try await holder.execute(Statement("lock", "LOCK TABLE facts"))
                let error = await Result { try await waiter.execute(insert, [.int(1)]) }.failure
                #expect(error?.code == .conflict)
                #expect(error?.isRetriable == true)
            }
        }
    }
}

/// Lets the first so many pass together, and everybody after them at once.
private actor Gate {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []
    init(_ count: Int) { missing = count }

    func pass() async {
        missing -= 1
        guard missing > 0 else {
            for continuation in waiting { continuation.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}

private nonisolated(nonsending) func withPool(
    limit: Int, _ body: nonisolated(nonsending) (PostgresPool) async throws -> Void
) async throws {
    let pool = PostgresPool(try TestServers.postgres, limit: limit)
    do { try await body(pool) } catch {
        await pool.close()
        throw error
    }
    await pool.close()
}
