import Contracts
import Glibc
import IOThread
import JSON
import Subprocess

/// Runs a program in any language: the order as JSON on standard input, JSON lines on standard output, logs on standard
/// error. It leads a process group of its own, which is ended as a whole.
struct CommandRun: SkillRun {
    let rule: CommandRule
    let folder: String
    /// The variables that it may see.
    let environment: [String: String]

    /// A program may end without reading its input; writing to it then must not end us. Children get the default back.
    private static let survivesClosedPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    func run(_ order: TaskDispatched, _ events: any RunEvents) async throws(RunFailure) -> RunResult {
        _ = Self.survivesClosedPipes
        let speech = CommandSpeech(rule, events)
        let leader = Locked<pid_t?>(nil)
        // Whatever its leader has left behind in the group.
        defer { if let group = leader.withLock({ $0 }) { kill(-group, SIGKILL) } }
        do {
            let outcome = try await Subprocess.run(
                executable, arguments: Arguments(Array(rule.run.dropFirst())),
                environment: .custom(variables(order)), workingDirectory: .init(folder), platformOptions: options,
                input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                leader.withLock { $0 = execution.processIdentifier.value }
                try await converse(execution, order, speech)
            }
            if Task.isCancelled { throw RunFailure.cancelled }
            return try await speech.result(outcome.terminationStatus)
        } catch let failure as RunFailure {
            throw failure
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw RunFailure(code: "not_started", message: "\(rule.run[0]): \(error)")
        }
    }

    private var executable: Executable {
        let program = rule.run[0]
        if program.hasPrefix("/") { return .path(.init(program)) }
        return program.contains("/") ? .path(.init("\(folder)/\(program)")) : .name(program)
    }

    private var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        // When its task is cancelled, or says no more: the whole group is asked, and after a while not asked any more.
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: rule.stopWithin)]
        return options
    }

    private func variables(_ order: TaskDispatched) -> [Environment.Key: String] {
        var variables = environment
        variables["BATON_WORKFLOW_ID"] = order.workflowID.text
        variables["BATON_TASK_ID"] = order.taskID.text
        variables["BATON_ATTEMPT"] = String(order.attempt)
        variables["BATON_IDEMPOTENCY_KEY"] = order.idempotencyKey
        return Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    }

    private func input(_ order: TaskDispatched) -> [UInt8] {
        let facts: JSONValue = [
            "input": order.input, "workflow_id": .string(order.workflowID.text), "task_id": .string(order.taskID.text),
            "attempt": .number(JSONNumber(order.attempt)), "idempotency_key": .string(order.idempotencyKey),
            "deadline": .string(order.deadline.description), "artifacts": order.artifacts ?? [:],
        ]
        return facts.serialized() + [UInt8(ascii: "\n")]
    }

    /// Writes the order and reads both streams to their ends, all at once: a pipe that is full holds up nobody else.
    private func converse(
        _ execution: Execution<CustomWriteInput, SequenceOutput, SequenceOutput>, _ order: TaskDispatched,
        _ speech: CommandSpeech
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { streams in
            streams.addTask {
                // A program that does not read its input is free not to.
                _ = try? await execution.standardInputWriter.write(input(order))
                try? await execution.standardInputWriter.finish()
            }
            streams.addTask {
                var lines = Lines(limit: rule.lineLimit)
                for try await buffer in execution.standardOutput {
                    for line in try lines.add(unsafe buffer.withUnsafeBytes { unsafe Array($0) }) {
                        try await speech.said(line)
                    }
                }
                if let rest = lines.rest() { try await speech.said(rest) }
            }
            streams.addTask {
                var lines = Lines(limit: 64 << 10)
                for try await buffer in execution.standardError {
                    for line in lines.cut(unsafe buffer.withUnsafeBytes { unsafe Array($0) }) {
                        await speech.logged(line)
                    }
                }
                if let rest = lines.rest() { await speech.logged(rest) }
            }
            try await streams.waitForAll()
        }
    }
}

/// Cuts a stream into lines.
struct Lines {
    let limit: Int
    private var pending: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// - Throws: ``RunFailure`` `line_too_long`.
    mutating func add(_ bytes: [UInt8]) throws(RunFailure) -> [[UInt8]] {
        let lines = split(bytes)
        guard pending.count <= limit, lines.allSatisfy({ $0.count <= limit }) else {
            throw RunFailure(code: "line_too_long", message: "a line of more than \(limit) bytes", isPermanent: true)
        }
        return lines
    }

    /// Like ``add(_:)``, but a line past the limit comes in pieces.
    mutating func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines = split(bytes)
        while pending.count > limit {
            lines.append(Array(pending.prefix(limit)))
            pending.removeFirst(limit)
        }
        return lines
    }

    /// What came after the last line's end; `nil` for nothing.
    mutating func rest() -> [UInt8]? {
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }

    private mutating func split(_ bytes: [UInt8]) -> [[UInt8]] {
        pending += bytes
        guard bytes.contains(UInt8(ascii: "\n")) else { return [] }
        var lines = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        pending = lines.removeLast()
        return lines
    }
}
