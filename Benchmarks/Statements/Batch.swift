import Foundation
import JSON
import Postgres
import Store

/// A hundred workflows that run, spread over all there are, each time by one step further.
final class Batch {
    let ids: [String]
    private var workflows: [String: WorkflowRow]
    private var gatherings: [String: GatheringRow]
    /// Of this process; what an earlier one has written has other ids.
    private let mark = UInt64.random(in: .min ... .max)
    private var step = 0

    struct Behind: Error {
        let workflows: [String]
    }

    /// - Parameter place: which hundred: what one benchmark writes is not what another reads.
    init(_ store: Store, place: Int) async throws {
        let spread = try await store.database.query(
            Statement(
                "spread",
                """
                SELECT id FROM baton.workflows WHERE status = 'running' AND wake_at IS NOT NULL
                ORDER BY md5(id) LIMIT 100 OFFSET $1
                """), [.int(place * 100)])
        ids = try spread.map { try $0["id"] }.sorted()
        workflows = try await store.load(ids).workflows.mapValues(\.row)
        gatherings = try await store.gatherings(ids).gatherings.mapValues(\.row)
        guard ids.count == 100, workflows.count == 100, gatherings.count == 100 else { throw Behind(workflows: ids) }
    }

    // MARK: What the dispatcher writes

    /// Of each workflow a task has ended, and the next one is ordered.
    func next() -> Changes {
        step += 1
        var changes = Changes()
        for id in ids {
            guard var row = workflows[id] else { continue }
            let (ended, ordered) = ("t\(step % 10 + 1)", "t\((step + 1) % 10 + 1)")
            row.seq += 2
            (row.plan, row.input) = (nil, nil)
            changes.workflows.append(row)
            changes.tasks.append(task(id, ended, status: "succeeded"))
            changes.tasks.append(task(id, ordered, status: "dispatched"))
            changes.events.append(event(id, row.seq - 1, "task.completed", ended))
            changes.events.append(event(id, row.seq, "task.dispatched", ordered))
        }
        return changes
    }

    func committed(_ outcome: CommitOutcome) throws {
        guard outcome.lost.isEmpty else { throw Behind(workflows: outcome.lost.sorted()) }
        for (id, revision) in outcome.revisions {
            workflows[id]?.revision = revision
            workflows[id]?.seq += 2
        }
    }

    private func task(_ workflow: String, _ id: String, status: String) -> TaskRow {
        let hasEnded = status == "succeeded"
        return TaskRow(
            workflowID: workflow, taskID: id, key: id, position: 0, skill: "bench.echo", domain: "data-read",
            status: status, attempt: 1, executor: hasEnded ? "data-read-1" : nil, createdAt: Self.monday,
            dispatchedAt: Self.monday, startedAt: hasEnded ? Self.monday : nil,
            endedAt: hasEnded ? Self.monday + 500 : nil, output: hasEnded ? Self.output : nil)
    }

    private func event(_ workflow: String, _ seq: Int, _ type: String, _ task: String) -> EventRow {
        EventRow(
            workflowID: workflow, seq: seq, id: "\(mark)-\(workflow)-\(seq)", type: type, taskID: task, attempt: 1,
            causation: "\(mark)-\(workflow)-\(step)", actor: "data-read-1", recordedAt: Self.monday, exchange: "task",
            routingKey: "\(type).data-read.bench.echo", body: Self.output.serialized())
    }

    // MARK: What the gatherer writes

    func nextIngest() -> [Ingest] {
        step += 1
        return ids.compactMap { id in
            guard let row = gatherings[id] else { return nil }
            let end = GatheringTaskRow(
                workflowID: id, taskID: "t\(step % 5 + 1)", planIndex: step % 5, domain: "data-read",
                endState: "succeeded", manifest: ["result"])
            var digest = Array("\(mark) \(step)".utf8.prefix(32))
            digest += Array(repeating: 0, count: 32 - digest.count)
            let artifact = ArtifactRow(
                workflowID: id, taskID: end.taskID, name: "result", attempt: 1, seq: step, digest: digest,
                domain: "data-read", skillID: "bench.echo", confidence: "1", kind: "data",
                mediaType: "application/json", bytes: 256, finishedAt: Self.monday,
                payload: Self.output.serialized())
            return Ingest(gathering: row, taken: 1, tasks: [end], artifacts: [artifact])
        }
    }

    func ingested(_ written: [String: Int]) throws {
        guard written.count == ids.count else { throw Behind(workflows: ids.filter { written[$0] == nil }) }
        for (id, seq) in written { gatherings[id]?.ingestSeq = seq }
    }

    func nextRevisions() -> [Publication] {
        ids.compactMap { id in
            guard let row = gatherings[id] else { return nil }
            let progress = ProgressRow(
                workflowID: id, revision: row.revision + 1, isSnapshot: false, event: Self.output.serialized(),
                id: "\(mark)-\(id)-\(row.revision + 1)", exchange: "workflow",
                routingKey: "workflow.progress.early.running")
            return Publication(gathering: row, closes: false, progress: progress)
        }
    }

    func published(_ written: [String: Int]) throws {
        guard written.count == ids.count else { throw Behind(workflows: ids.filter { written[$0] == nil }) }
        for (id, revision) in written { gatherings[id]?.revision = revision }
    }

    /// 2026-01-05 09:00 UTC.
    private static let monday: Int64 = 1_767_603_600_000
    private static let output: JSONValue = [
        "wf": "w1", "k": "t1", "at": "2026-01-05T09:00:00.000Z", "pad": .string(String(repeating: "x", count: 200)),
    ]
}
