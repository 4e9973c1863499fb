import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The cost of a task` {
    /// The nanoseconds that a task takes from the end of the one before, in a chain beside so many others.
    private func cost(tasks: Int) throws -> Double {
        var lines = (0..<10).map { "  c\($0): { skill: d1.a\($0 == 0 ? "" : ", needs: c\($0 - 1)") }" }
        lines += (0..<(tasks - 10)).map { "  t\($0): { skill: d2.a, needs: c9 }" }
        var best = Double.infinity
        for _ in 0..<5 {
            var bench = try Bench("tasks:\n" + lines.joined(separator: "\n"))
            let clock = ContinuousClock()
            let span = clock.measure { for index in 0..<9 { bench.run("c\(index)") } }
            best = min(best, Double(span.components.attoseconds) / 1e9 / 9)
        }
        return best
    }

    @Test func `does not depend on how many others its workflow has`() throws {
        let (small, large) = (try cost(tasks: 11), try cost(tasks: 1000))
        #expect(large < small * 4, "\(large) ns in a workflow of 1,000 tasks, \(small) ns in one of 11")
    }
}
