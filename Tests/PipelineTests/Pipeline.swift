import AMQP
import Contracts
import Foundation
import JSON
import LocalServers
import Logging
import Postgres
import Testing

/// The whole product at work: `baton dev` with the skills beside this file, in a folder of its own.
///
/// It is started once for the suite, and ends with the test process however that ends: the command beside it waits at
/// a FIFO that this process holds open.
struct Pipeline: Sendable {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let virtualHost = "baton"
    @TaskLocal static var running: Pipeline?

    let folder: String
    let state: DevState
    let recorder: Recorder
    let database: PostgresPool
    private let supervisor: Supervisor
    private let lifeline: FileHandle
    private let publishers: Publishers

    // MARK: Beginning and end

    static func start() async throws -> Pipeline {
        let folder = try temporaryFolder()
        let lifeline = try FIFO.make(folder + "/lifeline")
        let (lines, said) = AsyncStream<String>.makeStream()
        let supervisor = Supervisor { event in
            switch event {
            case .line(_, let text): said.yield(text)
            case .ended: said.finish()
            default: break
            }
        }
        let tests = root + "/Tests/PipelineTests"
        let words = [
            program, "dev", "--data", folder + "/data", "--topology", root + "/topology", "--concurrency", "8",
            "--skills", tests + "/Skills", "--skills", root + "/examples/executor-python/skills",
            "--prepare", tests + "/prepare", "--", "sh", "-c", "echo It runs; cat \"$0\" >/dev/null",
            folder + "/lifeline",
        ]
        var environment = Environment.inherited.filter { !$0.key.hasPrefix("BATON_") }
        environment["SWIFT_BACKTRACE"] = "enable=no"
        let script = "\"$@\"; rm -rf '\(folder)'"
        try await supervisor.start(
            Program(name: "dev", command: Command("/bin/sh", ["-c", script, "sh"] + words, environment: environment)))
        var before: [String] = []
        for await line in lines {
            if line == "It runs" { break }
            before.append(line)
        }
        guard let state = DevState.read(in: folder + "/data") else {
            throw Failure("baton dev did not start:\n" + before.joined(separator: "\n"))
        }
        let drain = Task { for await line in lines { print("baton dev: \(line)") } }
        _ = drain
        let recorder = Recorder()
        let pipeline = Pipeline(
            folder: folder, state: state, recorder: recorder,
            database: PostgresPool(try PostgresSettings(url: state.postgresURL(database: "baton")), limit: 2),
            supervisor: supervisor, lifeline: lifeline, publishers: Publishers(state: state))
        try await recorder.listen(to: pipeline)
        return pipeline
    }

