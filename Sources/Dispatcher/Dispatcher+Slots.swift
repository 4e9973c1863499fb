import Contracts
import Engine
import Store

/// Workflows that wait for a slot of their concurrency key.
///
/// A slot is a row of its own, taken for a workflow that is written down already; the workflow is told in the commit
/// that follows. Whoever dies between the two leaves a slot that its workflow holds without knowing: its next wake-up
/// finds it. A slot is given back in the transaction that ends its workflow.
extension Dispatcher {
    /// Takes slots for those that have asked in this batch, and lets them begin.
    func grantSlots(_ batch: inout Batch) async throws {
        let asking = batch.takeSlotRequests()
        guard !asking.isEmpty else { return }
        batch.begin()
        for one in asking where waitsForSlot(one.workflow) {
            let (key, limit) = (one.request.key, one.request.limit)
            guard let slot = try await store.takeSlot(of: key, limit: limit, for: one.workflow.text) else { continue }
            grant(slot, to: one.workflow, causation: one.message, one.item, &batch)
        }
        guard !batch.touched.isEmpty else { return }
        let keys = Set(asking.map(\.request.key))
        try await commit(&batch)
        // There may be room for more: whoever is next finds out.
        try await wakeNext(for: keys)
    }

    /// Lets those that are next in line for these keys ask for a slot.
    func wakeNext(for keys: Set<String>) async throws {
        guard !keys.isEmpty else { return }
        for workflow in try await store.nextQueued(for: keys.sorted()).values {
            wakes.set(WorkflowID(unchecked: workflow), nil, attempt: 0, due: now, now: now)
        }
    }

    /// Wakes those that are next in line, after whoever should have done so has died.
    func sweepSlots() async throws {
        for workflow in try await store.sweepSlots() {
            wakes.set(WorkflowID(unchecked: workflow), nil, attempt: 0, due: now, now: now)
        }
    }
}
