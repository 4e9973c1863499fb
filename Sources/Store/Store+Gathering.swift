import JSON
import Postgres

/// A gathering as it was read.
package struct StoredGathering: Sendable {
    package var row: GatheringRow
    /// In the order of the plan.
    package var tasks: [GatheringTaskRow]
    package var artifacts: [ArtifactRow]

    package init(row: GatheringRow, tasks: [GatheringTaskRow] = [], artifacts: [ArtifactRow] = []) {
        self.row = row
        self.tasks = tasks
        self.artifacts = artifacts
    }
}

/// The first rows of a gathering: what its definition and its plan say.
package struct Beginning: Sendable {
    package var definition: GatheringRow
    package var tasks: [GatheringTaskRow]

    package init(definition: GatheringRow, tasks: [GatheringTaskRow]) {
        self.definition = definition
        self.tasks = tasks
    }
}

/// What a batch of messages adds to one gathering.
package struct Ingest: Sendable {
    /// With the `revision` and the `ingestSeq` that the owner's copy has; `status`, `closeAt` and `extra` as they are to be.
    package var gathering: GatheringRow
    /// How many messages changed something: `ingestSeq` grows by so many.
    package var taken: Int
    /// Whole rows, as they are to be.
    package var tasks: [GatheringTaskRow]
    package var artifacts: [ArtifactRow]
    /// Nothing that is shown has changed since the last revision: there is nothing to publish.
    package var isClean: Bool

    package init(
        gathering: GatheringRow, taken: Int, tasks: [GatheringTaskRow] = [], artifacts: [ArtifactRow] = [],
        isClean: Bool = false
    ) {
        self.gathering = gathering
        self.taken = taken
        self.tasks = tasks
        self.artifacts = artifacts
        self.isClean = isClean
    }
}

/// A revision to be made of a gathering.
package struct Publication: Sendable {
    /// With the `revision` and the `ingestSeq` that the owner's copy has, and `extra` as it is to be.
    package var gathering: GatheringRow
    /// Whether this is the first closed revision.
    package var closes: Bool
    /// Its `revision` is the gathering's plus one.
    package var progress: ProgressRow

    package init(gathering: GatheringRow, closes: Bool, progress: ProgressRow) {
        self.gathering = gathering
        self.closes = closes
        self.progress = progress
    }
}

extension Store {
    /// Reads gatherings with everything that their merge needs, as they stand at one moment.
    ///
    /// - Returns: by workflow; and the database's clock, absent when nothing was found.
    package func gatherings(_ workflowIDs: [String]) async throws -> (
        gatherings: [String: StoredGathering], clock: Int64?
    ) {
        guard !workflowIDs.isEmpty else { return ([:], nil) }
        let parameters = [PostgresValue.texts(workflowIDs)]
        let results = try await snapshot(
            [Query.loadGatherings, Query.loadGatheringTasks, Query.loadArtifacts], parameters)
        return (try [String: StoredGathering](results), try results[0].rows.first?["clock"])
    }

    /// The same, and of workflows that have no gathering yet the plans that theirs begins with.
    package func gatheringsOrPlans(
        of workflowIDs: [String]
    ) async throws -> (gatherings: [String: StoredGathering], plans: [String: WorkflowPlan]) {
        guard !workflowIDs.isEmpty else { return ([:], [:]) }
        let parameters = [PostgresValue.texts(workflowIDs)]
        let results = try await snapshot(
            [
                Query.loadGatherings, Query.loadGatheringTasks, Query.loadArtifacts, Query.workflowPlans,
                Query.plannedTasks,
            ], parameters)
        let gatherings = try [String: StoredGathering](results)
        let plans = try [String: WorkflowPlan](results[3...])
        return (gatherings, plans.filter { gatherings[$0.key] == nil })
    }

