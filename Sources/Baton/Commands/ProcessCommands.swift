import API
import AMQP
import ArgumentParser
import Contracts
import Dispatcher
import Executor
import Foundation
import Gatherer
import JSON
import LocalServers
import Logging
import Notifier
import Objects
import Planner
import Postgres
import ServiceLifecycle
import Store
import YAML

/// A process of the pipeline: it runs until it is told to stop, finishes what it holds, and leaves.
protocol ProcessCommand: AsyncParsableCommand {
    static var process: String { get }
    var options: ProcessOptions { get }
    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service]
}

extension ProcessCommand {
    func run() async throws {
        let logger = try options.logger(Self.process)
        var group = ServiceGroupConfiguration(
            services: try services(Settings(), logger).map {
                .init(
                    service: $0, successTerminationBehavior: .ignore,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(25)  // under the 30 s that a host gives
        logger.info("Ready")
        ReadyNotice.send()
        try await ServiceGroup(configuration: group).run()
        logger.info("Stopped")
    }
}

struct PlannerCommand: ProcessCommand {
    static let process = "planner"
    static let configuration = CommandConfiguration(
        commandName: "planner", abstract: "Run a planner: it turns requests into plans.",
        discussion: "Needs BATON_AMQP_URL and BATON_DATABASE_URL. Replicas compete for requests.")
    @OptionGroup var options: ProcessOptions

    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service] {
        let replica = ProcessOptions.replica(Self.process)
        return PlannerProcess.services(
            replica: replica, broker: try settings.broker(connectionName: replica),
            database: try settings.database(applicationName: replica), logger: logger)
    }
}

struct DispatcherCommand: ProcessCommand {
    static let process = "dispatcher"
    static let configuration = CommandConfiguration(
        commandName: "dispatcher", abstract: "Run a dispatcher: it moves workflows and hands out tasks.",
        discussion: """
            Needs BATON_AMQP_URL and BATON_DATABASE_URL. Replicas share the partitions; BATON_PARTITIONS says how many \
            topology/baton.yaml has (4).
            """)
    @OptionGroup var options: ProcessOptions

    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service] {
        let replica = ProcessOptions.replica(Self.process)
        return DispatcherProcess.services(
            replica: replica, partitions: try settings.count("BATON_PARTITIONS", default: 4, in: 1...1024),
            broker: try settings.broker(connectionName: replica),
            database: try settings.database(applicationName: replica), logger: logger)
    }
}

struct GathererCommand: ProcessCommand {
    static let process = "gatherer"
    static let configuration = CommandConfiguration(
        commandName: "gatherer", abstract: "Run a gatherer: it merges what tasks find, and says how it stands.",
        discussion: """
            Needs BATON_AMQP_URL, BATON_DATABASE_URL and BATON_OBJECTS. Replicas share the partitions; BATON_PARTITIONS \
            says how many topology/baton.yaml has (4).
            """)
    @OptionGroup var options: ProcessOptions

    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service] {
        let replica = ProcessOptions.replica(Self.process)
        let database = try settings.database(applicationName: replica)
        return [
            Gatherer(
                broker: try settings.broker(connectionName: replica),
                store: Store(PostgresPool(database, limit: 4, logger: logger)),
                objects: try ObjectStores.open(try settings.objects()), replica: replica,
                partitions: try settings.count("BATON_PARTITIONS", default: 4, in: 1...1024), logger: logger)
        ]
    }
}

struct LogWriterCommand: ProcessCommand {
    static let process = "api"
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Run the api's log writer: it keeps what tasks say.",
        discussion: "Needs BATON_AMQP_URL and BATON_DATABASE_URL.")
    @OptionGroup var options: ProcessOptions

    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service] {
        let replica = ProcessOptions.replica(Self.process)
        return LogWriterProcess.services(
            broker: try settings.broker(connectionName: replica),
            database: try settings.database(applicationName: replica), logger: logger)
    }
}

