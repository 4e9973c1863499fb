import Contracts
import Gathering
import Postgres
import Store

/// Picking up what a dead owner left: revisions that were not confirmed, workflows that stayed dirty or open, payloads
/// that could not be fetched.
extension GatherDesk {
    package func sweep() async throws {
        for row in try await store.unconfirmed(for: settings.abandonedAfter, limit: 1000) {
            let id = WorkflowID(unchecked: row.workflowID)
            post(Unconfirmed(id: id, revision: row.revision, message: maker.message(row)))
            live[id]?.isSending = true
        }
        let abandoned = try await store.abandonedGatherings(
            dirtyFor: settings.abandonedAfter, overdueBy: settings.overdueAfter, limit: 1000)
        if !abandoned.isEmpty {
            try await alone { try await adopt(abandoned.map { WorkflowID(unchecked: $0) }) }
        }
        wake()
    }

    private func adopt(_ ids: [WorkflowID]) async throws {
        // A copy that is behind the rows without knowing it would never see that it is dirty.
        _ = try await load(Set(ids))
        let now = clock()
        for id in ids {
            guard let copy = live[id] else { continue }
            let rows = try await store.gatherings([id.text]).gatherings[id.text]
            guard let rows, rows.row.ingestSeq == copy.row.ingestSeq, rows.row.revision == copy.row.revision else {
                drop([id])
                _ = try await load([id])
                continue
            }
            let overdue = rows.artifacts.filter { $0.retryAt.map { $0 <= now.milliseconds } ?? false }
            if !overdue.isEmpty { try await fetchAgain(overdue, for: id, at: now) }
            // Dirty in the rows, but not to be seen: what came in changed nothing.
            if let copy = live[id], copy.coalescer.due == nil, !copy.isSending {
                _ = try await store.settleUnchanged([copy.row])
            }
        }
        evict()
    }

    private func fetchAgain(_ rows: [ArtifactRow], for id: WorkflowID, at now: Timestamp) async throws {
        var taken: [ArtifactIntake.Taken] = []
        for row in rows { taken.append(await intake.takeAgain(row, limit: limit(of: id), now: now)) }
        guard var copy = live.take(id) else { return }
        for artifact in taken { copy.gathering.apply(.artifact(artifact.artifact)) }
        copy.note(at: now, closeAfter: settings.closeAfter)
        live[id] = copy
        do {
            _ = try await commit([Ingest(gathering: copy.row, taken: taken.count, artifacts: taken.map(\.row))])
        } catch {
            drop([id])
            throw error
        }
    }
}
