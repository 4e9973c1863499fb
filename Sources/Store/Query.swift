import Postgres

/// The statements of `Queries/`, one a file.
enum Query {
    static let commit = Statement("commit", PackageResources.commit_sql)
    static let loadWorkflows = Statement("load_workflows", PackageResources.load_workflows_sql)
    static let loadTasks = Statement("load_tasks", PackageResources.load_tasks_sql)
    static let loadTaken = Statement("load_taken", PackageResources.load_taken_sql)
    static let eventsByCausation = Statement("events_by_causation", PackageResources.events_by_causation_sql)
    static let history = Statement("history", PackageResources.history_sql)
    static let extendLeases = Statement("extend_leases", PackageResources.extend_leases_sql)
    static let sweepTasks = Statement("sweep_tasks", PackageResources.sweep_tasks_sql)
    static let dueWorkflows = Statement("due_workflows", PackageResources.due_workflows_sql)
    static let sweepWorkflows = Statement("sweep_workflows", PackageResources.sweep_workflows_sql)
    static let takeSlot = Statement("take_slot", PackageResources.take_slot_sql)
    static let sweepSlots = Statement("sweep_slots", PackageResources.sweep_slots_sql)
    static let nextQueued = Statement("next_queued", PackageResources.next_queued_sql)

    static let announceReplica = Statement("announce_replica", PackageResources.announce_replica_sql)
    static let liveReplicas = Statement("live_replicas", PackageResources.live_replicas_sql)
    static let removeReplica = Statement("remove_replica", PackageResources.remove_replica_sql)
    static let upsertExecutors = Statement("upsert_executors", PackageResources.upsert_executors_sql)
    static let liveExecutors = Statement("live_executors", PackageResources.live_executors_sql)
    static let forgetExecutors = Statement("forget_executors", PackageResources.forget_executors_sql)

    static let insertDefinition = Statement("insert_definition", PackageResources.insert_definition_sql)
    static let definition = Statement("definition", PackageResources.definition_sql)
    static let latestDefinitions = Statement("latest_definitions", PackageResources.latest_definitions_sql)
    static let insertSkill = Statement("insert_skill", PackageResources.insert_skill_sql)
    static let skill = Statement("skill", PackageResources.skill_sql)
    static let latestSkillVersions = Statement("latest_skill_versions", PackageResources.latest_skill_versions_sql)
    static let latestSkills = Statement("latest_skills", PackageResources.latest_skills_sql)

    static let insertLogs = Statement("insert_logs", PackageResources.insert_logs_sql)
    static let logs = Statement("logs", PackageResources.logs_sql)
    static let listWorkflows = Statement("list_workflows", PackageResources.list_workflows_sql)
    static let listArtifacts = Statement("list_artifacts", PackageResources.list_artifacts_sql)
    static let insertAudit = Statement("insert_audit", PackageResources.insert_audit_sql)

    static let loadGatherings = Statement("load_gatherings", PackageResources.load_gatherings_sql)
    static let loadGatheringTasks = Statement("load_gathering_tasks", PackageResources.load_gathering_tasks_sql)
    static let loadArtifacts = Statement("load_artifacts", PackageResources.load_artifacts_sql)
    static let createGatherings = Statement("create_gatherings", PackageResources.create_gatherings_sql)
    static let ingest = Statement("ingest", PackageResources.ingest_sql)
    static let publish = Statement("publish", PackageResources.publish_sql)
    static let settleUnchanged = Statement("settle_unchanged", PackageResources.settle_unchanged_sql)
    static let confirmProgress = Statement("confirm_progress", PackageResources.confirm_progress_sql)
    static let unconfirmedProgress = Statement("unconfirmed_progress", PackageResources.unconfirmed_progress_sql)
    static let abandonedGatherings = Statement("abandoned_gatherings", PackageResources.abandoned_gatherings_sql)
    static let progress = Statement("progress", PackageResources.progress_sql)

    static let loadNotifications = Statement("load_notifications", PackageResources.load_notifications_sql)
    static let saveNotifications = Statement("save_notifications", PackageResources.save_notifications_sql)
    static let requestNotifications = Statement("request_notifications", PackageResources.request_notifications_sql)
    static let notifyOf = Statement("notify_of", PackageResources.notify_of_sql)
    static let dueNotifications = Statement("due_notifications", PackageResources.due_notifications_sql)

    static let beginSnapshot = Statement("begin_snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    static let endSnapshot = Statement("end_snapshot", "COMMIT")
}

extension Statement {
    /// - Parameter text: the file's bytes.
    init(_ name: String, _ text: [UInt8]) { self.init(name, String(decoding: text, as: UTF8.self)) }
}
