import Contracts
import JSON

/// Problems as compilers print them, so that editors can jump to them.
struct ProblemReport: Error {
    /// Of the file that was read; `nil` when there is none.
    var file: String?
    var problems: [Problem]

    func line(_ problem: Problem) -> String {
        var place = [file, problem.line.map(String.init), problem.line.map { _ in String(problem.column ?? 1) }]
        if file == nil { place = [problem.path.isEmpty ? nil : problem.path] }
        let prefix = place.compactMap { $0 }.joined(separator: ":")
        return (prefix.isEmpty ? "" : prefix + ": ") + "\(problem.code): \(problem.message)"
    }

    var lines: [String] { problems.map(line).map(\.printable) }

    var json: [JSONValue] {
        problems.map { problem in
            var members: JSONObject = [:]
            if let file { members["file"] = .string(file) }
            if let line = problem.line { members["line"] = .number(JSONNumber(line)) }
            if let column = problem.column { members["column"] = .number(JSONNumber(column)) }
            members["path"] = .string(problem.path)
            members["code"] = .string(problem.code)
            members["message"] = .string(problem.message)
            return .object(members)
        }
    }
}
