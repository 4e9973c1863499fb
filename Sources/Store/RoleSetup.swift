package import Postgres

/// Creates the login roles of the processes and grants them what they need; run again, it changes what differs.
///
/// Roles belong to the whole server, so their names begin with a prefix that is a setting: two installations on one
/// server take two.
package struct RoleSetup: Sendable {
    package let prefix: String
    private let settings: PostgresSettings

    /// - Parameters:
    ///   - settings: of a user that may create roles, and owns the migrated schema.
    ///   - prefix: of the roles' names: `baton` makes `baton_planner` and so on; at most 40 of `[a-z0-9_]`.
    package init(_ settings: PostgresSettings, prefix: String = "baton") throws(PostgresError) {
        let isPlain = prefix.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
        guard isPlain, (1...40).contains(prefix.utf8.count), prefix.first?.isLetter == true else {
            throw PostgresError(.invalidValue, "roles", "“\(prefix)” does not begin a role's name")
        }
        self.settings = settings
        self.prefix = prefix
    }

    package func name(of role: DatabaseRole) -> String { "\(prefix)_\(role.rawValue)" }

    /// - Parameter passwords: of each role; one without cannot log in by password.
    package func apply(passwords: [DatabaseRole: String]) async throws {
        let connection = try await PostgresConnection.open(settings)
        do {
            // Two at once would hit each other's rows of the catalogue.
            try await connection.execute(Statement("lock", "SELECT pg_advisory_lock(hashtext('baton roles'))"))
            for role in DatabaseRole.allCases {
                try await create(role, passwords[role], connection)
            }
            try await connection.transaction { connection in
                try await connection.script("grants", grants(database: try await database(connection)))
            }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Takes the grants back and drops the roles, before the database or the schema goes.
    package func remove() async throws {
        let connection = try await PostgresConnection.open(settings)
        do {
            for role in DatabaseRole.allCases where try await exists(role, connection) {
                try await connection.script(
                    "remove role", "DROP OWNED BY \(name(of: role)); DROP ROLE \(name(of: role));")
            }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    // MARK: Roles

    private func create(_ role: DatabaseRole, _ password: String?, _ connection: PostgresConnection) async throws {
        let name = name(of: role)
        let attributes = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        if try await !exists(role, connection) {
            do throws(PostgresError) {
                try await connection.script("create role", "CREATE ROLE \(name) \(attributes)")
            } catch {
                // Somebody else may have made it just now, from another database.
                guard error.sqlState == "42710" || error.sqlState == "23505" else { throw error }
            }
        }
        // Hashed here, so that the password itself is in no log of the server's.
        let hash = try await connection.passwordHash(password, user: name)
        try await repeatedly {
            try await connection.script("alter role", "ALTER ROLE \(name) \(attributes) PASSWORD \(hash)")
        }
    }

    private func exists(_ role: DatabaseRole, _ connection: PostgresConnection) async throws -> Bool {
        try await !connection.query(
            Statement("role", "SELECT 1 FROM pg_roles WHERE rolname = $1"), [.text(name(of: role))]
        ).isEmpty
    }

    /// The catalogue of roles is one for all databases, and has no lock that we could share with others.
    private func repeatedly(_ body: () async throws -> Void) async throws {
        for _ in 1...20 {
            do { return try await body() } catch let error as PostgresError where error.sqlState == "XX000" { continue }
        }
        try await body()
    }

    private func database(_ connection: PostgresConnection) async throws -> String {
        try await connection.query(Statement("database", "SELECT quote_ident(current_database())"))[0][0]
    }

    // MARK: Grants

    private func grants(database: String) -> String {
        let all = DatabaseRole.allCases.map(name).joined(separator: ", ")
        var lines = [
            "REVOKE ALL ON DATABASE \(database) FROM PUBLIC", "GRANT CONNECT ON DATABASE \(database) TO \(all)",
            "REVOKE ALL ON ALL TABLES IN SCHEMA baton FROM \(all)",
            "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA baton FROM PUBLIC, \(all)", "GRANT USAGE ON SCHEMA baton TO \(all)",
        ]
        for role in DatabaseRole.allCases {
            for (privileges, tables) in role.grants {
                let names = tables.map { "baton.\($0)" }.joined(separator: ", ")
                lines.append("GRANT \(privileges) ON \(names) TO \(name(of: role))")
            }
            for function in role.functions {
                lines.append("GRANT EXECUTE ON FUNCTION baton.\(function) TO \(name(of: role))")
            }
        }
        return lines.joined(separator: ";\n")
    }
}
