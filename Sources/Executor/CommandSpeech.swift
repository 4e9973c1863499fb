import Contracts
import JSON
import Subprocess

/// Understands what a command says on its standard output, within its limits.
actor CommandSpeech {
    private let rule: CommandRule
    private let events: any RunEvents
    private var result: RunResult?
    private var failure: RunFailure?
    private var bytes = 0

    init(_ rule: CommandRule, _ events: any RunEvents) {
        self.rule = rule
        self.events = events
    }

    func logged(_ line: [UInt8]) async { await events.log(.info, String(decoding: line, as: UTF8.self)) }

    /// One line of standard output.
    /// - Throws: ``RunFailure`` for what ends the run: a limit that is passed, or an artifact that cannot be published.
    func said(_ line: [UInt8]) async throws(RunFailure) {
        guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { return }
        var limits = JSONLimits.default
        limits.bytes = rule.lineLimit
        guard let message = try? JSONReader.parse(line, limits: limits), let type = message["type"]?.string else {
            // Prose: whoever reads the logs sees it.
            return await events.log(.info, String(decoding: line, as: UTF8.self))
        }
        switch type {
        case "progress": await events.progress(message["progress"]?.number?.double, message["message"]?.string)
        case "log":
            let level = message["level"]?.string.flatMap(LogLevel.init) ?? .info
            await events.log(level, message["text"]?.string ?? message.text)
        case "artifact":
            try count(line)
            try await events.artifact(try draft(message))
        case "result":
            try count(line)
            guard line.count <= rule.outputLimit else {
                throw RunFailure(
                    code: "output_too_large", message: "the output has more than \(rule.outputLimit) bytes",
                    isPermanent: true)
            }
            result = RunResult(output: message["output"] ?? .null, expansion: message["expansion"])
        case "error":
            failure = RunFailure(
                code: message["code"]?.string ?? "failed", message: message["message"]?.string ?? "no message",
                isPermanent: message["permanent"]?.bool ?? false,
                retryAfter: message["retry_after"]?.number.map { .milliseconds(Int64($0.double * 1000)) })
        default:
            await events.log(.warning, "a message of unknown type `\(type.prefix(100))` was passed over")
        }
    }

    /// What a whole run may say, artifacts and output together.
    private func count(_ line: [UInt8]) throws(RunFailure) {
        bytes += line.count
        guard bytes <= 64 << 20 else {
            throw RunFailure(code: "output_too_large", message: "more than 64 MiB in all", isPermanent: true)
        }
    }

    private func draft(_ message: JSONValue) throws(RunFailure) -> ArtifactDraft {
        guard let name = ArtifactName(message["name"]?.string ?? "result") else {
            throw RunFailure(
                code: "invalid_artifact", message: "an artifact's name is no file's name", isPermanent: true)
        }
        guard let payload = message["payload"], payload.object != nil else {
            throw RunFailure(
                code: "invalid_artifact", message: "the payload of `\(name)` is no JSON object", isPermanent: true)
        }
        let confidence = message["confidence"] ?? 1
        guard let number = confidence.number, (0...1).contains(number.double) else {
            throw RunFailure(
                code: "invalid_confidence", message: "the confidence of `\(name)` is \(confidence.text), not 0 to 1",
                isPermanent: true)
        }
        return ArtifactDraft(
            name: name, kind: message["kind"]?.string.flatMap(ArtifactKind.init) ?? .data,
            mediaType: message["media_type"]?.string ?? "application/json", payload: payload,
            summary: message["summary"]?.string ?? "", confidence: number)
    }

    /// How it ended: with a result and exit status 0, or badly.
    func result(_ status: TerminationStatus) throws(RunFailure) -> RunResult {
        if let failure { throw failure }
        guard status.isSuccess else {
            throw RunFailure(code: status.failureCode, message: "the program ended with \(status)")
        }
        guard let result else {
            throw RunFailure(code: "no_result", message: "the program ended without a `result`")
        }
        return result
    }
}

extension TerminationStatus {
    fileprivate var failureCode: String {
        switch self {
        case .exited: "exit_status"
        case .signaled: "signal"
        }
    }
}
