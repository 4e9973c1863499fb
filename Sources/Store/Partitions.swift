import Contracts
import IOThread
import Postgres

/// Remembers which partitions exist, so that they are asked for only once by each process.
final class Partitions: @unchecked Sendable {  // guarded by `lock`
    private let lock = Lock()
    private var known: Set<String> = []

    func unknown(among names: Set<String>) -> Set<String> { lock.withLock { names.subtracting(known) } }
    func remember(_ names: Set<String>) { lock.withLock { known.formUnion(names) } }
}

extension Store {
    /// The month in which a workflow began, by its first day.
    static func month(of createdAt: Int64) -> String {
        Timestamp(milliseconds: createdAt).description.prefix(7) + "-01"
    }

    static func day(of time: Int64) -> String { String(Timestamp(milliseconds: time).description.prefix(10)) }

    /// Makes the months' partitions of `events` where they are missing.
    func ensureEvents(of months: Set<String>) async throws {
        try await ensure(
            months, Statement("ensure_events", "SELECT baton.ensure_events_of($1::text[]::date[])"), "events ")
    }

    func ensureTaskLogs(of days: Set<String>) async throws {
        try await ensure(
            days, Statement("ensure_task_logs", "SELECT baton.ensure_task_logs_of($1::text[]::date[])"), "logs ")
    }

    private func ensure(_ dates: Set<String>, _ statement: Statement, _ prefix: String) async throws {
        let names = Set(dates.map { prefix + $0 })
        let unknown = partitions.unknown(among: names)
        guard !unknown.isEmpty else { return }
        let missing = unknown.map { String($0.dropFirst(prefix.count)) }.sorted()
        try await database.execute(statement, [.texts(missing)])
        partitions.remember(unknown)
    }
}
