import Foundation
import HTTP
import JSON

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A local server that checks Slack's documented request shapes and rate limits, and remembers what was called.
struct FakeSlack {
    struct Call {
        var method: String
        var isLimited: Bool
        var arguments: JSONValue
        var answer: JSONValue
    }

    let baseURL: String

    static func run(_ body: (FakeSlack) async throws -> Void) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "slack.py").path
        process.arguments = ["python3", script]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1),
            !byte.isEmpty
        {
            line += byte
        }
        let port = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        try await body(FakeSlack(baseURL: "http://127.0.0.1:\(port)/api"))
    }

    /// What was called, once there are so many calls.
    func calls(_ count: Int) async throws -> [Call] {
        let url = URL(string: baseURL.replacing("/api", with: "/calls") + "?count=\(count)")!
        let (data, _) = try await URLSession.shared.response(to: URLRequest(url: url))
        return (try JSONReader.parse(Array(data)).array ?? []).map { call in
            Call(
                method: call["method"]?.string ?? "", isLimited: call["limited"]?.bool ?? false,
                arguments: call["call"] ?? [:], answer: call["answer"] ?? [:])
        }
    }
}
