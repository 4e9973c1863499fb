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

    /// The program itself, with hashing that is the same each time.
    private func simulate(_ arguments: String...) throws -> (status: Int32, output: String) {
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
