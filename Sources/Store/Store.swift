package import Postgres
import IOThread

/// The tables, and the functions that run the statements of `Queries/`.
///
/// Every call is one round trip. What throws is ``PostgresError``: a batch whose connection was lost has been written as
/// a whole, or not at all.
package struct Store: Sendable {
    package let database: PostgresPool
    /// The partitions that are known to be there.
    let partitions = Partitions()

    package init(_ database: PostgresPool) { self.database = database }

    /// Runs a guarded write again when another transaction was in the way, which has then changed nothing.
    ///
    /// Batches are sorted, but the planner may take the rows of a small table in another order: two owners who meet there
    /// can deadlock.
    func persistently<Value>(_ write: () async throws -> Value) async throws -> Value {
        for _ in 1...4 {
            do { return try await write() } catch let error as PostgresError where error.code == .conflict { continue }
        }
        return try await write()
    }

    /// Reads with several statements what was there at one moment.
    ///
    /// - Returns: a result for each.
    func snapshot(_ statements: [Statement], _ parameters: [PostgresValue]) async throws -> [PostgresResult] {
        let reads = statements.map { ($0, parameters) }
        return try await database.pipeline([(Query.beginSnapshot, [])] + reads + [(Query.endSnapshot, [])])
            .dropFirst().dropLast()
    }

    /// The database's clock, in milliseconds since the epoch: due times come from it.
    package func clock() async throws -> Int64 {
        try await database.query(Statement("clock", "SELECT clock_timestamp()"))[0][0]
    }
}
