import Foundation
import Testing

@testable import Simulation

@Suite(.timeLimit(.minutes(10)))
struct `A simulated installation` {
    @Test func `is the same run again with the same seed, byte for byte`() throws {
        let first = try simulate("--seeds", "11-12", "--jobs", "1", "--trace")
        let second = try simulate("--seeds", "11-12", "--jobs", "1", "--trace")
        #expect(first.status == 0 && first.output.count > 10_000)
        #expect(first.output == second.output)
        #expect(try simulate("--seeds", "13", "--trace").output != first.output)
    }

    @Test func `keeps every invariant, whatever happens to its processes`() throws {
        let run = try simulate("--seeds", "1-20")
        #expect(run.status == 0, "\(run.output)")
    }

    @Test func `without faults does what was asked`() throws {
        let run = try simulate("--seeds", "1-5", "--faults", "none")
        #expect(run.status == 0, "\(run.output)")
    }

    @Test func `shrinks what goes wrong to a small run that still goes wrong, the same each time`() throws {
        let arguments = ["--seeds", "3-4", "--jobs", "1", "--plant", "duplicate"]
        let first = try simulate(arguments)
        #expect(
            first.status == 1 && first.output.contains("seed 3 goes wrong:\n  invariant 0: planted"), "\(first.output)")
        #expect(try shrunk(first.output) == shrunk(simulate(arguments).output))

        let words = try #require(
            try shrunk(first.output).split(separator: "\n").last?.split(separator: " ").map(String.init))
        let again = try simulate(Array(words.drop { $0 != "--seeds" }))
        #expect(again.status == 1 && again.output.contains("invariant 0: planted"), "\(again.output)")
        func value(_ name: String) -> String? { words.firstIndex(of: name).map { words[$0 + 1] } }
        // One fault of that kind is all it takes.
        #expect(value("--faults") == "duplicate" && value("--budget") == "1" && value("--workflows") == "1")
        func steps(_ output: String) -> Int { output.split(separator: "\n").count }
        let whole = try simulate(["--seeds", "3", "--jobs", "1", "--plant", "duplicate", "--no-shrinking", "--trace"])
        #expect(steps(again.output) * 5 < steps(whole.output), "\(again.output)")
    }

    /// What follows the table, which says how long it took.
    private func shrunk(_ output: String) throws -> String {
        String(output[try #require(output.range(of: "as small as it gets:")).lowerBound...])
    }

    private func simulate(_ arguments: String...) throws -> (status: Int32, output: String) { try simulate(arguments) }

    /// The program itself, with hashing that is the same each time.
    private func simulate(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.environment = ["SWIFT_DETERMINISTIC_HASHING": "1"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    /// It lies beside the tests.
    private static var program: URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "Simulation")
    }
}
