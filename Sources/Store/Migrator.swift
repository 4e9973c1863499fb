import JSON
package import Postgres

/// Brings the schema `baton` to the version that this binary knows, and back.
///
/// One at a time: whoever comes second waits for an advisory lock, and then finds the work done. Each step is a
/// transaction of its own.
package struct Migrator: Sendable {
    private let settings: PostgresSettings

    package enum Problem: Error, Equatable, CustomStringConvertible {
        /// The database has a step that this binary does not know.
        case newer(step: Int)
        /// A released step was changed after it had been applied.
        case changed(step: Int)
        case tooOld(serverVersion: Int)

        package var description: String {
            switch self {
            case .newer(let step): "the database is at step \(step) of the schema, which this version does not know"
            case .changed(let step): "step \(step) of the schema is not the one that was applied to this database"
            case .tooOld(let version): "PostgreSQL 15 or later is needed; this server is \(version / 10000)"
            }
        }
    }

    /// - Parameter settings: of a user that may create schemas, and owns what there is.
    package init(_ settings: PostgresSettings) {
        var patient = settings
        patient.statementTimeout = nil
        patient.idleInTransactionTimeout = nil
        patient.lockTimeout = .seconds(60)
        patient.callTimeout = .seconds(600)
        self.settings = patient
    }

    /// The last step that this binary knows.
    package static var latest: Int { Migration.all.count }

    /// A word for the schema as a whole, which changes with any step.
    package static var fingerprint: String {
        let digest = SHA256.digest(Migration.all.flatMap { $0.up })
        return digest.prefix(6).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Applies what is missing.
    ///
    /// - Returns: the names of the steps that were applied; none when the schema is up to date.
    @discardableResult
    package func migrate() async throws -> [String] {
        try await withLock { connection in
            let applied = try await applied(connection)
            for migration in Migration.all.dropFirst(applied) {
                try await apply(migration, connection)
            }
            return Migration.all.dropFirst(applied).map(\.name)
        }
    }

    /// Takes steps back, the last first; their tables and rows are gone.
    ///
    /// - Parameter step: the last one that stays; 0 leaves nothing of ours.
    /// - Returns: the names of the steps that were taken back.
    @discardableResult
    package func migrateDown(to step: Int) async throws -> [String] {
        try await withLock { connection in
            let applied = try await applied(connection)
            let back = Migration.all.prefix(applied).dropFirst(max(0, step)).reversed()
            for migration in back { try await revert(migration, connection) }
            if step <= 0 {
                try await connection.script("forget", "DROP TABLE baton.migrations; DROP SCHEMA baton;")
            }
            return back.map(\.name)
        }
    }

    /// How many steps have been applied; 0 also when there is no schema.
    package func step() async throws -> Int {
        try await withLock { try await applied($0) }
    }

    // MARK: One step

    private func apply(_ migration: Migration, _ connection: PostgresConnection) async throws {
        try await connection.transaction { connection in
            try await connection.script("migration \(migration.name)", String(decoding: migration.up, as: UTF8.self))
            try await connection.execute(
                Statement("note_migration", "INSERT INTO baton.migrations (step, name, digest) VALUES ($1, $2, $3)"),
                [.int(migration.number), .text(migration.name), .bytes(migration.digest)])
        }
    }

    private func revert(_ migration: Migration, _ connection: PostgresConnection) async throws {
        try await connection.transaction { connection in
            try await connection.script("way back \(migration.name)", String(decoding: migration.down, as: UTF8.self))
            try await connection.execute(
                Statement("forget_migration", "DELETE FROM baton.migrations WHERE step = $1"), [.int(migration.number)])
        }
    }

    /// How many steps have been applied, all of them ours and unchanged.
    private func applied(_ connection: PostgresConnection) async throws -> Int {
        let rows = try await connection.query(
            Statement("migrations", "SELECT step, digest FROM baton.migrations ORDER BY step"))
        for (index, row) in rows.enumerated() {
            let step: Int = try row["step"]
            let digest: [UInt8] = try row["digest"]
            guard index < Migration.all.count else { throw Problem.newer(step: step) }
            guard step == index + 1, digest == Migration.all[index].digest else { throw Problem.changed(step: step) }
        }
        return rows.count
    }

    private func withLock<Value>(
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await PostgresConnection.open(settings)
        do {
            let version = await connection.serverVersion
            guard version >= 150_000 else { throw Problem.tooOld(serverVersion: version) }
            // Held by the session, so it ends with it, however that ends.
            try await connection.execute(Statement("lock", "SELECT pg_advisory_lock(hashtext('baton migrations'))"))
            try await connection.script(
                "begin",
                """
                CREATE SCHEMA IF NOT EXISTS baton;
                CREATE TABLE IF NOT EXISTS baton.migrations (
                    step integer PRIMARY KEY,
                    name text NOT NULL,
                    digest bytea NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now());
                """)
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
