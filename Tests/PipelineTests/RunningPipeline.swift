import Testing

/// Lends one running pipeline to all tests of a suite, and looks at everything that was said meanwhile.
struct RunningPipeline: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        let pipeline = try await Pipeline.start()
        do {
            try await Pipeline.$running.withValue(pipeline) { try await body() }
            try await MessageCheck(pipeline).run()
            await pipeline.stop()
        } catch {
            await pipeline.stop()
            throw error
        }
    }
}

extension Trait where Self == RunningPipeline {
    static var runningPipeline: Self { RunningPipeline() }
}

/// The pipeline as a whole, in real processes on real servers.
@Suite(.serialized, .timeLimit(.minutes(3)), .runningPipeline)
struct `The pipeline` {
    var pipeline: Pipeline {
        get throws { try #require(Pipeline.running) }
    }
}
