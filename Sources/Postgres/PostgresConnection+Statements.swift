extension PostgresConnection {
    /// Runs one statement and returns its rows.
    ///
    /// - Throws: ``PostgresError``; outside a transaction, `.commitUnknown` means that the change may have been made.
    package func query(
        _ statement: Statement, _ parameters: [PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await run([(statement, parameters)], timeout: timeout)[0].rows
    }

    /// Runs one statement and returns how many rows it touched.
    @discardableResult
    package func execute(
        _ statement: Statement, _ parameters: [PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> Int {
        try await run([(statement, parameters)], timeout: timeout)[0].affectedRows
    }

    /// Runs a batch of statements in one round trip, all of them or none: outside a transaction they are one.
    ///
    /// - Throws: ``PostgresError`` of the first that failed; then nothing of the batch has had an effect, unless
    ///   the code is `.commitUnknown`: then all of it was committed, or nothing.
    package func pipeline(
        _ batch: [(Statement, [PostgresValue])], timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        guard !batch.isEmpty else { return [] }
        return try await run(batch, timeout: timeout)
    }

    /// Runs a text of several statements, such as a migration; without parameters, and not prepared.
    package func script(_ name: String, _ sql: String, timeout: Duration? = nil) async throws(PostgresError) {
        try await exchange(name, timeout: timeout) { connection throws(PostgresError) in
            try await connection.runScript(sql)
        }
    }

    func run(
        _ batch: [(Statement, [PostgresValue])], timeout: Duration?, commits: Bool = false,
        ignoringCancellation: Bool = false
    ) async throws(PostgresError) -> [PostgresResult] {
        var calls: [(Statement, Parameters)] = []
        calls.reserveCapacity(batch.count)
        for (statement, values) in batch {
            calls.append((statement, try Parameters(values, operation: statement.name)))
        }
        return try await exchange(
            batch[0].0.name, timeout: timeout, ignoringCancellation: ignoringCancellation
        ) { [calls] connection throws(PostgresError) in
            connection.call?.commits = commits
            return try await connection.exchangeBatch(calls)
        }
    }

    // MARK: A batch

    /// What has been asked of the server, in order; each is answered in turn.
    private enum Step {
        case prepare(Statement, StatementCache.Prepared)
        case execute(Statement)
    }

    private func exchangeBatch(_ calls: [(Statement, Parameters)]) async throws(PostgresError) -> [PostgresResult] {
        let steps = try send(calls)
        try sendSync()
        var results: [PostgresResult] = []
        results.reserveCapacity(calls.count)
        for step in steps {
            switch step {
            case .prepare(let statement, let prepared):
                if try await reply(operation: statement.name) != nil { statements.remember(statement, as: prepared) }
            case .execute(let statement):
                if let result = try await reply(operation: statement.name) { results.append(result) }
            }
        }
        try await waitForSync()
        guard let failure = call?.failure else { return results }
        if let state = failure.sqlState, PostgresError.isOutOfDate(sqlState: state) {
            for (statement, _) in calls { statements.forget(statement) }
        }
        throw failure
    }

    /// Hands everything to libpq, which sends as much as the socket takes.
    private func send(_ calls: [(Statement, Parameters)]) throws(PostgresError) -> [Step] {
        var steps: [Step] = []
        var fresh = StatementCache()
        for (statement, parameters) in calls {
            let prepared: StatementCache.Prepared
            if let known = statements.find(statement, for: parameters) ?? fresh.find(statement, for: parameters) {
                prepared = known
            } else {
                prepared = statements.make(statement, for: parameters)
                fresh.remember(statement, as: prepared)
                guard handle?.sendPrepare(prepared, sql: statement.sql) == true else { throw lost("cannot send") }
                steps.append(.prepare(statement, prepared))
            }
            guard handle?.sendExecute(prepared, parameters) == true else { throw lost("cannot send") }
            steps.append(.execute(statement))
        }
        return steps
    }

    func sendSync() throws(PostgresError) {
        guard handle?.sendSync() == true else { throw lost("cannot send") }
        call?.isSent = true
    }

    /// The answer to one statement; `nil` when the server refused it, or one before it in the batch.
    func reply(operation: String, rows: RowCollector? = nil) async throws(PostgresError) -> PostgresResult? {
        var answer: PostgresResult?
        if rows != nil { _ = handle?.askForSingleRows() }
        while true {
            try await waitForResult()
            guard let result = handle?.nextResult() else { return answer }
            switch result.status {
            case .rows where rows != nil, .singleRow:
                if rows?.take(result) == false { requestStop(.cancelled) }
            case .rows, .done: answer = result.copy(operation: operation)
            case .aborted, .synced: break
            case .failed: try refused(result.error(operation: operation), isFatal: result.isFatal)
            case .unexpected:
                call?.failure = PostgresError(.failed, operation, "COPY is not possible here")
                _ = lost("")
                throw call?.failure ?? lost("")
            }
        }
    }

    private func refused(_ error: PostgresError, isFatal: Bool) throws(PostgresError) {
        if handle?.isBad == true || isFatal {
            // A statement that the server did not finish is not committed, unless it is the COMMIT itself.
            if error.sqlState != nil, call?.commits == false { call?.failure = error }
            var loss = lost(error.detail)
            loss.detail = error.detail
            loss.sqlState = error.sqlState
            throw loss
        }
        guard call?.failure == nil else { return }
        var error = error
        if error.sqlState == "57014", let stop = call?.stop { error.code = stop.code }
        call?.failure = error
    }

    func waitForSync() async throws(PostgresError) {
        while true {
            try await waitForResult()
            guard let result = handle?.nextResult() else {
                // libpq separates the answers to two statements by one empty one.
                guard handle?.isBad == false else { throw lost("the connection was lost") }
                continue
            }
            switch result.status {
            case .synced: return
            case .failed: throw lost(result.error(operation: "").detail)
            default: continue
            }
        }
    }

    /// Sends what is left to send and takes in what comes, until there is a whole result.
    private func waitForResult() async throws(PostgresError) {
        while true {
            let sending = handle?.flush()
            guard sending == .done || sending == .waitsToWrite else { throw lost("the connection was lost") }
            guard handle?.isBusy == true else { return }
            try await waitForSocket(sending == .done ? .read : [.read, .write])
            guard handle?.consumeInput() == true else {
                // The server's last words may have come along.
                guard handle?.isBusy == false else { throw lost("the connection was lost") }
                return
            }
        }
    }

    // MARK: A script

    private func runScript(_ sql: String) async throws(PostgresError) {
        guard handle?.leavePipeline() == true, handle?.sendScript(sql) == true else { throw lost("cannot send") }
        call?.isSent = true
        _ = try await reply(operation: call?.operation ?? "script")
        guard handle?.enterPipeline() == true else { throw lost("cannot go back to a pipeline") }
        if let failure = call?.failure { throw failure }
    }
}
