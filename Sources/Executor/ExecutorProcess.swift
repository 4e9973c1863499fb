package import AMQP
package import Contracts
import JSON
package import Logging
package import Objects
package import Postgres
package import ServiceLifecycle

/// What an executor is told.
package struct ExecutorSettings: Sendable {
    package var domain: DomainName
    package var executor: ExecutorID
    package var skills: [SkillFile]
    package var broker: AMQPSettings
    /// The domain's own database, for its `sql` skills.
    package var database: PostgresSettings?
    /// The variables of ours; a command sees those that its skill names.
    package var environment: [String: String]
    /// Seen by every command, whatever its skill names.
    package var marks: [String: String]
    package var concurrency: Int
    package var ackWithin: Duration
    package var drainWithin: Duration

    package init(
        domain: DomainName, executor: ExecutorID, skills: [SkillFile], broker: AMQPSettings,
        database: PostgresSettings? = nil, environment: [String: String] = [:], marks: [String: String] = [:],
        concurrency: Int = 4, ackWithin: Duration = .seconds(600), drainWithin: Duration = .seconds(20)
    ) {
        self.domain = domain
        self.executor = executor
        self.skills = skills
        self.broker = broker
        self.database = database
        self.environment = environment
        self.marks = marks
        self.concurrency = concurrency
        self.ackWithin = ackWithin
        self.drainWithin = drainWithin
    }
}

/// The executor of one domain.
package enum ExecutorProcess {
    /// The services, in the order in which they lean on each other.
    ///
    /// - Throws: ``SkillRefusal`` for a skill that cannot be run here.
    package static func services(
        _ settings: ExecutorSettings, objects: any ObjectStore, logger: Logger
    ) throws -> [any Service] {
        let database = settings.database.map { PostgresPool($0, limit: settings.concurrency, logger: logger) }
        let guardian = CommandGuard(environment: settings.marks, logger: logger)
        let marks = settings.marks.merging(guardian.marks) { $1 }
        var skills: [SkillID: RunnableSkill] = [:]
        for file in settings.skills where file.domain == settings.domain {
            if let run = try run(file, settings, marks, database) {
                skills[file.id] = try RunnableSkill(file, run: run)
            }
        }
        let voice = Voice(
            executor: settings.executor, domain: settings.domain, publisher: Publisher(settings.broker, logger: logger),
            logger: logger)
        let register = RunRegister(now: voice.now)
        let control = ControlListener(
            consumer: Consumer(settings.broker, prefetch: 100, logger: logger), register: register,
            domain: settings.domain, executor: settings.executor, logger: logger)
        let runner = OrderRunner(
            intake: OrderIntake(
                queue: QueueName.executor(settings.domain), concurrency: settings.concurrency, logger: logger
            ) { Consumer(settings.broker, prefetch: $0, batchLimit: $0, logger: logger) },
            voice: voice, register: register, objects: objects, skills: skills, concurrency: settings.concurrency,
            ackWithin: settings.ackWithin, drainWithin: settings.drainWithin, logger: logger)
        return [guardian, control, runner]
    }

    /// - Returns: `nil` for a skill that somebody else's executor serves.
    private static func run(
        _ file: SkillFile, _ settings: ExecutorSettings, _ marks: [String: String], _ database: PostgresPool?
    ) throws(SkillRefusal) -> (any SkillRun)? {
        switch file.handler {
        case .external: return nil
        case .command(let rule):
            let seen = settings.environment.filter { rule.environment.contains($0.key) }
            return CommandRun(rule: rule, folder: file.folder, environment: seen.merging(marks) { $1 })
        case .template(let rule): return TemplateRun(rule: rule)
        case .sql(let rule):
            guard let database else {
                let problem = Problem(
                    path: "/handler/sql", code: "no_database", message: "BATON_DOMAIN_DATABASE_URL is not set")
                throw SkillRefusal(file.folder + "/skill.yaml", [problem])
            }
            return SQLRun(rule: rule, database: database)
        }
    }
}
