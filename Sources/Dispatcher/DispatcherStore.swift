package import Store

/// What a dispatcher needs of the database; what throws is a `PostgresError`.
package protocol DispatcherStore: Sendable {
    func load(_ ids: [String]) async throws -> (workflows: [String: StoredWorkflow], clock: Int64?)
    func commit(_ changes: Changes) async throws -> CommitOutcome
    func events(causedBy messages: [String]) async throws -> [EventRow]
    func record(_ executors: [ExecutorRow]) async throws
    func extendLeases(_ runs: [RowLease]) async throws -> [RowLease]
    func skills(_ ids: [String]?, workspace: String?) async throws -> [SkillRow]
    func takeSlot(of key: String, limit: Int, for workflowID: String) async throws -> Int?
    func nextQueued(for keys: [String]) async throws -> [String: String]
    func sweepSlots() async throws -> [String]
    func sweepOverdue(by lateness: Duration, pause: Duration, limit: Int) async throws -> [OverdueWake]
    func workflowsDue(within span: Duration, limit: Int) async throws -> [String]
    func liveReplicas(_ kind: ReplicaKind, patience: Duration) async throws -> [String]
    func liveExecutors(patience: Duration) async throws -> [ExecutorRow]
}

extension Store: DispatcherStore {}
