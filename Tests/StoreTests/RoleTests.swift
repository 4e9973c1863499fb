import Postgres
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A role` {
    @Test func `may do its work and nothing else`() async throws {
        try await withRoles { settings, roles in
            func may(_ role: DatabaseRole, _ sql: String) async throws -> Bool {
                var login = settings
                (login.user, login.password) = (roles.name(of: role), "secret \(role)")
                let connection = try await PostgresConnection.open(login)
                do {
                    try await connection.execute(Statement("try", sql))
                    await connection.close()
                    return true
                } catch {
                    await connection.close()
                    guard error.sqlState == "42501" else { throw error }
                    return false
                }
            }
            let allowed: [(DatabaseRole, String)] = [
                (.planner, "SELECT FROM baton.definitions"), (.dispatcher, "UPDATE baton.tasks SET attempt = 2"),
                (.dispatcher, "SELECT baton.ensure_events_of(ARRAY['2030-05-01'::date])"),
                (.gatherer, "UPDATE baton.gatherings SET status = 'failed'"),
                (.notifier, "INSERT INTO baton.notifications VALUES ('w', 'c')"),
                (.api, "SELECT baton.ensure_task_logs_of(ARRAY['2030-05-01'::date])"),
                (.api, "DELETE FROM baton.api_keys"),
                (.cli, "INSERT INTO baton.skills VALUES ('w', 's', 1, 'd', 'x', '{}')"),
                (.cli, "SELECT FROM baton.events"),
            ]
            for (role, sql) in allowed {
                let permitted = try await may(role, sql)
                #expect(permitted, "\(role): \(sql)")
            }
            let refused: [(DatabaseRole, String)] = [
                (.planner, "INSERT INTO baton.definitions VALUES ('w', 'n', 1, 'x', '{}')"),
                (.planner, "SELECT FROM baton.tasks"),
                (.dispatcher, "UPDATE baton.events SET data = '{}'"), (.dispatcher, "DELETE FROM baton.events"),
                (.dispatcher, "SELECT FROM baton.artifacts"), (.gatherer, "UPDATE baton.workflows SET priority = 1"),
                (.gatherer, "SELECT baton.ensure_events_of(ARRAY['2030-05-01'::date])"),
                (.notifier, "UPDATE baton.progress SET confirmed_at = now()"),
                (.api, "UPDATE baton.workflows SET priority = 1"),
                (.api, "DELETE FROM baton.audit"), (.cli, "UPDATE baton.definitions SET digest = ''"),
                (.cli, "SELECT FROM baton.api_keys"), (.dispatcher, "CREATE TABLE baton.mine ()"),
                (.cli, "CREATE SCHEMA mine"),
                (.planner, "CREATE TEMP TABLE mine ()"),
            ]
            for (role, sql) in refused {
                let permitted = try await may(role, sql)
                #expect(!permitted, "\(role): \(sql)")
            }
        }
    }

    @Test func `serves the whole work of its process`() async throws {
        try await withRoles { settings, roles in
            func store(_ role: DatabaseRole) -> Store {
                var login = settings
                (login.user, login.password) = (roles.name(of: role), "secret \(role)")
                return Store(PostgresPool(login, limit: 1))
            }
            let dispatcher = store(.dispatcher)
            _ = try await dispatcher.commit(
                Changes(
                    workflows: [workflow("w")], tasks: [task("w", "t")], events: [event("w", 1)],
                    leases: [RowLease(workflowID: "w", taskID: "t", attempt: 1, executor: "e", until: monday)]))
            _ = try await dispatcher.load(["w"])
            _ = try await dispatcher.events(causedBy: ["m"])
            _ = try await dispatcher.sweepOverdue()
            _ = try await dispatcher.takeSlot(of: "k", limit: 1, for: "w")
            _ = try await dispatcher.nextQueued(for: ["k"])
            _ = try await dispatcher.announce("d", .dispatcher)
            try await dispatcher.withdraw("d")
            try await dispatcher.record([ExecutorRow(id: "e", domain: "payments", concurrency: 1, running: 0)])
            _ = try await dispatcher.liveExecutors()
            try await dispatcher.forgetExecutors(silentFor: .seconds(60))
            let gatherer = store(.gatherer)
            _ = try await gatherer.announce("g", .gatherer)
            try await gatherer.ingest(
                [],
                beginning: [
                    Beginning(definition: gathering("w"), tasks: [GatheringTaskRow(workflowID: "w", taskID: "t")])
                ])
            _ = try await gatherer.gatherings(["w"])
            _ = try await gatherer.ingest([
                Ingest(
                    gathering: gathering("w"), taken: 1, tasks: [GatheringTaskRow(workflowID: "w", taskID: "t")],
                    artifacts: [artifact("w", "a")])
            ])
            _ = try await gatherer.settleUnchanged([gathering("w", ingestSeq: 1)])
            _ = try await gatherer.publish([
                Publication(gathering: gathering("w", ingestSeq: 1), closes: false, progress: revision("w", 1))
            ])
            try await gatherer.confirm([("w", 1)])
            _ = try await gatherer.unconfirmed()
            _ = try await gatherer.abandonedGatherings()
            _ = try await gatherer.plans(of: ["w"])
            let notifier = store(.notifier)
            try await notifier.save([NotificationRow(workflowID: "w", channel: "c")])
            _ = try await notifier.notifications(["w"])
            _ = try await notifier.dueNotifications()
            _ = try await notifier.progress(of: "w")
            let api = store(.api)
            try await api.write([
                LogRow(workflowID: "w", taskID: "t", attempt: 1, id: "m", recordedAt: monday, lines: [])
            ])
            try await api.audit(workspace: "default", actor: "ada", action: "cancel", subject: "w", details: nil)
            let cli = store(.cli)
            _ = try await cli.register(
                SkillRow(workspace: "default", id: "s", version: 1, domain: "payments", digest: "x", skill: [:]))
            _ = try await cli.register(
                DefinitionRow(workspace: "default", name: "d", version: nil, digest: "x", definition: [:]))
            let listed = try await cli.workflows()
            let shown = try await cli.workflow("w")
            let history = try await cli.history("w")
            let artifacts = try await cli.artifacts(of: "w")
            let logs = try await cli.logs(of: "w")
            #expect(
                listed.count == 1 && shown?.tasks.count == 1 && history.count == 1 && artifacts.count == 1
                    && logs.count == 1)
            let planner = store(.planner)
            let skills = try await planner.skills(workspace: "default")
            let definition = try await planner.definition("d", workspace: "default")
            #expect(skills.count == 1 && definition != nil)
            for store in [dispatcher, gatherer, notifier, api, cli, planner] { await store.database.close() }
        }
    }

    @Test func `is set up again without harm, with a new password`() async throws {
        try await withRoles { settings, roles in
            try await roles.apply(passwords: [:])
            try await roles.apply(passwords: [.cli: "new"])
            let name = roles.name(of: .cli)
            let connection = try await PostgresConnection.open(settings)
            let hashes = try await connection.query(
                Statement("hash", "SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY ($1)"),
                [.texts([name, roles.name(of: .api)])])
            for row in hashes {
                let hash: String? = try row["rolpassword"]
                #expect(try row["rolname"] == name ? hash?.hasPrefix("SCRAM-SHA-256$") == true : hash == nil)
            }
            #expect(hashes.count == 2)
            await connection.close()
        }
    }

    @Test(arguments: ["", "1abc", "a-b", "a\"; DROP", "Ä", String(repeating: "a", count: 41)])
    func `has a plain name`(prefix: String) throws {
        let settings = try TestServers.postgres
        #expect(throws: PostgresError.self) { try RoleSetup(settings, prefix: prefix) }
    }
}

/// Lends a database with a set of roles of its own.
private nonisolated(nonsending) func withRoles(
    _ body: nonisolated(nonsending) (PostgresSettings, RoleSetup) async throws -> Void
) async throws {
    try await withDatabase { settings in
        let roles = try RoleSetup(settings, prefix: "test\(UInt32.random(in: .min ... .max))")
        let passwords = DatabaseRole.allCases.map { ($0, "secret \($0)") }
        let outcome: Result<Void, any Error>
        do {
            try await roles.apply(passwords: Dictionary(uniqueKeysWithValues: passwords))
            outcome = .success(try await body(settings, roles))
        } catch { outcome = .failure(error) }
        try await roles.remove()
        try outcome.get()
    }
}
