import CPostgres

/// Where the database is, who asks, and how long anything may take.
package struct PostgresSettings: Sendable {
    /// libpq's own connection parameters (`host`, `port`, `user`, `password`, `dbname`, `sslmode`, `sslrootcert` …).
    package var parameters: [String: String]
    /// Shown in `pg_stat_activity`.
    package var applicationName = "baton"
    package var connectTimeout: Duration = .seconds(10)
    /// The deadline of every call that names none: from asking to having the answer.
    package var callTimeout: Duration = .seconds(30)
    /// How long to wait for the server to confirm a cancel, before the connection is dropped.
    package var cancelTimeout: Duration = .seconds(5)
    /// What the server enforces on each session; `nil` leaves its own setting.
    package var statementTimeout: Duration? = .seconds(30)
    package var lockTimeout: Duration? = .seconds(10)
    package var idleInTransactionTimeout: Duration? = .seconds(60)
    /// How often a busy server looks whether we are still there.
    package var connectionCheckInterval: Duration? = .seconds(5)
    /// How long sent data may stay unacknowledged, in both directions, before the peer counts as dead.
    package var peerTimeout: Duration = .seconds(15)
    /// Each statement is planned once for each connection, and finds its rows by index whatever is in the tables: for the
    /// few statements of a process, which run millions of times and over tables that grow. Left alone, the server plans
    /// one whose parameters are arrays again each time, which may take longer than to run it.
    package var plansOnce = false

    /// - Parameter url: `postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`, read by
    ///   libpq itself; `?host=/directory` names a Unix socket.
    package init(url: String) throws(PostgresError) {
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
            throw PostgresError(.refused, "settings", "a database URL begins with postgresql://")
        }
        parameters = try Self.parse(url)
    }

    package var user: String? {
        get { parameters["user"] }
        set { parameters["user"] = newValue }
    }
    package var password: String? {
        get { parameters["password"] }
        set { parameters["password"] = newValue }
    }
    package var database: String? {
        get { parameters["dbname"] }
        set { parameters["dbname"] = newValue }
    }
    package var host: String? { parameters["host"] }
    package var port: String? { parameters["port"] }

    private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &message) else {
            defer { unsafe PQfreemem(message) }
            let detail = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgresError(.refused, "settings", detail.trimmed)
        }
        defer { unsafe PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe parameters[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        return parameters
    }
}

extension PostgresSettings: CustomStringConvertible {
    /// Without the password.
    package var description: String {
        "\(user ?? "")@\(host ?? "local socket"):\(port ?? "5432")/\(database ?? user ?? "")"
    }
}

extension PostgresSettings {
    /// Everything that libpq is told.
    var connectionParameters: [String: String] {
        let peer = peerTimeout.milliseconds
        let ours = [
            "application_name": applicationName, "client_encoding": "UTF8", "gssencmode": "disable",
            "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
            "tcp_user_timeout": String(peer), "options": sessionOptions,
        ]
        return ours.merging(parameters) { mine, given in mine == sessionOptions ? mine + " " + given : given }
    }

    /// Set with the connection's first packet, so that no statement ever runs without them.
    private var sessionOptions: String {
        let timeouts: [(String, Duration?)] = [
            ("statement_timeout", statementTimeout), ("lock_timeout", lockTimeout),
            ("idle_in_transaction_session_timeout", idleInTransactionTimeout),
            ("client_connection_check_interval", connectionCheckInterval), ("tcp_user_timeout", peerTimeout),
        ]
        let set = timeouts.compactMap { name, value in value.map { "-c \(name)=\($0.milliseconds)" } }
        // A plan that was made while a table was small would read all of it for as long as the statistics are old.
        let planning = plansOnce ? ["-c plan_cache_mode=force_generic_plan", "-c enable_seqscan=off"] : []
        return (set + planning + ["-c DateStyle=ISO", "-c IntervalStyle=iso_8601", "-c TimeZone=UTC"])
            .joined(separator: " ")
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

extension String {
    /// Without the line end that libpq's messages carry.
    var trimmed: String {
        guard let end = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[...end].map { $0 == "\n" ? " " : $0 })
    }
}
