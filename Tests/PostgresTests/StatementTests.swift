import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A statement` {
    @Test func `returns its rows with their types`() async throws {
        try await withConnection { connection in
            let rows = try await connection.query(
                Statement(
                    "types",
                    """
                    SELECT 7::int2 a, 8::int4 b, 9::int8 c, 1.5::float8 d, true e, 'text' f, '\\x00ff'::bytea g,
                      '{"a": 1.10}'::json h, '{"a": 1.10}'::jsonb i, NULL::int j, -12345.06700::numeric k,
                      '2026-01-05 09:00:04.123+00'::timestamptz l, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid m
                    """))
            let row = try #require(rows.first)
            #expect(try row["a"] == 7)
            #expect(try row["b"] == 8)
            #expect(try row["c"] == 9)
            #expect(try row["d"] == 1.5)
            #expect(try row["e"] == true)
            #expect(try row["f"] == "text")
            #expect(try row["g"] == [UInt8]([0, 255]))
            #expect(try row["h"] == #"{"a": 1.10}"#)
            #expect(try row["i"] == #"{"a": 1.10}"#)
            #expect(try row["j"] == Int?.none)
            #expect(try row["k"] == "-12345.06700")
            #expect(try row["l"] == Int64(1_767_603_604_123))
            #expect(try row["m"] == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
        }
    }

    @Test func `can return rows without a column`() async throws {
        try await withConnection { connection in
            let rows = try await connection.query(Statement("bare", "SELECT FROM generate_series(1, 3)"))
            #expect(rows.count == 3)
        }
    }

    static let values: [(String, PostgresValue)] = [
        ("text", .text("ü \"{},\\ ")), ("text", .text("")), ("bigint", .int(.min)), ("integer", .int(-5)),
        ("double precision", .double(0.1)), ("boolean", .bool(false)), ("bytea", .bytes([0, 1, 255])),
        ("json", .json(#"{"b": 1.10, "a": 123456789012345678901234567890}"#)), ("jsonb", .json("[1]")),
        ("timestamptz", .timestamp(-1)), ("uuid", .uuid("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ("numeric", .numeric("0.00001000")), ("text", .null), ("bigint", .null),
        ("text[]", .texts(["a", nil, "", "{\"", "NULL"])), ("text[]", .texts([])), ("bigint[]", .ints([1, nil, -3])),
        ("integer[]", .ints([7])), ("boolean[]", .bools([true, nil, false])),
        ("bytea[]", .byteStrings([[], nil, [0]])),
        ("json[]", .jsons([Array("{\"a\":\"é\"}".utf8), nil])), ("timestamptz[]", .timestamps([0, nil])),
        ("double precision[]", .doubles([1.5, nil])),
    ]

    @Test(arguments: values)
    func `takes every kind of parameter`(type: String, value: PostgresValue) async throws {
        try await withConnection { connection in
            let sql = "SELECT $1::\(type) AS value, coalesce(($1::\(type))::text, 'null') AS spelled"
            let row = try #require(try await connection.query(Statement(type, sql), [value]).first)
            switch value {
            case .null: #expect(try row["spelled"] == "null")
            case .text(let expected), .uuid(let expected), .numeric(let expected): #expect(try row["value"] == expected)
            case .int(let expected): #expect(try row["value"] == expected)
            case .double(let expected): #expect(try row["value"] == expected)
            case .bool(let expected): #expect(try row["value"] == expected)
            case .bytes(let expected), .json(let expected): #expect(try row["value"] == expected)
            case .timestamp(let expected): #expect(try row["value"] == expected)
            case .texts(let expected): #expect(try row["value"] == expected)
            case .ints(let expected): #expect(try row["value"] == expected)
            case .doubles(let expected): #expect(try row["value"] == expected)
            case .bools(let expected): #expect(try row["value"] == expected)
            case .byteStrings(let expected), .jsons(let expected): #expect(try row["value"] == expected)
            case .timestamps(let expected): #expect(try row["value"] == expected)
            }
        }
    }

    @Test(arguments: [
        "0", "0.00", "1", "-1", "10000", "0.0001", "123456789.000100", "1e20", "1e-10", "NaN", "9999.9999",
    ])
    func `reads exact decimals digit by digit`(literal: String) async throws {
        try await withConnection { connection in
            let sql = "SELECT '\(literal)'::numeric AS value, '\(literal)'::numeric::text AS text"
            let row = try #require(try await connection.query(Statement("n", sql)).first)
            let text: String = try row["text"]
            #expect(try row["value"] == text)
        }
    }

    @Test func `refuses U+0000 in text, which PostgreSQL cannot hold`() async throws {
        try await withConnection { connection in
            for value in [PostgresValue.text("a\u{0}b"), .texts(["a\u{0}"])] {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.query(Statement("nul", "SELECT $1::text"), [value])
                }
                #expect(error?.code == .invalidValue)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query(Statement("jsonb", "SELECT $1::jsonb"), [.json(#"{"a":"\u0000"}"#)])
            }
            #expect(error?.code == .failed)
            let kept = try await connection.query(
                Statement("json", "SELECT $1::json AS v"), [.json(#"{"a":"\u0000"}"#)])
            #expect(try kept[0]["v"] == #"{"a":"\u0000"}"#)
        }
    }

    @Test func `is prepared once on a connection, and again on the next`() async throws {
        let statement = Statement("twice", "SELECT $1::bigint AS value")
        for _ in 1...2 {
            try await withConnection { connection in
                for _ in 1...3 { _ = try await connection.query(statement, [.int(1)]) }
                _ = try await connection.query(statement, [.null])
                let prepared = try await connection.query(
                    Statement("count", "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1"),
                    [.text(statement.sql)])
                #expect(try prepared[0][0] == 1)
            }
        }
    }

    @Test func `is prepared anew when the table has changed under it`() async throws {
        try await withConnection { connection in
            try await connection.script("make", "CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1);")
            let statement = Statement("star", "SELECT * FROM t")
            _ = try await connection.query(statement)
            try await connection.script("change", "ALTER TABLE t ADD b int DEFAULT 2")
            let error = await #expect(throws: PostgresError.self) { try await connection.query(statement) }
            #expect(error?.isRetriable == true)
            #expect(try await connection.query(statement)[0]["b"] == 2)
        }
    }

    @Test func `names the constraint that it violates`() async throws {
        try await withConnection { connection in
            try await connection.script(
                "make", "CREATE TEMP TABLE t (a int CONSTRAINT a_is_positive CHECK (a > 0))")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.execute(Statement("insert", "INSERT INTO t VALUES ($1)"), [.int(-1)])
            }
            #expect(error?.code == .constraintViolation)
            #expect(error?.constraint == "a_is_positive")
            #expect(error?.operation == "insert")
            #expect(try await connection.execute(Statement("insert", "INSERT INTO t VALUES ($1)"), [.int(1)]) == 1)
        }
    }

    @Test func `does not pretend that a column is what it is not`() async throws {
        try await withConnection { connection in
            let row = try await connection.query(
                Statement("row", "SELECT 'x' AS a, NULL::int AS b, 'infinity'::timestamptz c"))[0]
            #expect(throws: PostgresError.self) { try row["a"] as Int }
            #expect(throws: PostgresError.self) { try row["b"] as Int }
            #expect(throws: PostgresError.self) { try row["c"] as Int64 }
            #expect(throws: PostgresError.self) { try row["nowhere"] as String }
        }
    }

    @Test func `has its session's limits, application name and time zone`() async throws {
        try await withConnection { connection in
            let names = [
                "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
                "client_connection_check_interval", "tcp_user_timeout", "application_name", "TimeZone",
                "client_encoding",
            ]
            let rows = try await connection.query(
                Statement("settings", "SELECT current_setting(n, true) AS value FROM unnest($1::text[]) n"),
                [.texts(names)])
            let values = try rows.map { (row) throws -> String in try row["value"] }
            #expect(values == ["30s", "10s", "1min", "5s", "15000", "baton", "UTC", "UTF8"])
        }
    }
}
