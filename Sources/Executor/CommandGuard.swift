import Foundation
import Logging
import ServiceLifecycle
import Subprocess

/// Sees to it that no command outlives this executor, even one that is killed.
///
/// A small shell waits at a pipe whose other end we hold. Once that is closed, however it comes about, it kills whatever
/// carries our mark in its environment, wherever it moved in the tree of processes.
struct CommandGuard: Service {
    private static let variable = "BATON_EXECUTOR_RUN"
    private static let script = """
        cat >/dev/null
        for round in 1 2; do
            while found=$(grep -lszxF "$1" /proc/[0-9]*/environ); [ -n "$found" ]; do
                for environ in $found; do
                    process=${environ%/environ}
                    kill -9 "${process#/proc/}" 2>/dev/null
                done
            done
            [ $round = 2 ] || sleep 0.2  # one may just have been on its way
        done
        """

    /// Of this run of the executor.
    private let mark: String
    /// For the guard itself, so that whoever cleans up finds it.
    private let environment: [String: String]
    private let logger: Logger

    init(environment: [String: String], logger: Logger) {
        mark = UUID().uuidString
        self.environment = environment
        self.logger = logger
    }

    /// Belongs into the environment of every command.
    var marks: [String: String] { [Self.variable: mark] }

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                try await keep()
            } catch {
                logger.warning("Nobody guards the commands of this executor", metadata: ["error": "\(error)"])
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
    }

    /// - Returns: when the executor stops, or when the guard was killed.
    private func keep() async throws {
        var options = PlatformOptions()
        options.createSession = true  // who ends our group does not end it
        var variables: [Environment.Key: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        _ = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", Self.script, "guard", "\(Self.variable)=\(mark)"],
            environment: .custom(variables), platformOptions: options,
            input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { waits in
                waits.addTask { for try await _ in execution.standardOutput {} }
                waits.addTask { try? await gracefulShutdown() }
                try await waits.next()
                waits.cancelAll()
            }
            try? await execution.standardInputWriter.finish()
        }
    }
}
