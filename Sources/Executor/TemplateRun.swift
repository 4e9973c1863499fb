import Contracts
import Engine
import Glibc
import JSON

/// Fills in a template: a stand-in for a skill that is still to be written, glue between two others, a load that costs
/// next to nothing.
struct TemplateRun: SkillRun {
    let rule: TemplateRule

    var isInstant: Bool { rule.delay == nil }

    func run(_ order: TaskDispatched, _ events: any RunEvents) async throws(RunFailure) -> RunResult {
        let run: JSONValue = ["started_at": .number(Self.seconds())]
        if let delay = rule.delay { try await wait(delay, order.input) }
        return RunResult(output: try OutputTemplate.resolve(rule.output, input: order.input, output: .null, run: run))
    }

    private func wait(_ delay: JSONValue, _ input: JSONValue) async throws(RunFailure) {
        let value = try OutputTemplate.resolve(delay, input: input, output: .null)
        guard let span = Span.parse(value) else {
            throw RunFailure(
                code: "invalid_delay", message: "\(value.text.prefix(100)) is no span of time", isPermanent: true)
        }
        do { try await Task.sleep(for: span) } catch { throw .cancelled }
    }

    /// Since 1970, with six decimals.
    private static func seconds() -> JSONNumber {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let fraction = String(1_000_000 + time.tv_nsec / 1000).dropFirst()
        return JSONNumber(literal: "\(time.tv_sec).\(fraction)") ?? JSONNumber(time.tv_sec)
    }
}
