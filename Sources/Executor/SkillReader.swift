import Contracts
import Engine
import JSON

/// Reads what a skill's file says, once the schema has found its shape right.
struct SkillReader {
    private let value: JSONValue
    private let folder: String
    private(set) var problems: [Problem] = []

    init(_ value: JSONValue, folder: String) {
        self.value = value
        self.folder = folder
    }

    mutating func read() -> SkillFile? {
        problems = FileSchema.skill.problems(of: value)
        guard problems.isEmpty, let id = SkillID(value["id"]?.string ?? ""),
            let domain = DomainName(value["domain"]?.string ?? "")
        else { return nil }
        if folder.split(separator: "/").last.map(String.init) != id.text {
            refuse("/id", "folder_name", "its folder has to be named `\(id)`")
        }
        let input = schema("input")
        let output = schema("output")
        guard let handler = handler() else { return nil }
        let artifacts = (value["artifacts"]?.array ?? [[:]]).enumerated().compactMap {
            artifact($1, at: "/artifacts/\($0)")
        }
        return SkillFile(
            id: id, domain: domain, version: value["version"]?.int ?? 1, title: value["title"]?.string ?? id.text,
            handler: handler, artifacts: artifacts, input: input, output: output, folder: folder, declaration: value)
    }

    private mutating func schema(_ name: String) -> JSONValue? {
        guard let schema = value[name] else { return nil }
        do {
            _ = try JSONSchema(schema)
        } catch {
            refuse("/\(name)\(error.pointer.text)", "invalid_schema", error.message)
        }
        return schema
    }

    private mutating func handler() -> SkillHandler? {
        if value["handler"]?.string == "external" { return .external }
        if let sql = value["handler"]?["sql"] { return rule(sql: sql).map(SkillHandler.sql) }
        if let command = value["handler"]?["command"] { return .command(rule(command: command)) }
        if let template = value["handler"]?["template"] { return .template(rule(template: template)) }
        return nil
    }

    private mutating func rule(sql: JSONValue) -> SQLRule? {
        let parameters = sql["parameters"]?.array ?? []
        for (index, parameter) in parameters.enumerated() {
            check(parameter, at: "/handler/sql/parameters/\(index)", output: false)
        }
        guard let query = sql["query"]?.string ?? sql["file"]?.string.flatMap({ FileText.read("\(folder)/\($0)") })
        else {
            refuse("/handler/sql/file", "no_file", "cannot be read")
            return nil
        }
        return SQLRule(
            query: query, parameters: parameters, statementTimeout: span(sql["statement_timeout"]) ?? .seconds(30),
            maxRows: sql["max_rows"]?.int ?? 10_000)
    }

    private mutating func rule(command: JSONValue) -> CommandRule {
        let limits = command["limits"]
        return CommandRule(
            run: command["run"]?.array?.compactMap(\.string) ?? [],
            environment: command["environment"]?.array?.compactMap(\.string) ?? ["PATH", "LANG", "LC_ALL", "TZ"],
            outputLimit: limits?["output_bytes"]?.int ?? 1 << 20, lineLimit: limits?["line_bytes"]?.int ?? 4 << 20,
            logLimit: limits?["log_lines"]?.int ?? 10_000, artifactLimit: limits?["artifacts"]?.int ?? 1000,
            stopWithin: span(command["stop_within"]) ?? .seconds(5))
    }

    private mutating func rule(template: JSONValue) -> TemplateRule {
        let (output, delay) = (template["output"] ?? .null, template["delay"])
        let place = "/handler/template"
        check(output, at: place + "/output", output: false, run: true)
        if let delay {
            check(delay, at: place + "/delay", output: false)
            if delay.string?.contains("${{") != true, Span.parse(delay) == nil {
                refuse(place + "/delay", "invalid_span", "is no span of time such as 500ms")
            }
        }
        return TemplateRule(output: output, delay: delay)
    }

    private mutating func artifact(_ rule: JSONValue, at path: String) -> ArtifactRule? {
        check(rule["payload"] ?? .null, at: path + "/payload", output: true)
        check(rule["summary"] ?? .null, at: path + "/summary", output: true)
        check(rule["confidence"] ?? .null, at: path + "/confidence", output: true)
        guard let name = ArtifactName(rule["name"]?.string ?? "result") else { return nil }
        return ArtifactRule(
            name: name, kind: rule["kind"]?.string.flatMap(ArtifactKind.init) ?? .data,
            mediaType: rule["media_type"]?.string ?? "application/json", payload: rule["payload"],
            summary: rule["summary"]?.string, confidence: rule["confidence"] ?? 1)
    }

    private mutating func check(_ template: JSONValue, at path: String, output: Bool, run: Bool = false) {
        for problem in OutputTemplate.problems(in: template, mayUseOutput: output, mayUseRun: run) {
            refuse(path + problem.path, problem.code, problem.message)
        }
    }

    private func span(_ value: JSONValue?) -> Duration? {
        if let text = value?.string { return Span.parse(text) }
        return value?.number.map { .milliseconds(Int64($0.double * 1000)) }
    }

    private mutating func refuse(_ path: String, _ code: String, _ message: String) {
        problems.append(Problem(path: path, code: code, message: message))
    }
}
