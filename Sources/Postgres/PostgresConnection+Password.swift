extension PostgresConnection {
    /// A password as the server keeps it (SCRAM-SHA-256), as a literal for `CREATE ROLE … PASSWORD`; `NULL` for none.
    ///
    /// Hashed on our side, so that the password itself is neither sent nor logged.
    package func passwordHash(_ password: String?, user: String) throws(PostgresError) -> String {
        guard let password else { return "NULL" }
        guard let hash = handle?.passwordHash(password, user: user) else {
            throw PostgresError(.invalidValue, "password", handle?.message ?? "the connection was lost")
        }
        return "'\(hash)'"
    }
}
