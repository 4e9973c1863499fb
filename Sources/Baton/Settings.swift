import AMQP
import ArgumentParser
import Foundation
import Logging
import Postgres

/// What a process is told by its environment: addresses and secrets never stand on a command line.
struct Settings {
    private let environment: [String: String]

    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) { self.environment = environment }

    /// `BATON_AMQP_URL`: `amqp://user:password@host:port/vhost`.
    func broker(connectionName: String) throws -> AMQPSettings {
        var settings = try AMQPSettings(url: required("BATON_AMQP_URL"))
        settings.connectionName = connectionName
        return settings
    }

    /// `BATON_DATABASE_URL`: `postgresql://user:password@host:port/database`.
    func database(applicationName: String) throws -> PostgresSettings {
        var settings = try PostgresSettings(url: required("BATON_DATABASE_URL"))
        settings.applicationName = applicationName
        settings.plansOnce = true
        return settings
    }

    /// `BATON_OBJECTS`: `file:///folder`.
    func objects() throws -> String { try required("BATON_OBJECTS") }

    func required(_ name: String) throws -> String {
        guard let value = environment[name], !value.isEmpty else {
            throw ValidationError("\(name) is not set; `baton dev` sets it for its processes")
        }
        return value
    }

    func optional(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    func count(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = optional(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw ValidationError("\(name) is a number from \(range.lowerBound) to \(range.upperBound), not `\(text)`")
        }
        return value
    }
}

/// What every process of the pipeline can be told on its command line.
struct ProcessOptions: ParsableArguments {
    @Option(help: "Log what is at least so severe: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    /// A name no other replica has, short enough for a list.
    /// `BATON_REPLICA` says it where one is known that outlives a restart: a dispatcher or gatherer that comes back under
    /// its own name takes its partitions up at once.
    static func replica(_ process: String) -> String {
        if let name = ProcessInfo.processInfo.environment["BATON_REPLICA"], !name.isEmpty { return name }
        let host = ProcessInfo.processInfo.hostName.prefix { $0 != "." }.lowercased()
        let label = String(host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }.prefix(40))
        return "\(process)-\(label.isEmpty ? "host" : label)-\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Logs to standard error; results go to standard output.
    func logger(_ process: String) throws -> Logger {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError("`\(logLevel)` is no log level")
        }
        var logger = Logger(label: process) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
