import Contracts
package import Gathering
import JSON
package import Store

/// A merge and its parts, from rows and to rows.
extension Gathering {
    /// Everything that is stored of a merge, taken in at once.
    package init(_ stored: StoredGathering) {
        let row = stored.row
        // It was checked when the definition was registered; one that is not valid any more merges by the defaults.
        let definition = (try? GatherDefinition(row.definition)) ?? GatherDefinition()
        self.init(definition)
        let records = stored.tasks.map(TaskRecord.init)
        for event in records.flatMap(\.events) { apply(event) }
        let run = row.extra?["run"]?.int ?? 1
        apply(.workflowReopened(run: run))
        if let outcome = WorkflowOutcome(rawValue: row.status) {
            apply(.workflowEnded(outcome, run: run, tasks: records.filter(\.isSettled).compactMap(\.ending)))
        }
        for artifact in stored.artifacts { apply(.artifact(Artifact(artifact))) }
        if row.closedRevision != nil { closeOverdue() }
        render()
    }
}

extension TaskRecord {
    init(_ row: GatheringTaskRow) {
        let id = TaskID(unchecked: row.taskID)
        self.init(
            task: id,
            plan: row.planIndex.map {
                PlannedTask(
                    id: id, index: $0, weight: row.weight, domain: row.domain.map { DomainName(unchecked: $0) })
            },
            epoch: row.epoch, end: row.endState.flatMap { EndState(rawValue: $0) },
            isSettled: row.extra?["settled"]?.bool ?? false,
            manifest: row.manifest.map { ArtifactName(unchecked: $0) })
    }

    func row(of workflow: WorkflowID) -> GatheringTaskRow {
        GatheringTaskRow(
            workflowID: workflow.text, taskID: task.text, planIndex: plan?.index, weight: plan?.weight ?? 1,
            domain: plan?.domain?.text, epoch: epoch, endState: end?.rawValue, manifest: manifest.map(\.text),
            extra: isSettled ? ["settled": true] : nil)
    }
}

extension Artifact {
    /// - Parameter json: the payload, when it has been read already.
    init(_ row: ArtifactRow, json: JSONValue? = nil) {
        let payload: Payload =
            if let json {
                .json(json)
            } else if let rejected = row.rejected.flatMap({ Rejection(rawValue: $0) }) {
                .unusable(rejected)
            } else {
                row.payload.map(Payload.init(reading:)) ?? .json([:])
            }
        let confidence = row.confidence.flatMap { JSONNumber(literal: $0) }.map { JSONValue.number($0) }
        self.init(
            task: TaskID(unchecked: row.taskID), name: ArtifactName(unchecked: row.name), attempt: row.attempt,
            seq: row.seq, domain: DomainName(unchecked: row.domain), confidence: confidence ?? .null,
            finishedAt: Timestamp(milliseconds: row.finishedAt ?? 0), digest: row.digest,
            bytes: row.payload?.count ?? row.bytes ?? 0, payload: payload)
    }
}
