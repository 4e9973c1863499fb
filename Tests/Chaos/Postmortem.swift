import Foundation

/// What a failed run says last, short enough for the end of a log: what did not hold, and what the files say of it.
struct Postmortem: Sendable {
    let failures: [String]
    /// The run's folder.
    let data: String

    private static let failureLimit = 14
    private static let excerptLimit = 22
    private static let width = 240

    var text: String {
        var lines = ["chaos: FAILED, \(failures.count) things did not hold (all of it is in \(data)):"]
        lines += failures.prefix(Self.failureLimit).map { "  * " + Self.short($0) }
        if failures.count > Self.failureLimit { lines.append("  * … and \(failures.count - Self.failureLimit) more") }
        let excerpt = excerpt
        if !excerpt.isEmpty { lines += ["chaos: from its files:"] + excerpt.map { "  " + Self.short($0) } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Lines that name what failed; where none does, the last complaints of anybody.
    private var excerpt: [String] {
        let all = logs
        let named = names.isEmpty ? [] : all.filter { line in names.contains { line.contains($0) } }
        let lines = named.isEmpty ? all.filter(Self.complains) : named
        return Array(lines.sorted { Self.time($0) < Self.time($1) }.suffix(Self.excerptLimit))
    }

    /// The workflows and the replicas that the failures speak of.
    private var names: [String] {
        let replicas = (Fleet.processes + World.domains).flatMap { name in (1...3).map { "\(name)-\($0)" } }
        return replicas.filter { name in failures.contains { $0.contains(name) } }.map { $0 + ".log:" }
            + failures.flatMap { $0.matches(of: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/).map { String($0.output) } }
    }

    private var logs: [String] {
        let files = ["\(data)/violations.txt"] + Self.logs(in: data + "/logs") + Self.logs(in: data)
        return files.flatMap { file in
            let name = URL(filePath: file).lastPathComponent
            let text = (try? Data(contentsOf: URL(filePath: file))).map {
                String(decoding: $0.suffix(1 << 20), as: UTF8.self)
            }
            return (text ?? "").split(separator: "\n").map { "\(name): \($0)" }
        }
    }

    private static func logs(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".log") }.sorted().map { "\(folder)/\($0)" }
    }

    private static func complains(_ line: String) -> Bool {
        [" error ", " critical ", "Fatal error", "FATAL", "PANIC", "[error]"].contains { line.contains($0) }
    }

    /// The line without its file's name: what is logged begins with the time.
    private static func time(_ line: String) -> Substring { line.drop { $0 != ":" }.dropFirst(2).prefix(19) }

    private static func short(_ line: String) -> String {
        line.count <= width ? line : line.prefix(width) + "…"
    }
}
