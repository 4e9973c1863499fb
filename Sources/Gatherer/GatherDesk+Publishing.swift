import Contracts
import Gathering
import JSON
import Objects
import Postgres
import Store

/// Putting out: the newest state becomes a revision, which is committed, sent and confirmed before the next one.
extension GatherDesk {
    /// Makes revisions of what is due: the longest dirty first.
    ///
    /// - Parameter isLast: also of what would be due only later.
    func makeRevisions(isLast: Bool = false) async throws {
        try await alone {
            let now = Timestamp.now
            for id in live.keys where live[id]?.closeAt.map({ $0 <= now }) ?? false {
                live[id]?.note(at: now, closeAfter: settings.closeAfter)
            }
            let due = due(at: now, isLast: isLast)
            guard !due.isEmpty else { return }
            try await publish(due, at: now)
        }
    }

    private func due(at now: Timestamp, isLast: Bool) -> [WorkflowID] {
        let due = live.values.filter { copy in
            guard let due = copy.coalescer.due, !copy.isSending else { return false }
            return isLast || due <= now
        }
        let stale = due.count { now - ($0.coalescer.dirtySince ?? now) > settings.maxStaleness }
        if stale > 0 { logger.info("Some workflows waited long for a revision", metadata: ["count": "\(stale)"]) }
        return due.sorted { ($0.coalescer.dirtySince ?? now, $0.id) < ($1.coalescer.dirtySince ?? now, $1.id) }
            .prefix(settings.roundLimit).map(\.id)
    }

    private func publish(_ ids: [WorkflowID], at now: Timestamp) async throws {
        var revisions: [(id: WorkflowID, revision: RevisionMaker.Revision)] = []
        var publications: [Publication] = []
        for id in ids {
            guard var copy = live.removeValue(forKey: id) else { continue }
            do {
                let revision = try await maker.revision(of: &copy, at: now)
                revisions.append((id, revision))
                publications.append(
                    Publication(
                        gathering: copy.row, closes: revision.ticket.pane == .onTime, progress: revision.row))
            } catch {
                // Its row stays dirty; it is tried again, here or by a sweep.
                logger.warning(
                    "A revision could not be made", metadata: ["workflow": "\(id)", "error": "\(error)"])
                copy.coalescer.postpone(until: now + .seconds(1))
            }
            live[id] = copy
        }
        let written: [String: Int]
        do {
            written = try await store.publish(publications)
        } catch let error as PostgresError where !error.mayHaveCommitted {
            for (id, _) in revisions { live[id]?.coalescer.postpone(until: now + .seconds(1)) }
            throw error
        } catch {
            // Whether it was written or not: the rows know.
            drop(revisions.map(\.id))
            throw error
        }
        for (id, revision) in revisions {
            guard written[id.text] != nil, var copy = live.removeValue(forKey: id) else {
                live[id] = nil
                continue
            }
            copy.published(revision.ticket, at: now)
            live[id] = copy
            post(Unconfirmed(id: id, revision: revision.ticket.revision, message: revision.message))
        }
    }

    // MARK: what is on its way

    /// The broker's answers to the first of the outbox, in order.
    func settle(_ sent: [Unconfirmed], confirmed: [Bool]) {
        for (sent, isConfirmed) in zip(sent, confirmed) where isConfirmed {
            for index in outbox.indices where outbox[index].id == sent.id && outbox[index].revision == sent.revision {
                outbox[index].isConfirmed = true
            }
        }
    }

    /// Writes down what the broker has, and lets the next revisions go.
    func recordConfirmed() async throws {
        let confirmed = outbox.filter(\.isConfirmed)
        guard !confirmed.isEmpty else { return }
        try await store.confirm(confirmed.map { ($0.id.text, $0.revision) })
        outbox.removeAll { outgoing in
            confirmed.contains { $0.id == outgoing.id && $0.revision == outgoing.revision }
        }
        let waiting = Set(outbox.map(\.id))
        for id in Set(confirmed.map(\.id)) where !waiting.contains(id) { live[id]?.isSending = false }
        evict()
    }

    func post(_ revision: Unconfirmed) {
        guard !outbox.contains(where: { $0.id == revision.id && $0.revision == revision.revision }) else { return }
        outbox.append(revision)
        hasPost = true
    }

    /// What is to be sent now.
    func takeUnsent() -> [Unconfirmed] {
        hasPost = false
        return outbox.filter { !$0.isConfirmed }
    }
}

extension LiveGathering {
    mutating func published(_ ticket: Coalescer.Ticket, at now: Timestamp) {
        gathering.markPublished()
        coalescer.published(ticket, at: now)
        row.revision = ticket.revision
        if ticket.pane == .onTime {
            row.closedRevision = ticket.revision
            row.closeAt = nil
        }
        isSending = true
    }
}
