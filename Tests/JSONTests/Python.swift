import Foundation

/// The system's Python, where there is one.
enum Python {
    static let hasJSONSchema = (try? run("import jsonschema; print('yes')", input: "")) == "yes"

    /// - Returns: the standard output, without the last line's end.
    static func run(_ program: String, input: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (script, data) = (folder.appending(path: "program.py"), folder.appending(path: "input"))
        try Data(program.utf8).write(to: script)
        try Data(input.utf8).write(to: data)
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-W", "ignore", script.path]
        process.standardInput = try FileHandle(forReadingFrom: data)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        struct Failed: Error { let status: Int32 }
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
