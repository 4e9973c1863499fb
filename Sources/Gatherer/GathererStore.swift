package import Store

/// What a gatherer needs of the database; what throws is a `PostgresError`.
package protocol GathererStore: Sendable {
    func gatherings(_ workflowIDs: [String]) async throws -> (gatherings: [String: StoredGathering], clock: Int64?)
    func gatheringsOrPlans(
        of workflowIDs: [String]
    ) async throws -> (gatherings: [String: StoredGathering], plans: [String: WorkflowPlan])
    func plans(of workflowIDs: [String]) async throws -> [String: WorkflowPlan]
    func ends(of workflowIDs: [String]) async throws -> [String: WorkflowPlan]
    func ingest(_ batch: [Ingest], beginning: [Beginning]) async throws -> [String: Int]
    func publish(
        _ batch: [Publication], confirmed: [(workflowID: String, revision: Int)]
    ) async throws -> [String: Int]
    func settleUnchanged(_ gatherings: [GatheringRow]) async throws -> Set<String>
    func confirm(_ revisions: [(workflowID: String, revision: Int)]) async throws
    func progress(of workflowID: String, after revision: Int?) async throws -> [ProgressRow]
    func unconfirmed(for span: Duration, limit: Int) async throws -> [ProgressRow]
    func abandonedGatherings(dirtyFor dirty: Duration, overdueBy overdue: Duration, limit: Int) async throws -> [String]
}

extension Store: GathererStore {}