    /// Takes artifacts and endings in; gathering by gathering all or nothing.
    ///
    /// - Parameter beginning: gatherings that are begun by this, before anything is taken into them. One that somebody else
    ///   has begun is left alone, with its tasks.
    /// - Returns: the new `ingestSeq` of each gathering that was written. Of the others somebody else has moved on, or they
    ///   were begun by somebody else: read them anew, and decide again.
    @discardableResult
    package func ingest(_ batch: [Ingest], beginning: [Beginning] = []) async throws -> [String: Int] {
        guard !batch.isEmpty || !beginning.isEmpty else { return [:] }
        let sorted = batch.sorted { $0.gathering.workflowID < $1.gathering.workflowID }
        let tasks = Dictionary(sorted.flatMap(\.tasks).map { ([$0.workflowID, $0.taskID], $0) }) { $1 }.values
            .sorted { ($0.workflowID, $0.taskID) < ($1.workflowID, $1.taskID) }
        let artifacts = Array(
            Dictionary(sorted.flatMap(\.artifacts).map { (ArtifactKey($0), $0) }) { first, _ in first }.values)
        let parameters =
            [
                sorted.texts(\.gathering.workflowID), sorted.ints(\.gathering.revision),
                sorted.ints(\.gathering.ingestSeq),
                sorted.ints(\.taken), sorted.texts(\.gathering.status), sorted.times(\.gathering.closeAt),
                sorted.jsons(\.gathering.extra),
            ] + tasks.parameters + artifacts.parameters + [sorted.bools(\.isClean)]
        let statements =
            (beginning.isEmpty ? [] : [(Query.createGatherings, beginning.parameters)]) + [(Query.ingest, parameters)]
        let results = try await persistently { try await database.pipeline(statements) }
        var written: [String: Int] = [:]
        for row in results.last?.rows ?? [] { written[try row["workflow_id"]] = try row["ingest_seq"] }
        guard !beginning.isEmpty else { return written }
        let made = try Set(results[0].rows.map { (row) throws -> String in try row["workflow_id"] })
        for id in beginning.map(\.definition.workflowID) {
            written[id] = made.contains(id) ? written[id] ?? 0 : nil
        }
        return written
    }

    /// Makes the newest states revisions, where nobody else has moved them on.
    ///
    /// - Parameter confirmed: earlier revisions that the broker has, as ``confirm(_:)`` writes them down.
    /// - Returns: the new revision of each gathering that was written; the others: read them anew.
    package func publish(
        _ batch: [Publication], confirmed: [(workflowID: String, revision: Int)] = []
    ) async throws -> [String: Int] {
        guard !batch.isEmpty else { return [:] }
        let sorted = batch.sorted { $0.gathering.workflowID < $1.gathering.workflowID }
        let parameters = [
            sorted.texts(\.gathering.workflowID), sorted.ints(\.gathering.revision),
            sorted.ints(\.gathering.ingestSeq),
            sorted.bools(\.closes), sorted.bools(\.progress.isSnapshot), sorted.blobs(\.progress.event),
            sorted.texts(\.progress.id), sorted.texts(\.progress.exchange), sorted.texts(\.progress.routingKey),
            sorted.jsons(\.gathering.extra),
        ]
        var statements = [(Query.publish, parameters)]
        if !confirmed.isEmpty { statements.append((Query.confirmProgress, confirmed.parameters)) }
        let rows = try await persistently { [statements] in try await database.pipeline(statements) }[0].rows
        var written: [String: Int] = [:]
        for row in rows { written[try row["workflow_id"]] = try row["revision"] }
        return written
    }

    /// Marks gatherings clean whose last input changed nothing that is shown, where nobody else has moved them on.
    ///
    /// - Returns: those that were marked; the others: read them anew.
    package func settleUnchanged(_ gatherings: [GatheringRow]) async throws -> Set<String> {
        guard !gatherings.isEmpty else { return [] }
        let parameters = [gatherings.texts(\.workflowID), gatherings.ints(\.revision), gatherings.ints(\.ingestSeq)]
        let rows = try await persistently { try await database.query(Query.settleUnchanged, parameters) }
        return try Set(rows.map { try $0["workflow_id"] })
    }

    /// The broker has confirmed these revisions.
    package func confirm(_ revisions: [(workflowID: String, revision: Int)]) async throws {
        guard !revisions.isEmpty else { return }
        try await database.execute(Query.confirmProgress, revisions.parameters)
    }

    /// Revisions that the broker may not have, to be sent again in this order.
    package func unconfirmed(for span: Duration = .seconds(5), limit: Int = 1000) async throws -> [ProgressRow] {
        try await database.query(Query.unconfirmedProgress, [.interval(span), .int(limit)]).map(ProgressRow.init)
    }

    /// Gatherings that an owner left behind: dirty for long, past their time to close, or with a payload to fetch again.
    package func abandonedGatherings(
        dirtyFor dirty: Duration = .seconds(5), overdueBy overdue: Duration = .seconds(2), limit: Int = 1000
    ) async throws -> [String] {
        try await database.query(Query.abandonedGatherings, [.interval(dirty), .interval(overdue), .int(limit)])
            .map { try $0["workflow_id"] }
    }
}

