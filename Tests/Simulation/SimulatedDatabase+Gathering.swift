import JSON
import Store

/// The gatherer's transactions.
extension SimulatedDatabase {
    func stored(_ ids: [String]) -> (gatherings: [String: StoredGathering], clock: Int64?) {
        var found: [String: StoredGathering] = [:]
        for id in ids {
            guard let row = gatherings[id] else { continue }
            let tasks = (gatheringTasks[id] ?? [:]).values.sorted {
                ($0.planIndex ?? .max, $0.taskID) < ($1.planIndex ?? .max, $1.taskID)
            }
            let artifacts = (artifacts[id] ?? []).sorted { left, right in
                if left.taskID != right.taskID { return left.taskID < right.taskID }
                if left.name != right.name { return left.name < right.name }
                if left.attempt != right.attempt { return left.attempt < right.attempt }
                if left.seq != right.seq { return left.seq < right.seq }
                return left.digest.lexicographicallyPrecedes(right.digest)
            }
            found[id] = StoredGathering(row: row, tasks: tasks, artifacts: artifacts)
        }
        return (found, found.isEmpty ? nil : now)
    }

    private func begin(_ new: [Beginning]) -> Set<String> {
        var begun: Set<String> = []
        for one in new where gatherings[one.definition.workflowID] == nil {
            let row = one.definition
            begun.insert(row.workflowID)
            gatherings[row.workflowID] = GatheringRow(
                workflowID: row.workflowID, definition: row.definition, createdAt: now)
            for task in one.tasks {
                gatheringTasks[row.workflowID, default: [:]][task.taskID] = GatheringTaskRow(
                    workflowID: task.workflowID, taskID: task.taskID, planIndex: task.planIndex, weight: task.weight,
                    domain: task.domain)
            }
        }
        return begun
    }

    /// What the merge needs of the dispatcher's rows; a task of the plan has none while it is pending.
    func plans(of ids: [String]) -> [String: WorkflowPlan] {
        var plans: [String: WorkflowPlan] = [:]
        for id in ids {
            guard let workflow = workflows[id] else { continue }
            let planned = workflow.plan?["tasks"]?.object ?? JSONObject()
            func weight(_ key: String) -> Int { planned[key]?["weight"]?.int ?? 1 }
            var present = taskRows(id).map {
                WorkflowPlan.Task(
                    taskID: $0.taskID, position: $0.position, weight: weight($0.key), domain: $0.domain,
                    status: $0.status, attempt: $0.attempt)
            }
            let known = Set(present.map(\.taskID))
            for (position, member) in planned.members.enumerated() where !known.contains(member.name) {
                present.append(
                    WorkflowPlan.Task(
                        taskID: member.name, position: position, weight: weight(member.name),
                        domain: member.value["domain"]?.string, status: "pending", attempt: 0))
            }
            present.sort { ($0.position, $0.taskID) < ($1.position, $1.taskID) }
            plans[id] = WorkflowPlan(gather: workflow.gather, tasks: present)
        }
        return plans
    }

    /// How tasks ended; those that have not are left out.
    func ends(of ids: [String]) -> [String: WorkflowPlan] {
        var plans: [String: WorkflowPlan] = [:]
        for id in ids {
            let ended = taskRows(id).filter { $0.endedAt != nil }.map {
                WorkflowPlan.Task(
                    taskID: $0.taskID, position: $0.position, weight: 1, domain: $0.domain, status: $0.status,
                    attempt: $0.attempt)
            }
            if !ended.isEmpty {
                plans[id] = WorkflowPlan(
                    gather: nil, tasks: ended.sorted { ($0.position, $0.taskID) < ($1.position, $1.taskID) })
            }
        }
        return plans
    }

    func ingest(_ batch: [Ingest], beginning: [Beginning] = []) -> [String: Int] {
        let begun = begin(beginning)
        var written = take(batch)
        for id in beginning.map(\.definition.workflowID) { written[id] = begun.contains(id) ? written[id] ?? 0 : nil }
        return written
    }

