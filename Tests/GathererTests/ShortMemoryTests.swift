import Logging
import Store
import TestSupport
import Testing

@testable import Gatherer

@Suite(.timeLimit(.minutes(1)))
struct `A gatherer that is short of memory` {
    @Test func `loses nothing when the broker confirms while a message is taken`() async throws {
        try await withWorkbench(tasks: ["t0"]) { bench in
            let interruption = Interruption()
            var settings = Workbench.settings
            settings.memoryLimit = 1
            let desk = GatherDesk(
                store: InterruptedStore(store: bench.store, interruption: interruption), objects: bench.objects,
                settings: settings, source: "/gatherer/test",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await desk.take(bench.completed("t0", bringing: ["status": "active"]))
            try await desk.publish()
            try await bench.settle([("t0", "succeeded", 1)])

            await interruption.set { await desk.settle([], confirmed: []) }
            try await desk.take(bench.ended())
            #expect(await interruption.count > 0)
            let stored = try await bench.store.gatherings([bench.workflow.text]).gatherings[bench.workflow.text]
            #expect(stored?.row.status == "succeeded")
        }
    }
}

private actor Interruption {
    private var body: (@Sendable () async -> Void)?
    private(set) var count = 0

    func set(_ body: @escaping @Sendable () async -> Void) { self.body = body }

    func happen() async {
        guard let body else { return }
        count += 1
        await body()
    }
}

/// Something else happens while it reads how tasks ended.
private struct InterruptedStore: GathererStore {
    let store: Store
    let interruption: Interruption

    func ends(of workflowIDs: [String]) async throws -> [String: WorkflowPlan] {
        await interruption.happen()
        return try await store.ends(of: workflowIDs)
    }

    func gatherings(_ workflowIDs: [String]) async throws -> (gatherings: [String: StoredGathering], clock: Int64?) {
        try await store.gatherings(workflowIDs)
    }
    func gatheringsOrPlans(
        of workflowIDs: [String]
    ) async throws -> (gatherings: [String: StoredGathering], plans: [String: WorkflowPlan]) {
        try await store.gatheringsOrPlans(of: workflowIDs)
    }
    func plans(of workflowIDs: [String]) async throws -> [String: WorkflowPlan] {
        try await store.plans(of: workflowIDs)
    }
    func ingest(_ batch: [Ingest], beginning: [Beginning]) async throws -> [String: Int] {
        try await store.ingest(batch, beginning: beginning)
    }
    func publish(
        _ batch: [Publication], confirmed: [(workflowID: String, revision: Int)]
    ) async throws -> [String: Int] {
        try await store.publish(batch, confirmed: confirmed)
    }
    func settleUnchanged(_ gatherings: [GatheringRow]) async throws -> Set<String> {
        try await store.settleUnchanged(gatherings)
    }
    func confirm(_ revisions: [(workflowID: String, revision: Int)]) async throws {
        try await store.confirm(revisions)
    }
    func progress(of workflowID: String, after revision: Int?) async throws -> [ProgressRow] {
        try await store.progress(of: workflowID, after: revision)
    }
    func unconfirmed(for span: Duration, limit: Int) async throws -> [ProgressRow] {
        try await store.unconfirmed(for: span, limit: limit)
    }
    func abandonedGatherings(
        dirtyFor dirty: Duration, overdueBy overdue: Duration, limit: Int
    ) async throws -> [String] {
        try await store.abandonedGatherings(dirtyFor: dirty, overdueBy: overdue, limit: limit)
    }
}
