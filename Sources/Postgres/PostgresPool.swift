import IOThread
package import Logging

/// Lends connections, at most so many at a time, and opens new ones in the place of those that broke.
///
/// While the server is away, who asks waits, up to a deadline; the pool tries again with growing pauses and jitter. One
/// who brings a connection back broken, or with a transaction left open, costs a new one, nothing else.
package final class PostgresPool: Sendable {
    package let settings: PostgresSettings
    package let limit: Int
    private let desk: Desk

    /// - Parameter limit: how many connections there are at most.
    package init(_ settings: PostgresSettings, limit: Int = 4, logger: Logger = Logger(label: "postgres")) {
        precondition(limit > 0, "a pool without connections")
        self.settings = settings
        self.limit = limit
        desk = Desk(settings, limit: limit, logger: logger)
    }

    /// Lends a connection for the length of `body`.
    ///
    /// - Parameter within: how long to wait for a connection; the settings' `callTimeout` when not given.
    /// - Throws: what `body` threw; or ``PostgresError`` with `.unavailable` when no connection was to be had in time, and
    ///   `.refused` when the server does not want us.
    package nonisolated(nonsending) func withConnection<Value>(
        within: Duration? = nil, _ body: nonisolated(nonsending) (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await desk.lend(until: .now + (within ?? settings.callTimeout))
        do {
            let value = try await body(connection)
            await desk.takeBack(connection)
            return value
        } catch {
            await desk.takeBack(connection)
            throw error
        }
    }

    /// Runs `body` in a transaction, again from the start when another transaction was in the way.
    ///
    /// - Parameter attempts: how often at most; only conflicts are tried again, and only when nothing was committed.
    package nonisolated(nonsending) func transaction<Value>(
        _ level: TransactionIsolation = .readCommitted, attempts: Int = 3,
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        for _ in 1..<max(1, attempts) {
            do {
                return try await withConnection { try await $0.transaction(level, body) }
            } catch let error as PostgresError where error.code == .conflict {
                continue
            }
        }
        return try await withConnection { try await $0.transaction(level, body) }
    }

    package func query(
        _ statement: Statement, _ parameters: [PostgresValue] = [], timeout: Duration? = nil
    ) async throws -> [PostgresRow] {
        try await withConnection { try await $0.query(statement, parameters, timeout: timeout) }
    }

    @discardableResult
    package func execute(
        _ statement: Statement, _ parameters: [PostgresValue] = [], timeout: Duration? = nil
    ) async throws -> Int {
        try await withConnection { try await $0.execute(statement, parameters, timeout: timeout) }
    }

    package func pipeline(
        _ batch: [(Statement, [PostgresValue])], timeout: Duration? = nil
    ) async throws -> [PostgresResult] {
        try await withConnection { try await $0.pipeline(batch, timeout: timeout) }
    }

    /// How the pool is doing now.
    package struct Health: Sendable, Equatable {
        package var open = 0
        package var lent = 0
        package var waiting = 0
        /// Why the last attempt to connect failed; `nil` since one succeeded.
        package var problem: PostgresError?
    }

    package var health: Health { get async { await desk.health } }

    /// Asks the server a question: throws when the database cannot be reached within `timeout`.
    package func check(within timeout: Duration = .seconds(5)) async throws {
        try await withConnection(within: timeout) {
            _ = try await $0.query(Statement("check", "SELECT 1"), timeout: timeout)
        }
    }

    /// Closes what is idle now, and the rest as it comes back. Whoever waits is refused.
    package func close() async { await desk.close() }
}

/// Keeps a pool's connections and the queue of those who want one.
private actor Desk {
    private struct Customer {
        let number: Int
        let continuation: CheckedContinuation<Result<PostgresConnection?, PostgresError>, Never>
    }

    private let settings: PostgresSettings
    private let limit: Int
    private let logger: Logger
    private var idle: [PostgresConnection] = []
    private var lent = 0
    private var customers: [Customer] = []
    private var customersSeen = 0
    private var isClosed = false
    private var problem: PostgresError?
    private var backoff = Backoff()

    init(_ settings: PostgresSettings, limit: Int, logger: Logger) {
        self.settings = settings
        self.limit = limit
        self.logger = logger
    }

    var health: PostgresPool.Health {
        PostgresPool.Health(open: idle.count + lent, lent: lent, waiting: customers.count, problem: problem)
    }

    func lend(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> PostgresConnection {
        guard !isClosed else { throw Self.closed }
        if lent < limit {
            lent += 1
        } else if let connection = try await queue(until: deadline) {
            return connection
        }
        // From here on a place is ours: with an idle connection, or a new one.
        while let connection = idle.popLast() {
            if connection.isOpen { return connection }
        }
        do throws(PostgresError) {
            return try await connect(until: deadline)
        } catch {
            giveUpPlace()
            throw error
        }
    }

    func takeBack(_ connection: PostgresConnection) async {
        if connection.isOpen && !connection.isInTransaction && !isClosed {
            if !customers.isEmpty {
                return customers.removeFirst().continuation.resume(returning: .success(connection))
            }
            lent -= 1
            return idle.append(connection)
        }
        giveUpPlace()
        await connection.close()
    }

    func close() async {
        isClosed = true
        for customer in customers { customer.continuation.resume(returning: .failure(Self.closed)) }
        customers = []
        let closing = idle
        idle = []
        for connection in closing { await connection.close() }
    }

    private static let closed = PostgresError(.unavailable, "pool", "the pool is closed")

    // MARK: Waiting

    /// Passes a place on to the next in the queue, who connects.
    private func giveUpPlace() {
        guard customers.isEmpty else { return customers.removeFirst().continuation.resume(returning: .success(nil)) }
        lent -= 1
    }

    /// Waits for a place; with the connection of whoever left it, if that is whole.
    private func queue(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> PostgresConnection? {
        customersSeen += 1
        let number = customersSeen
        let late = PostgresError(.unavailable, "pool", "all \(limit) connections were in use")
        let timer = Task {
            try await Task.sleep(until: deadline)
            dismiss(number, late)
        }
        defer { timer.cancel() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { customers.append(Customer(number: number, continuation: $0)) }
        } onCancel: {
            Task { await self.dismiss(number, PostgresError(.cancelled, "pool", "cancelled while waiting")) }
        }
        return try outcome.get()
    }

    private func dismiss(_ number: Int, _ reason: PostgresError) {
        guard let index = customers.firstIndex(where: { $0.number == number }) else { return }
        customers.remove(at: index).continuation.resume(returning: .failure(reason))
    }

    // MARK: Connecting

    private func connect(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> PostgresConnection {
        while true {
            guard !isClosed else { throw Self.closed }
            guard !Task.isCancelled else { throw PostgresError(.cancelled, "pool", "cancelled while connecting") }
            var patient = settings
            patient.connectTimeout = min(settings.connectTimeout, ContinuousClock.now.duration(to: deadline))
            do throws(PostgresError) {
                let connection = try await PostgresConnection.open(patient)
                problem = nil
                backoff = Backoff()
                return connection
            } catch {
                let isNews = problem?.detail != error.detail
                problem = error
                let next = ContinuousClock.now + backoff.next()
                if isNews {
                    logger.warning("The database cannot be reached.", metadata: ["error": "\(error)"])
                }
                guard error.code == .unavailable, next < deadline else { throw error }
                do { try await Task.sleep(until: next) } catch { continue }
            }
        }
    }
}

/// Pauses between attempts: from 50 ms doubling to 2 s, each cut by a random part of up to a half.
private struct Backoff {
    private var pause = Duration.milliseconds(50)

    mutating func next() -> Duration {
        defer { pause = min(pause * 2, .seconds(2)) }
        return pause * Double.random(in: 0.5...1)
    }
}
