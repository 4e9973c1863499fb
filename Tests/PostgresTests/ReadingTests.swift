import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A statement of somebody else's` {
    @Test func `returns cells as JSON would have them`() async throws {
        let cells: [(String, PostgresCell)] = [
            ("7::int", .number("7")), ("1.10::numeric", .number("1.10")), ("'NaN'::float8", .text("NaN")),
            ("true", .bool(true)), ("'ü'::text", .text("ü")), ("NULL", .null),
            ("'{\"a\":1.10}'::json", .json("{\"a\":1.10}")),
            ("'2026-01-05 10:00:04.12+01'::timestamptz", .timestamp("2026-01-05T09:00:04.12Z")),
            ("'2026-01-05'::date", .timestamp("2026-01-05")),
            ("'2026-01-05 10:00'::timestamp", .timestamp("2026-01-05T10:00:00")),
            ("'infinity'::timestamptz", .timestamp("infinity")),
            ("'{1,NULL}'::int[]", .array([.number("1"), .null])),
            (
                "'{{a,\"b \\\" \\\\\"},{c,NULL}}'::text[]",
                .array([.array([.text("a"), .text("b \" \\")]), .array([.text("c"), .null])])
            ),
            ("'{}'::text[]", .array([])), ("interval '1 day'", .text("P1D")),
            ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", .text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ]
        try await withConnection { connection in
            let sql = "SELECT " + cells.map(\.0).joined(separator: ", ")
            let table = try await connection.read(sql, limit: 10, statementTimeout: .seconds(5))
            #expect(table.rows == [cells.map(\.1)])
            #expect(table.columns.count == cells.count)
            #expect(!table.isTruncated)
        }
    }

    @Test func `takes parameters and names its columns`() async throws {
        try await withConnection { connection in
            let table = try await connection.read(
                "SELECT $1::int + 1 AS next, $2 || '!' AS said", [.int(1), .text("hi")], limit: 1,
                statementTimeout: .seconds(5))
            #expect(table.columns.map(\.name) == ["next", "said"])
            #expect(table.rows == [[.number("2"), .text("hi!")]])
        }
    }

    @Test func `cannot change anything`() async throws {
        try await withTable { settings in
            let connection = try await PostgresConnection.open(settings)
            for sql in [
                "INSERT INTO facts VALUES (1)", "CREATE TABLE t ()", "SELECT 1; DELETE FROM facts",
                "COPY facts TO STDOUT",
                "COPY facts FROM STDIN",
            ] {
                let error = await Result { try await connection.read(sql, limit: 1, statementTimeout: .seconds(5)) }
                    .failure
                #expect(error?.code == .failed, "\(sql)")
                if !connection.isOpen { break }
            }
            #expect(try await count(in: settings) == 0)
        }
    }

    @Test(arguments: [
        "COMMIT", "SET SESSION default_transaction_read_only = off", "SET statement_timeout = 1",
        "SELECT set_config('statement_timeout', '1', false), pg_advisory_lock(1)", "SELECT 1/0",
    ])
    func `leaves nothing behind in the session`(sql: String) async throws {
        try await withConnection { connection in
            _ = await Result { try await connection.read(sql, limit: 1, statementTimeout: .seconds(5)) }
            let table = try await connection.read(
                """
                SELECT current_setting('statement_timeout'), current_setting('transaction_read_only'),
                  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
                """, limit: 1, statementTimeout: .seconds(7))
            #expect(table.rows == [[.text("7s"), .text("on"), .number("0")]])
            let timeout: String = try await connection.query(
                Statement("t", "SELECT current_setting('statement_timeout')"))[0][0]
            #expect(timeout == "30s")
        }
    }

    @Test func `stops at the limit of rows and of bytes`() async throws {
        try await withConnection { connection in
            let endless = "SELECT repeat('x', 90 + length(generate_series(1000000000, 2000000000)::text))"
            let few = try await connection.read(endless, limit: 10, statementTimeout: .seconds(20))
            #expect(few.rows.count == 10)
            #expect(few.isTruncated)
            let small = try await connection.read(endless, limit: 1000, byteLimit: 550, statementTimeout: .seconds(20))
            #expect(small.rows.count == 5)
            let exact = try await connection.read(
                "SELECT generate_series(1, 10)", limit: 10, statementTimeout: .seconds(20))
            #expect(exact.rows.count == 10)
            #expect(!exact.isTruncated)
            let one = try await connection.number(Statement("one", "SELECT 1"))
            #expect(one == 1)
        }
    }

    @Test func `ends at its own time limit`() async throws {
        try await withConnection { connection in
            let error = await Result {
                try await connection.read("SELECT pg_sleep(50)", limit: 1, statementTimeout: .milliseconds(20))
            }.failure
            #expect(error?.code == .timedOut)
            let one = try await connection.number(Statement("one", "SELECT 1"))
            #expect(one == 1)
        }
    }
}