    func stop() async {
        await recorder.close()
        await publishers.close()
        await database.close()
        try? lifeline.close()
        _ = await supervisor.waitForEnd(of: "dev")
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// `baton`, as it was built with these tests.
    static var program: String {
        let own = URL(filePath: Environment.ownProgram).deletingLastPathComponent().path
        return own + "/baton"
    }

    private static func temporaryFolder() throws -> String {
        let folder = "/tmp/baton-pipeline-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        return folder
    }

    // MARK: Speaking

    func broker(_ user: String) throws -> AMQPSettings {
        var settings = try AMQPSettings(url: state.amqpURL(user: user, virtualHost: Self.virtualHost))
        settings.connectionName = "tests as \(user)"
        return settings
    }

    /// Publishes as one of the topology's users.
    @discardableResult
    func publish(_ messages: [Message], as user: String) async throws -> [AMQP.Confirmation] {
        await publishers.of(user, try broker(user)).publish(messages)
    }

    /// A message as the contract wants it.
    static func message(
        _ type: String, _ data: JSONValue, key: String? = nil, exchange: String = "workflow", id: String? = nil,
        correlation: String? = nil, replyTo: String? = nil
    ) -> Message {
        message(
            type, body: data.serialized(), key: key, exchange: exchange, id: id,
            correlation: correlation ?? data["workflow_id"]?.string, replyTo: replyTo)
    }

    static func message(
        _ type: String, body: [UInt8], key: String? = nil, exchange: String = "workflow", id: String? = nil,
        correlation: String? = nil, replyTo: String? = nil
    ) -> Message {
        let id = id ?? UUID().uuidString.lowercased()
        return Message(
            exchange: exchange, routingKey: key ?? type,
            properties: MessageProperties(
                contentType: "application/json", correlationID: correlation, replyTo: replyTo, messageID: id,
                type: type,
                headers: [
                    "ce-id": .string(id), "ce-type": .string(type), "ce-source": .string("/tests"),
                    "ce-specversion": .string("1.0"),
                ]), body: body)
    }

    /// Says something as an executor of a domain.
    func say(_ type: String, _ data: JSONValue, domain: String, skill: String) async throws {
        let message = Self.message(type, data, key: "\(type).\(domain).\(skill)", exchange: "task")
        let confirmations = try await publish([message], as: "executor-\(domain)")
        #expect(confirmations == [.confirmed])
    }

    // MARK: Asking for work

    /// - Returns: the workflow's id.
    @discardableResult
    func request(_ body: JSONValue, id: String = "r-\(UUID().uuidString)", correlation: String? = nil) async throws
        -> String
    {
        let request = Self.request(body, id: id)
        let message = Self.message(
            "workflow.requested", request, correlation: correlation, replyTo: Recorder.replies)
        let confirmations = try await publish([message], as: "producer")
        #expect(confirmations == [.confirmed])
        return Self.workflow(of: id)
    }

    static func request(_ body: JSONValue, id: String) -> JSONValue {
        var members = body.object ?? [:]
        members["request_id"] = .string(id)
        members["workspace"] = "default"
        members["actor"] = ["id": "tester", "roles": []]
        return .object(members)
    }

    static func workflow(of request: String) -> String {
        WorkflowID(workspace: Workspace(unchecked: "default"), requestID: RequestID(unchecked: request)).text
    }

    /// Runs tasks as a plan of its own.
    func run(_ tasks: JSONValue, output: JSONValue? = nil, id: String = "r-\(UUID().uuidString)") async throws -> String
    {
        var plan: JSONObject = ["tasks": tasks]
        plan["output"] = output
        return try await request(["plan": .object(plan)], id: id)
    }

    /// Waits for a workflow's end.
    ///
    /// - Returns: the data of its `workflow.completed`.
    @discardableResult
    func end(of workflow: String) async throws -> JSONValue {
        try await recorder.first("workflow.completed", of: workflow).data
    }

    /// Waits for the revision that the end of a workflow leads to.
    func lastRevision(of workflow: String) async throws -> JSONValue {
        try await recorder.first("workflow.progress", of: workflow) { $0.data["pane"]?.string == "on_time" }.data
    }

    // MARK: Looking

    /// The rows of a query, each an object.
    func rows(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [JSONValue] {
        let statement = Statement(sql, "SELECT coalesce(json_agg(q), '[]')::text AS rows FROM (\(sql)) AS q")
        let result = try await database.query(statement, parameters)
        let text: String = try result[0]["rows"]
        return try JSONReader.parse(Array(text.utf8), limits: JSONLimits(bytes: .max, depth: 512, keys: .max)).array
            ?? []
    }

    func task(_ task: String, of workflow: String) async throws -> JSONValue {
        let found = try await rows(
            "SELECT * FROM baton.tasks WHERE workflow_id = $1 AND task_id = $2", [.text(workflow), .text(task)])
        return try #require(found.first)
    }

    /// Runs a program to its end, with the environment of a second shell beside `baton dev`.
    func shell(_ words: [String], environment: [String: String] = [:]) async throws -> (status: Int32, lines: [String])
    {
        let (lines, said) = AsyncStream<String>.makeStream()
        let supervisor = Supervisor { event in
            switch event {
            case .line(_, let text): said.yield(text)
            case .ended: said.finish()
            default: break
            }
        }
        let variables = Environment.inherited.merging(state.settings) { $1 }.merging(environment) { $1 }
        try await supervisor.start(
            Program(name: "program", command: Command("/usr/bin/env", words, environment: variables)))
        var all: [String] = []
        for await line in lines { all.append(line) }
        return (await supervisor.waitForEnd(of: "program").shellStatus, all)
    }
}

/// One connection for each user that speaks.
private actor Publishers {
    private var made: [String: Publisher] = [:]

    init(state: DevState) {}

    func of(_ user: String, _ settings: AMQPSettings) -> Publisher {
        if let publisher = made[user] { return publisher }
        let publisher = Publisher(settings, logger: .silent)
        made[user] = publisher
        return publisher
    }

    func close() async { for publisher in made.values { await publisher.close() } }
}

extension Logger {
    static let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
}
