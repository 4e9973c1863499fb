import AMQP
import Contracts
import IOThread
import JSON
import Logging
import Objects
import Relay
import Testing

@testable import Executor

@Suite(.timeLimit(.minutes(1)))
struct `A run that ends` {
    /// Confirms everything.
    private final class Exchange: MessagePublisher {
        private let sent = Locked<[Message]>([])

        func publish(_ messages: [Message]) async -> [AMQP.Confirmation] {
            sent.withLock { $0 += messages }
            return messages.map { _ in .confirmed }
        }

        var types: [String] { sent.withLock { $0.compactMap(\.properties.type) } }

        func completed() throws -> TaskCompleted {
            let last = try #require(sent.withLock { $0.last })
            return try JSONValueDecoder().decode(TaskCompleted.self, from: JSONReader.parse(last.body))
        }
    }

    private let exchange = Exchange()
    private var run: LiveRun {
        let voice = Voice(
            executor: ExecutorID("payments-1")!, domain: DomainName("payments")!, publisher: exchange,
            logger: Logger(label: "test"))
        return LiveRun(
            order(), causation: nil, delivery: 0, voice: voice,
            objects: FileObjectStore(root: "/nonexistent"), isWanted: { true })
    }

    private func draft(_ name: String, bytes: Int) -> ArtifactDraft {
        ArtifactDraft(
            name: ArtifactName(name)!, payload: ["text": .string(String(repeating: "x", count: bytes))],
            summary: "found", confidence: JSONNumber(1))
    }

    @Test func `brings along what it found at last, while all of it is small`() async throws {
        let run = run
        try await run.lastArtifact(draft("first", bytes: 2000))
        try await run.lastArtifact(draft("second", bytes: 3000))
        try await run.lastArtifact(draft("third", bytes: 1000))
        #expect(await run.complete(RunResult(output: 1)))
        #expect(exchange.types == ["artifact.created", "task.completed"], "the second does not fit any more")
        let completed = try exchange.completed()
        #expect(completed.artifacts.map(\.name.text) == ["first", "second", "third"])
        #expect(completed.artifacts.map { $0.payload != nil } == [true, false, true])
        #expect(completed.artifacts.map(\.seq) == [1, 2, 3])
    }

    @Test func `tells when it began, unless that was told`() async throws {
        let quick = run
        #expect(await quick.complete(RunResult(output: 1)))
        #expect(try exchange.completed().startedAt != nil)
        let other = run
        #expect(await other.start())
        #expect(await other.complete(RunResult(output: 1)))
        #expect(try exchange.completed().startedAt == nil)
        #expect(exchange.types == ["task.completed", "task.started", "task.completed"])
    }
}
