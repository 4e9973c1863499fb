import Contracts
import Foundation
import Gathering
import JSON
import Testing

/// Compared with the slow and obvious program that belongs to the specification.
@Suite(.timeLimit(.minutes(1)), .enabled(if: Oracle.python != nil, "python3 is not installed"))
struct `Beside the reference program a merge` {
    @Test func `is the same after every prefix of random streams`() throws {
        let scenarios = (0..<Oracle.streams).map(RandomScenario.make)
        var expected = try Oracle.outcomes(of: scenarios)[...]
        for scenario in scenarios {
            var gathering = try scenario.makeGathering()
            var outcomes = [Scenario.outcome(&gathering)]
            for event in try scenario.gatherEvents() {
                gathering.apply(event)
                outcomes.append(Scenario.outcome(&gathering))
            }
            for (count, outcome) in outcomes.enumerated() {
                let text = expected.popFirst() ?? "missing"
                guard outcome.canonicalText != text else { continue }
                Issue.record(
                    "\(scenario.name), \(count) events: \(outcome.canonicalText)\nis not \(text)\n\(scenario.json)")
                return
            }
        }
        #expect(expected.isEmpty)
    }
}

enum Oracle {
    static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first(
        where: FileManager.default.isExecutableFile)
    /// More of them for a long run.
    static let streams = ProcessInfo.processInfo.environment["BATON_TEST_STREAMS"].flatMap(Int.init) ?? 100

    /// Canonical text of header and view, after each prefix of each scenario's events.
    static func outcomes(of scenarios: [Scenario]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("oracle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appendingPathComponent("in"), folder.appendingPathComponent("out"))
        try scenarios.map(\.json.text).joined(separator: "\n").write(to: input, atomically: true, encoding: .utf8)
        let driver = try #require(
            Bundle.module.url(forResource: "oracle", withExtension: "py", subdirectory: "Golden"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-B", driver.path, input.path, output.path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
