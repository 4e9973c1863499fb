import Foundation

/// Draws graphs with Graphviz's `dot`, where it is installed.
package enum Graphviz {
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// - Parameter path: the folders to look for `dot` in, separated by colons.
    package static func svg(
        _ dot: String, path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) throws -> String {
        let programs = path.split(separator: ":").map { "\($0)/dot" }
        guard let program = programs.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw Failure(
                description: "SVG needs Graphviz, and there is no `dot` in PATH: install graphviz, or use --format dot")
        }
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-Tsvg"]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(dot.utf8))
        try input.fileHandleForWriting.close()
        let svg = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "`dot` ended with status \(process.terminationStatus)")
        }
        return String(decoding: svg, as: UTF8.self)
    }
}
