import Testing

extension `The pipeline` {
    @Test func `can be asked what each of its processes takes`() async throws {
        let pipeline = try self.pipeline
        let asked = try await pipeline.shell([
            "/usr/bin/python3", Pipeline.root + "/scripts/footprint", pipeline.state.data, "0.1",
        ])
        let names = Set(asked.lines.dropFirst().compactMap { $0.split(separator: " ").first.map(String.init) })
        let expected: Set = [
            "dev", "planner", "dispatcher", "gatherer", "notifier", "api", "data-read", "growth-marketing", "postgres",
            "rabbitmq",
        ]
        #expect(expected.isSubset(of: names), "\(asked.lines.joined(separator: "\n"))")
    }
}