    private func take(_ batch: [Ingest]) -> [String: Int] {
        var written: [String: Int] = [:]
        for ingest in batch {
            let copy = ingest.gathering
            guard var row = gatherings[copy.workflowID], row.revision == copy.revision, row.ingestSeq == copy.ingestSeq
            else { continue }
            row.ingestSeq += ingest.taken
            (row.status, row.closeAt, row.extra) = (copy.status, copy.closeAt, copy.extra)
            if ingest.isClean { row.publishedSeq = row.ingestSeq }
            row.dirtySince = row.ingestSeq > row.publishedSeq ? row.dirtySince ?? now : nil
            gatherings[copy.workflowID] = row
            written[copy.workflowID] = row.ingestSeq
            for task in ingest.tasks { gatheringTasks[copy.workflowID, default: [:]][task.taskID] = task }
            for artifact in ingest.artifacts { take(artifact) }
        }
        return written
    }

    private func take(_ artifact: ArtifactRow) {
        var rows = artifacts[artifact.workflowID] ?? []
        if let index = rows.firstIndex(where: { $0.isSame(as: artifact) }) {
            // One whose payload has been fetched meanwhile, or is to be tried again later.
            guard rows[index].retryAt != nil else { return }
            (rows[index].payload, rows[index].rejected, rows[index].retryAt) =
                (artifact.payload, artifact.rejected, artifact.retryAt)
        } else {
            var artifact = artifact
            artifact.receivedAt = now
            rows.append(artifact)
        }
        artifacts[artifact.workflowID] = rows
    }

    func publish(
        _ batch: [Publication], confirmed: [(workflowID: String, revision: Int)] = []
    ) -> [String: Int] {
        defer { confirm(confirmed) }
        var written: [String: Int] = [:]
        for publication in batch {
            let copy = publication.gathering
            guard var row = gatherings[copy.workflowID], row.revision == copy.revision, row.ingestSeq == copy.ingestSeq
            else { continue }
            row.revision += 1
            row.publishedSeq = row.ingestSeq
            row.dirtySince = nil
            row.extra = copy.extra
            if publication.closes {
                row.closedRevision = row.closedRevision ?? row.revision
                row.closeAt = nil
            }
            gatherings[copy.workflowID] = row
            written[copy.workflowID] = row.revision
            var revision = publication.progress
            revision.revision = row.revision
            revision.createdAt = now
            progress[copy.workflowID, default: []].append(revision)
        }
        return written
    }

    func settleUnchanged(_ rows: [GatheringRow]) -> Set<String> {
        var settled: Set<String> = []
        for copy in rows {
            guard let row = gatherings[copy.workflowID], row.revision == copy.revision, row.ingestSeq == copy.ingestSeq
            else { continue }
            gatherings[copy.workflowID]?.publishedSeq = row.ingestSeq
            gatherings[copy.workflowID]?.dirtySince = nil
            settled.insert(copy.workflowID)
        }
        return settled
    }

    func confirm(_ revisions: [(workflowID: String, revision: Int)]) {
        for (id, revision) in revisions {
            for index in (progress[id] ?? []).indices where progress[id]?[index].revision == revision {
                if progress[id]?[index].confirmedAt == nil { progress[id]?[index].confirmedAt = now }
            }
        }
    }

    func progress(of id: String, after revision: Int?) -> [ProgressRow] {
        let rows = progress[id] ?? []
        let first = revision.map { $0 + 1 } ?? rows.last(where: \.isSnapshot)?.revision ?? 0
        return rows.filter { $0.revision >= first }
    }

    func unconfirmed(for span: Int64, limit: Int) -> [ProgressRow] {
        let rows = progress.values.flatMap { $0 }.filter { $0.confirmedAt == nil && $0.createdAt < now - span }
        return Array(
            rows.sorted { ($0.createdAt, $0.workflowID, $0.revision) < ($1.createdAt, $1.workflowID, $1.revision) }
                .prefix(limit))
    }

    func abandoned(dirtyFor dirty: Int64, overdueBy overdue: Int64, limit: Int) -> [String] {
        var ids: Set<String> = []
        for row in gatherings.values {
            if let since = row.dirtySince, since < now - dirty { ids.insert(row.workflowID) }
            if let close = row.closeAt, close < now - overdue { ids.insert(row.workflowID) }
        }
        for rows in artifacts.values {
            for row in rows where row.retryAt.map({ $0 < now - overdue }) ?? false { ids.insert(row.workflowID) }
        }
        return Array(ids.sorted().prefix(limit))
    }
}

extension ArtifactRow {
    fileprivate func isSame(as other: ArtifactRow) -> Bool {
        taskID == other.taskID && name == other.name && attempt == other.attempt && seq == other.seq
            && digest == other.digest
    }
}
