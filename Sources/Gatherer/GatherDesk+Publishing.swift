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
            let now = clock()
            let due = due(at: now, isLast: isLast)
            guard !due.isEmpty else { return }
            try await publish(due, at: now)
        }
    }

    private func due(at now: Timestamp, isLast: Bool) -> [WorkflowID] {
        var due: [(id: WorkflowID, dirtySince: Timestamp)] = []
        var stale = 0
        for id in isLast ? Array(live.ids) : live.takeDue(at: now) {
            if live[id]?.closeAt.map({ $0 <= now }) == true { live[id]?.note(at: now, closeAfter: settings.closeAfter) }
            guard let copy = live[id], let dueAt = copy.coalescer.due, !copy.isSending, isLast || dueAt <= now else {
                live.remind(id)
                continue
            }
            let dirtySince = copy.coalescer.dirtySince ?? now
            if now - dirtySince > settings.maxStaleness { stale += 1 }
            due.append((id, dirtySince))
        }
        if stale > 0 { logger.info("Some workflows waited long for a revision", metadata: ["count": "\(stale)"]) }
        due.sort { ($0.dirtySince, $0.id) < ($1.dirtySince, $1.id) }
        for (id, _) in due.dropFirst(settings.roundLimit) { live.remind(id) }
        return due.prefix(settings.roundLimit).map(\.id)
    }

    private func publish(_ ids: [WorkflowID], at now: Timestamp) async throws {
        var revisions: [(id: WorkflowID, revision: RevisionMaker.Revision)] = []
        var publications: [Publication] = []
        for id in ids {
            guard var copy = live.take(id) else { continue }
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
            let confirmed = outbox.confirmed
            written = try await store.publish(publications, confirmed: confirmed.map { ($0.id.text, $0.revision) })
            for revision in confirmed { outbox.remove(revision) }
        } catch let error as PostgresError where !error.mayHaveCommitted {
            for (id, _) in revisions { live[id]?.coalescer.postpone(until: now + .seconds(1)) }
            throw error
        } catch {
            // Whether it was written or not: the rows know.
            drop(revisions.map(\.id))
            throw error
        }
        for (id, revision) in revisions {
            guard written[id.text] != nil, var copy = live.take(id) else {
                live[id] = nil
                continue
            }
            copy.published(revision.ticket, at: now)
            live[id] = copy
            post(Unconfirmed(id: id, revision: revision.ticket.revision, message: revision.message))
        }
    }

    // MARK: what is on its way

    /// The broker's answers, in order: what it has lets the next revision of its workflow go.
    func settle(_ sent: [Unconfirmed], confirmed: [Bool]) {
        for (sent, isConfirmed) in zip(sent, confirmed) where isConfirmed {
            if outbox.confirm(sent) { live[sent.id]?.isSending = false }
        }
        // Not under the hands of a batch: what it has looked up has to be there until it is written.
        if !isTaken { evict() }
    }

    /// Writes down what the broker has, where that has not gone along with later revisions.
    func recordConfirmed() async throws {
        let confirmed = outbox.confirmed
        try await store.confirm(confirmed.map { ($0.id.text, $0.revision) })
        for revision in confirmed { outbox.remove(revision) }
    }

    func post(_ revision: Unconfirmed) { if outbox.add(revision) { hasPost = true } }

    /// What is to be sent now.
    func takeUnsent() -> [Unconfirmed] {
        hasPost = false
        return outbox.unsent
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
