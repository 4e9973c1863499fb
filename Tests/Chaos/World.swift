import AMQP
import Contracts
import FaultyNetwork
import Foundation
import JSON
import LocalServers
import Logging
import Postgres
import Provisioning
import Topology

/// All that there is to break: two servers, two replicas of every process, and a door between each replica and each server.
struct World: Sendable {
    let servers: RunningServers
    let state: DevState
    let setup: PipelineSetup
    let fleet: Fleet
    /// By replica, 1 and 2.
    let brokerDoors: [TCPProxy]
    let databaseDoors: [TCPProxy]
    /// Baton's own, as its administrator and past the doors.
    let database: PostgresPool
    /// What the skills write, in a server of its own that nothing happens to.
    let books: PostgresPool
    let management: ManagementAPI
    let baton: String
    let data: String
    /// Where Baton's tables are, when disks are to be filled.
    let smallDisk: SmallDisk?
    /// In place of the one broker.
    let cluster: Cluster?
    /// Our own, to whichever node of the cluster answers.
    private let ownDoors: [TCPProxy]

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let domains = ["data-read", "payments", "platform-db-edge"]

    static func start(baton: String, data: String, hasSmallDisk: Bool, isCluster: Bool) async throws -> World {
        await SmallDisk.unmount(data + "/small")
        try? FileManager.default.removeItem(atPath: data)
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let setup = PipelineSetup(try topology(in: data))
        let journal = Journal(logs: data + "/logs")
        var starter = LocalServers(data: data, batonProgram: baton)
        starter.onEvent = { journal.note($0) }
        starter.prepareState = { state in
            setup.choosePasswords(&state)
            _ = state.password(of: "worker")
        }
        let disk = hasSmallDisk ? try await SmallDisk.mount(at: data + "/small", megabytes: 300) : nil
        do {
            let (servers, _) = try await starter.start { state in
                try await setup.setUpDatabase(state)
                if let disk { try await move(state, to: disk) }
            }
            do {
                return try await furnish(servers, setup, journal, baton: baton, disk, isCluster: isCluster)
            } catch {
                await servers.stop()
                throw error
            }
        } catch {
            if let disk { await SmallDisk.unmount(disk.folder) }
            throw error
        }
    }

    private static func furnish(
        _ servers: RunningServers, _ setup: PipelineSetup, _ journal: Journal, baton: String, _ disk: SmallDisk?,
        isCluster: Bool
    ) async throws -> World {
        var state = await servers.state
        let patience = RestartDelay(first: .milliseconds(500), limit: .seconds(1), settledAfter: .seconds(1))
        await servers.supervisor.keepRunning("rabbitmq", patience)
        await servers.supervisor.keepRunning("postgres", patience)
        var (cluster, ownDoors): (Cluster?, [TCPProxy]) = (nil, [])
        if isCluster {
            cluster = try await Cluster.start(servers, state)
            ownDoors = [try Cluster.door(port: 5672), try Cluster.door(port: 15672)]
            state.ports.amqp = UInt16(ownDoors[0].port)
            state.ports.management = UInt16(ownDoors[1].port)
            try await cluster?.waitUntilWhole(ManagementAPI(try ManagementSettings(url: state.managementURL())))
        }
        try await setup.setUpBroker(state)
        let booksPort = try await servers.startPostgres("books", in: state.data + "/books")
        let books = try await makeBooks(state, port: booksPort)
        let amqp = Int(state.ports.amqp)
        let brokerDoors = try (1...2).map { _ in try isCluster ? Cluster.door(port: 5672) : TCPProxy(to: amqp) }
        let databaseDoors = try (1...2).map { _ in try TCPProxy(to: Int(state.ports.postgres)) }
        var asWorker = state
        asWorker.ports.postgres = booksPort
        let real = state
        let views = zip(brokerDoors, databaseDoors).map { broker, database in
            var view = real
            view.ports.amqp = UInt16(broker.port)
            view.ports.postgres = UInt16(database.port)
            return view
        }
        let fleet = Fleet(
            servers: servers, journal: journal, baton: baton, skills: root + "/Tests/Chaos/Skills", views: views,
            topology: setup.topology, domainDatabase: asWorker.postgresURL(role: "worker", database: "books"))
        let world = World(
            servers: servers, state: state, setup: setup, fleet: fleet, brokerDoors: brokerDoors,
            databaseDoors: databaseDoors,
            database: PostgresPool(
                try PostgresSettings(url: state.postgresURL(database: "baton")), limit: 3, logger: .silent),
            books: books, management: ManagementAPI(try ManagementSettings(url: state.managementURL())), baton: baton,
            data: state.data, smallDisk: disk, cluster: cluster, ownDoors: ownDoors)
        let synced = try await world.command(["skills", "sync", root + "/Tests/Chaos/Skills"])
        guard synced.status == 0 else { throw ChaosError("baton skills sync: " + synced.output) }
        let applied = try await world.command(["definitions", "apply", root + "/Tests/Chaos/child.yaml"])
        guard applied.status == 0 else { throw ChaosError("baton definitions apply: " + applied.output) }
        try await fleet.startAll()
        return world
    }