struct NotifierCommand: ProcessCommand {
    static let process = "notifier"
    static let configuration = CommandConfiguration(
        commandName: "notifier", abstract: "Run a notifier: it brings revisions to the console and to Slack.",
        discussion: """
            Needs BATON_AMQP_URL and BATON_DATABASE_URL. With BATON_SLACK_TOKEN it posts to Slack: into the channel that a \
            definition's `notify: {slack: …}` names, else into BATON_SLACK_CHANNEL. BATON_SLACK_URL takes the place of \
            https://slack.com/api.
            """)
    @OptionGroup var options: ProcessOptions

    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service] {
        let replica = ProcessOptions.replica(Self.process)
        let slack = settings.optional("BATON_SLACK_TOKEN").map { token in
            SlackSettings(baseURL: settings.optional("BATON_SLACK_URL") ?? "https://slack.com/api", token: token)
        }
        return NotifierProcess.services(
            broker: try settings.broker(connectionName: replica),
            database: try settings.database(applicationName: replica), slack: slack,
            channel: settings.optional("BATON_SLACK_CHANNEL"), logger: logger
        ) { line in
            FileHandle.standardOutput.write(Data((line + "\n").utf8))
        }
    }
}

struct ExecutorCommand: ProcessCommand {
    static let process = "executor"
    static let configuration = CommandConfiguration(
        commandName: "executor", abstract: "Run an executor: it does the tasks of one domain.",
        discussion: """
            Needs BATON_AMQP_URL and BATON_OBJECTS, and for `sql` skills BATON_DOMAIN_DATABASE_URL, the domain's own \
            database. It has no access to Baton's.

            Example: baton executor --domain payments --skills skills --concurrency 8
            """)
    @OptionGroup var options: ProcessOptions
    @Option(help: "The runner domain.") var domain: String
    @Option(help: "A folder of skills; those of other domains are passed over.") var skills: [String]
    @Option(
        help: "How many tasks run at once: 4, or 128 when all of its skills are templates, which cost next to nothing.")
    var concurrency: Int?
    @Option(
        name: .customLong("ack-within"),
        help: ArgumentHelp(
            "The order of a run that has lasted so many seconds is acked before its end: less than the broker's consumer_timeout.",
            valueName: "seconds")) var ackWithin = 600

    func validate() throws {
        guard DomainName(domain) != nil else { throw ValidationError("`\(domain)` is no runner domain") }
        guard (1...1000).contains(concurrency ?? 1) else { throw ValidationError("--concurrency is 1 to 1000") }
        guard (1...86_400).contains(ackWithin) else { throw ValidationError("--ack-within is 1 to 86400") }
    }

    func services(_ settings: Settings, _ logger: Logger) throws -> [any Service] {
        var files: [SkillFile] = []
        for folder in skills {
            let path = URL(filePath: folder).absoluteURL.standardizedFileURL.path(percentEncoded: false)
            let (found, refusals) = SkillFile.readAll(below: path)
            guard refusals.isEmpty else {
                throw ValidationError("\(refusals.count) skill files in \(folder) are refused; see `baton skills lint`")
            }
            files += found
        }
        let environment = Self.environment(of: domain)
        let replica = ProcessOptions.replica(domain)
        let executor = ExecutorSettings(
            domain: DomainName(unchecked: domain), executor: ExecutorID(unchecked: replica), skills: files,
            broker: try settings.broker(connectionName: replica),
            database: try environment["BATON_DOMAIN_DATABASE_URL"].map { try PostgresSettings(url: $0) },
            environment: environment, marks: environment.filter { $0.key == ProcessMark.variable },
            concurrency: concurrency ?? (Self.costNothing(files, domain) ? 128 : 4), ackWithin: .seconds(ackWithin))
        return try ExecutorProcess.services(
            executor, objects: try ObjectStores.open(try settings.objects()), logger: logger)
    }

    private static func costNothing(_ skills: [SkillFile], _ domain: String) -> Bool {
        skills.allSatisfy { $0.isTemplate || $0.domain.text != domain }
    }

    /// Ours, where what is meant for this domain (`BATON_DOMAIN_PAYMENTS_…`) has the name that skills know (`BATON_DOMAIN_…`).
    private static func environment(of domain: String) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        let prefix = "BATON_DOMAIN_\(domain.uppercased().replacing("-", with: "_"))_"
        for (name, value) in environment where name.hasPrefix(prefix) {
            environment["BATON_DOMAIN_" + name.dropFirst(prefix.count)] = value
        }
        return environment
    }
}
