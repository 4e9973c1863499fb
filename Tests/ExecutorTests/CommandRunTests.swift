import Contracts
import Glibc
import JSON
import Testing

@testable import Executor

@Suite(.timeLimit(.minutes(1)))
struct `A command` {
    private func run(
        _ script: String, input: JSONValue = [:], outputLimit: Int = 1000, lineLimit: Int = 4000, _ recorder: Recorder
    ) async throws(RunFailure) -> JSONValue {
        try await result(
            script, input: input, outputLimit: outputLimit, lineLimit: lineLimit, recorder
        ).output
    }

    private func result(
        _ script: String, input: JSONValue = [:], outputLimit: Int = 1000, lineLimit: Int = 4000, _ recorder: Recorder
    ) async throws(RunFailure) -> RunResult {
        let rule = CommandRule(
            run: ["sh", "-c", script], environment: [], outputLimit: outputLimit, lineLimit: lineLimit, logLimit: 100,
            artifactLimit: 10, stopWithin: .milliseconds(200))
        let command = CommandRun(rule: rule, folder: "/", environment: ["PATH": "/usr/bin:/bin", "SEEN": "yes"])
        return try await command.run(order(input: input), recorder)
    }

    @Test func `reads its order and gives back its result`() async throws {
        let output = try await run(
            #"read order; echo "{\"type\":\"result\",\"output\":$order}""#,
            input: ["a": .number(JSONNumber(literal: "1.50")!)], Recorder())
        #expect(output["input"]?["a"]?.number?.literal == "1.50")
        #expect(output["idempotency_key"]?.string == "wf-1/check")
    }

    @Test func `may add tasks with its result`() async throws {
        let result = try await result(
            #"echo '{"type":"result","output":1,"expansion":{"tasks":{"x":{"skill":"d.x"}}}}'"#, Recorder())
        #expect(result.expansion == ["tasks": ["x": ["skill": "d.x"]]])
    }

    @Test func `tells progress, artifacts and logs while it works`() async throws {
        let recorder = Recorder()
        let output = try await run(
            """
            echo '{"type":"progress","progress":0.5}'
            echo '{"type":"artifact","name":"part","payload":{"a":1},"confidence":0.25,"summary":"some"}'
            echo 'plain words'
            echo 'on standard error' >&2
            echo '{"type":"result","output":null}'
            """, recorder)
        #expect(output.isNull)
        #expect(await recorder.shares == [0.5])
        #expect(await recorder.artifacts.map(\.name.text) == ["part"])
        #expect(await recorder.artifacts.first?.confidence == JSONNumber(0.25))
        #expect(await Set(recorder.lines) == ["plain words", "on standard error"])
    }

    @Test func `sees only the variables that it may see`() async throws {
        let output = try await run(#"printf '{"type":"result","output":"%s/%s"}\n' "$SEEN" "$HOME""#, Recorder())
        #expect(output.string == "yes/")
    }

    @Test(arguments: [
        ("exit 3", "exit_status"), ("kill -9 $$", "signal"), ("true", "no_result"),
        (#"echo '{"type":"error","code":"own","message":"m","permanent":true}'; exit 1"#, "own"),
        (#"printf '{"type":"result","output":"%01500d"}\n' 1"#, "output_too_large"),
        ("printf '%05000d' 1", "line_too_long"),
        (#"echo '{"type":"artifact","name":"a","payload":[1]}'"#, "invalid_artifact"),
        (#"echo '{"type":"artifact","name":"a","payload":{},"confidence":2}'"#, "invalid_confidence"),
    ])
    func `fails with a code that says how`(script: String, code: String) async {
        let failure = await #expect(throws: RunFailure.self) { try await run(script, Recorder()) }
        #expect(failure?.code == code)
    }

    @Test func `that does not exist is said to be so`() async {
        let rule = CommandRule(
            run: ["/no/such/program"], environment: [], outputLimit: 10, lineLimit: 10, logLimit: 1, artifactLimit: 1,
            stopWithin: .zero)
        let failure = await #expect(throws: RunFailure.self) {
            try await CommandRun(rule: rule, folder: "/", environment: [:]).run(order(), Recorder())
        }
        #expect(failure?.code == "not_started")
    }

    @Test func `is ended with its whole process group when its task is cancelled`() async throws {
        let recorder = Recorder()
        let work = Task {
            // Both ignore the polite signal; the child says who it is.
            try await run(
                #"trap '' TERM; sh -c 'trap "" TERM; echo "child $$" >&2; sleep 1000' & wait; sleep 1000"#, recorder)
        }
        let child = try #require(Int32(await recorder.line(with: "child ").dropFirst(6)))
        work.cancel()
        let result = await work.result
        #expect(throws: RunFailure.self) { try result.get() }
        // Gone, or a zombie that somebody else has to wait for: it was killed before the run was over, and its end may
        // take a busy kernel a moment.
        let deadline = ContinuousClock.now + .seconds(10)
        while let status = FileText.read("/proc/\(child)/stat"), !status.contains(") Z") {
            try #require(ContinuousClock.now < deadline, "it was not killed: \(status)")
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