    /// The product's topology with the firehose on, and a queue in which the ends of all workflows are kept for us.
    private static func topology(in data: String) throws -> Topology {
        let (from, folder) = (root + "/topology", data + "/topology")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: from) {
            var text = try String(contentsOfFile: "\(from)/\(name)", encoding: .utf8)
            if name == "baton.yaml" {
                text = text.replacing("    enabled: false\n", with: "")
                text +=
                    "\n  \(Witness.queue):\n    type: quorum\n    policy: { delivery-limit: 1000000 }\n    bindings:\n      workflow: [workflow.completed]\n"
            }
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        return try TopologyFiles.load(URL(filePath: folder)).expand()
    }

    /// Baton's tables go onto the small disk; the log that says what is committed stays where it is.
    private static func move(_ state: DevState, to disk: SmallDisk) async throws {
        let tables = disk.folder + "/tables"
        try FileManager.default.createDirectory(
            atPath: tables, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let server = try await PostgresConnection.open(try PostgresSettings(url: state.postgresURL()))
        try await server.script("tablespace", "CREATE TABLESPACE small LOCATION '\(tables)'")
        try await server.script("move", "ALTER DATABASE \(PipelineSetup.database) SET TABLESPACE small")
        await server.close()
    }

    private static func makeBooks(_ state: DevState, port: UInt16) async throws -> PostgresPool {
        var state = state
        state.ports.postgres = port
        let server = try await PostgresConnection.open(try PostgresSettings(url: state.postgresURL()))
        try await server.script("create", "CREATE DATABASE books")
        await server.close()
        let books = PostgresPool(
            try PostgresSettings(url: state.postgresURL(database: "books")), limit: 2, logger: .silent)
        try await books.withConnection { connection in
            try await connection.script(
                "books",
                """
                CREATE TABLE runs (key text NOT NULL, attempt int NOT NULL, run uuid NOT NULL, outcome text NOT NULL,
                    at timestamptz NOT NULL DEFAULT clock_timestamp());
                CREATE TABLE effects (key text PRIMARY KEY, run uuid NOT NULL);
                CREATE ROLE worker LOGIN PASSWORD '\(state.passwords["worker"] ?? "")';
                GRANT INSERT, SELECT ON runs, effects TO worker;
                """)
        }
        return books
    }

    func stop() async {
        await database.close()
        await books.close()
        await servers.stop()
        if let smallDisk { await SmallDisk.unmount(smallDisk.folder) }
        if cluster != nil { await Cluster.tearDown() }
    }

    // MARK: Looking

    /// The rows of a query, each an object.
    func rows(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [JSONValue] {
        try await Self.rows(database, sql, parameters)
    }

    static func rows(_ pool: PostgresPool, _ sql: String, _ parameters: [PostgresValue]) async throws -> [JSONValue] {
        let statement = Statement(sql, "SELECT coalesce(json_agg(q), '[]')::text AS rows FROM (\(sql)) AS q")
        let result = try await pool.query(statement, parameters)
        let text: String = try result[0]["rows"]
        return try JSONReader.parse(Array(text.utf8), limits: JSONLimits(bytes: .max, depth: 512, keys: .max)).array
            ?? []
    }

    /// Writes down all that the tables say of workflows that are not as they should be, while it can still be asked.
    func describe(_ violations: [Violation]) async throws {
        var lines: [String] = []
        for workflow in Set(violations.compactMap(\.workflow)).sorted().prefix(10) {
            let queries = [
                "SELECT id, request_id, status, seq, revision, wake_at, swept_at FROM baton.workflows WHERE id = $1",
                "SELECT * FROM baton.tasks WHERE workflow_id = $1 ORDER BY position",
                """
                SELECT seq, type, task_id, attempt, recorded_at, stale, actor, causation, id, data FROM baton.events
                WHERE workflow_id = $1 ORDER BY seq
                """,
            ]
            lines += violations.filter { $0.workflow == workflow }.map(\.description)
            for query in queries { lines += try await rows(query, [.text(workflow)]).map(\.text) }
            lines += try await Self.rows(
                books, "SELECT * FROM runs WHERE split_part(key, '/', 1) = $1 ORDER BY at", [.text(workflow)]
            ).map(\.text)
        }
        guard !lines.isEmpty else { return }
        try lines.joined(separator: "\n").write(toFile: data + "/violations.txt", atomically: true, encoding: .utf8)
    }

    /// The broker past the doors, as one of its users.
    func broker(_ user: String) throws -> AMQPSettings {
        var settings = try AMQPSettings(url: state.amqpURL(user: user, virtualHost: setup.topology.virtualHost))
        settings.connectionName = "chaos as \(user)"
        return settings
    }

    /// A `baton` command, as in a second shell.
    func command(_ words: [String]) async throws -> (status: Int32, output: String) {
        let settings = state.commandLineSettings(virtualHost: setup.topology.virtualHost)
        return try await Shell.run([baton] + words, environment: Environment.plain.merging(settings) { $1 })
    }

    /// Evaluates Erlang in the broker's node.
    func evaluate(_ erlang: String) async throws -> String {
        let folder = data + "/rabbitmq"
        let environment = [
            "HOME": folder, "RABBITMQ_NODENAME": "baton@localhost", "ERL_EPMD_PORT": String(state.ports.names),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        ]
        let programs = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/rabbitmq/lib").sorted()
        let program = "/usr/lib/rabbitmq/lib/\(programs.last ?? "")/sbin/rabbitmqctl"
        let result = try await Shell.run(
            [program, "eval", erlang], environment: Environment.plain.merging(environment) { $1 })
        guard result.status == 0 else { throw ChaosError("rabbitmqctl eval: " + result.output) }
        return result.output
    }
}

struct ChaosError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Logger {
    static let silent = Logger(label: "chaos") { _ in SwiftLogNoOpLogHandler() }
}

/// Programs that are run to their end.
enum Shell {
    static func run(_ words: [String], environment: [String: String]) async throws -> (status: Int32, output: String) {
        let (lines, said) = AsyncStream<String>.makeStream()
        let supervisor = Supervisor { event in
            switch event {
            case .line(_, let text): said.yield(text)
            case .ended: said.finish()
            default: break
            }
        }
        var environment = environment
        environment["SWIFT_BACKTRACE"] = "enable=no"
        try await supervisor.start(
            Program(name: "program", command: Command("/usr/bin/env", words, environment: environment)))
        var all: [String] = []
        for await line in lines { all.append(line) }
        return (await supervisor.waitForEnd(of: "program").shellStatus, all.joined(separator: "\n"))
    }
}