extension Dictionary where Key == String, Value == StoredGathering {
    /// - Parameter results: of load_gatherings.sql, load_gathering_tasks.sql and load_artifacts.sql.
    fileprivate init(_ results: [PostgresResult]) throws {
        self.init()
        for row in results[0].rows {
            let gathering = try GatheringRow(row)
            self[gathering.workflowID] = StoredGathering(row: gathering, tasks: [], artifacts: [])
        }
        for row in results[1].rows {
            let task = try GatheringTaskRow(row)
            self[task.workflowID]?.tasks.append(task)
        }
        for row in results[2].rows {
            let artifact = try ArtifactRow(row)
            self[artifact.workflowID]?.artifacts.append(artifact)
        }
    }
}

extension [Beginning] {
    /// The arrays of create_gatherings.sql, in its order.
    fileprivate var parameters: [PostgresValue] {
        let (rows, tasks) = (map(\.definition), flatMap(\.tasks))
        return [
            rows.texts(\.workflowID), rows.jsons(\.definition), tasks.texts(\.workflowID), tasks.texts(\.taskID),
            tasks.ints(\.planIndex), tasks.ints(\.weight), tasks.texts(\.domain),
        ]
    }
}

extension [(workflowID: String, revision: Int)] {
    /// The arrays of confirm_progress.sql, in its order.
    fileprivate var parameters: [PostgresValue] { [texts(\.workflowID), ints(\.revision)] }
}

/// What makes two artifacts one.
private struct ArtifactKey: Hashable {
    let workflowID: String
    let taskID: String
    let name: String
    let attempt: Int
    let seq: Int
    let digest: [UInt8]

    init(_ row: ArtifactRow) {
        (workflowID, taskID, name) = (row.workflowID, row.taskID, row.name)
        (attempt, seq, digest) = (row.attempt, row.seq, row.digest)
    }
}

extension GatheringRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], definition: try row.wholeJSON("definition"), status: try row["status"],
            ingestSeq: try row["ingest_seq"], publishedSeq: try row["published_seq"], revision: try row["revision"],
            closedRevision: try row["closed_revision"], dirtySince: try row["dirty_since"],
            closeAt: try row["close_at"],
            createdAt: try row["created_at"], extra: try row.json("extra"))
    }
}

extension GatheringTaskRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], taskID: try row["task_id"], planIndex: try row["plan_index"],
            weight: try row["weight"], domain: try row["domain"], epoch: try row["epoch"],
            endState: try row["end_state"],
            manifest: try row["manifest"], extra: try row.json("extra"))
    }
}

extension ArtifactRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], taskID: try row["task_id"], name: try row["name"],
            attempt: try row["attempt"], seq: try row["seq"], digest: try row["digest"], domain: try row["domain"],
            skillID: try row["skill_id"], confidence: try row["confidence"], summary: try row["summary"],
            kind: try row["kind"], mediaType: try row["media_type"], bytes: try row["bytes"], sha256: try row["sha256"],
            startedAt: try row["started_at"], finishedAt: try row["finished_at"], payloadRef: try row["payload_ref"],
            payload: try row["payload"], rejected: try row["rejected"], retryAt: try row["retry_at"],
            receivedAt: try row["received_at"])
    }
}

extension ProgressRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workflowID: try row["workflow_id"], revision: try row["revision"], isSnapshot: try row["snapshot"],
            event: try row["event"], id: try row["id"], exchange: try row["exchange"],
            routingKey: try row["routing_key"],
            createdAt: try row["created_at"], confirmedAt: try row["confirmed_at"])
    }
}

// The arrays of ingest.sql, in its order.

extension [GatheringTaskRow] {
    fileprivate var parameters: [PostgresValue] {
        [
            texts(\.workflowID), texts(\.taskID), ints(\.planIndex), ints(\.weight), texts(\.domain), ints(\.epoch),
            texts(\.endState), jsons { .array($0.manifest.map { .string($0) }) }, jsons(\.extra),
        ]
    }
}

extension [ArtifactRow] {
    fileprivate var parameters: [PostgresValue] {
        [
            texts(\.workflowID), texts(\.taskID), texts(\.name), ints(\.attempt), ints(\.seq), blobs(\.digest),
            texts(\.domain), texts(\.skillID), texts(\.confidence), texts(\.summary), texts(\.kind), texts(\.mediaType),
            ints(\.bytes), texts(\.sha256), times(\.startedAt), times(\.finishedAt), texts(\.payloadRef),
            blobs(\.payload),
            texts(\.rejected), times(\.retryAt),
        ]
    }
}
