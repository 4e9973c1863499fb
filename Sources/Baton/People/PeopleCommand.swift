import AMQP
package import ArgumentParser
import Contracts
import LocalServers
import Objects
import Postgres
import Store

/// What a command's end tells the shell; `baton --help` lists them.
enum ExitStatus {
    /// The workflow failed; a file has problems.
    static let failed = ExitCode(1)
    static let cancelled = ExitCode(2)
    /// The request was refused: there is no workflow.
    static let rejected = ExitCode(3)
    /// BSD's `EX_USAGE`, which the argument parser uses, too.
    static let usage = ExitCode(64)
    /// There is no such file, workflow or definition (`EX_NOINPUT`).
    static let notFound = ExitCode(66)
    /// The broker or the database cannot be reached, or does not let us in (`EX_UNAVAILABLE`).
    static let unavailable = ExitCode(69)
    static let internalError = ExitCode(70)
    /// No answer in time; asking again is harmless (`EX_TEMPFAIL`).
    static let noAnswer = ExitCode(75)
    /// As a shell has it of one that was ended by SIGPIPE.
    static let outputClosed = ExitCode(141)

    static let table = """
          0    done; the workflow succeeded
          1    the workflow failed; a file has problems
          2    the workflow was cancelled; the broker is not as its topology
          3    the request was refused
          64   wrong usage
          66   no such file, workflow, definition or task
          69   broker or database out of reach, or they refuse us
          70   an error of baton's own
          75   no answer in time: asking again is harmless
        """
}

/// Why a command of a person's cannot go on, in one sentence.
struct CommandFailure: Error {
    var status: ExitCode
    var message: String

    init(_ status: ExitCode, _ message: String) {
        self.status = status
        self.message = message
    }
}

/// A command of a person's: what goes wrong is said in one line on standard error, and has an exit status of its own.
package protocol PeopleCommand: AsyncParsableCommand {
    func perform() async throws
}

extension PeopleCommand {
    package func run() async throws {
        do {
            try await perform()
        } catch let error {
            guard let failure = CommandFailure(explaining: error) else { throw error }
            Console.complain(
                "Error: " + failure.message.split(separator: "\n").map { String($0).printable }.joined(separator: "\n"))
            throw failure.status
        }
    }
}

extension CommandFailure {
    /// - Returns: `nil` for what the argument parser explains best itself.
    init?(explaining error: any Error) {
        switch error {
        case is ExitCode, is CleanExit: return nil
        case let error as ValidationError: self.init(ExitStatus.usage, error.message)
        case let failure as CommandFailure: self = failure
        case let error as LocalServersError:
            self.init(error.code == .ambiguous ? ExitStatus.usage : ExitStatus.unavailable, error.detail)
        case let error as AMQPError: self.init(ExitStatus.unavailable, "The broker: \(error)")
        case let error as PostgresError:
            self.init(
                error.isOutage || error.code == .refused ? ExitStatus.unavailable : ExitStatus.internalError,
                "The database: \(error)")
        case let error as Migrator.Problem: self.init(ExitStatus.failed, "The database: \(error)")
        case let error as ObjectError: self.init(ExitStatus.unavailable, "The object store: \(error.detail)")
        case is CancellationError: return nil
        default: self.init(ExitStatus.internalError, "\(error)")
        }
    }
}
