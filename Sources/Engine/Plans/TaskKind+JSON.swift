import Contracts
import JSON

/// As a plan writes it: the member of its name, and what belongs to it.
extension TaskKind {
    var members: JSONObject {
        switch self {
        case .skill(let call):
            return JSONObject([
                ("skill", .string(call.skill.text)), ("domain", .string(call.domain.text)),
                ("version", .number(JSONNumber(call.version))), ("with", call.input),
                ("risk", .string(call.risk.rawValue)), ("lease", .string(Span.text(call.lease))),
            ])
        case .approval(let rule): return JSONObject([("approval", rule.json)])
        case .gate(let gate): return JSONObject([("gate", .array(gate.checks.map(\.json)))])
        case .workflow(let call):
            return JSONObject([("workflow", .string(call.reference)), ("with", call.input)])
        case .wait(let rule): return JSONObject([("wait", rule.json)])
        }
    }

    /// Whether attempts of it can fail for reasons that pass, so that it is tried again.
    var isTried: Bool {
        switch self {
        case .skill, .workflow: true
        case .approval, .gate, .wait: false
        }
    }

    init(_ reader: MemberReader) throws(PlanFormatError) {
        let json = reader.value
        if json["approval"] != nil {
            self = .approval(try ApprovalRule(reader.member("approval")))
        } else if case .array(let checks)? = json["gate"] {
            var gate = Gate(checks: [])
            for (index, check) in checks.enumerated() {
                gate.checks.append(try GateCheck(MemberReader(value: check, path: "\(reader.path)/gate/\(index)")))
            }
            self = .gate(gate)
        } else if json["workflow"] != nil {
            let input = try reader.read("with") { $0 }
            self = .workflow(try reader.read("workflow") { $0.string.flatMap { ChildCall($0, input: input) } })
        } else if json["wait"] != nil {
            self = .wait(try WaitRule(reader.member("wait")))
        } else {
            self = .skill(
                SkillCall(
                    skill: try reader.read("skill") { $0.string.flatMap(SkillID.init) },
                    domain: try reader.read("domain") { $0.string.flatMap(DomainName.init) },
                    version: try reader.read("version") { $0.int }, input: try reader.read("with") { $0 },
                    risk: try reader.read("risk") { $0.string.flatMap(Risk.init) },
                    lease: try reader.read("lease") { Span.parse($0) }))
        }
    }
}

extension ApprovalRule {
    fileprivate var json: JSONValue {
        var members = JSONObject()
        if let of { members["of"] = of }
        if let title { members["title"] = .string(title) }
        members["by"] = .array(by.map { .string($0) })
        members["quorum"] = .number(JSONNumber(quorum))
        members["expires"] = .string(Span.text(expires))
        return .object(members)
    }

    fileprivate init(_ reader: MemberReader) throws(PlanFormatError) {
        self.init(
            of: reader.value["of"], title: reader.value["title"]?.string,
            by: try reader.read("by") { $0.array?.compactMap(\.string) }, quorum: try reader.read("quorum") { $0.int },
            expires: try reader.read("expires") { Span.parse($0) })
    }
}

extension WaitRule {
    fileprivate var json: JSONValue {
        switch self {
        case .span(let span): ["for": span]
        case .until(let moment): ["until": .string(moment)]
        case .signal(let name, let expires):
            ["signal": .string(name.text), "expires": .string(Span.text(expires))]
        }
    }

    fileprivate init(_ reader: MemberReader) throws(PlanFormatError) {
        if let span = reader.value["for"] {
            self = .span(span)
        } else if let moment = reader.value["until"]?.string {
            self = .until(moment)
        } else {
            self = .signal(
                try reader.read("signal") { $0.string.flatMap(SignalName.init) },
                expires: try reader.read("expires") { Span.parse($0) })
        }
    }
}

extension GateCheck {
    var json: JSONValue {
        var members = JSONObject()
        switch kind {
        case .fileExists(let pattern), .artifactExists(let pattern): members[kind.name] = .object(pattern.members)
        case .contentCheck(let content, let sections):
            var check: JSONObject =
                switch content {
                case .artifact(let pattern): pattern.members
                case .text(let text): JSONObject([("text", .string(text))])
                }
            check["sections"] = .array(sections.map { .string($0) })
            members[kind.name] = .object(check)
        case .metricThreshold(let value, let comparison, let threshold):
            members[kind.name] = [
                "value": value, "operator": .string(comparison.rawValue), "threshold": threshold,
            ]
        case .expression(let text): members[kind.name] = .string(text)
        }
        if let message { members["message"] = .string(message) }
        if !isRequired { members["required"] = false }
        return .object(members)
    }

    fileprivate init(_ reader: MemberReader) throws(PlanFormatError) {
        let value = reader.value
        self.init(
            kind: try Self.kind(reader), message: value["message"]?.string,
            isRequired: value["required"]?.bool ?? true)
    }

    private static func kind(_ reader: MemberReader) throws(PlanFormatError) -> Kind {
        let value = reader.value
        if let check = value["file_exists"] { return .fileExists(ArtifactPattern(check)) }
        if let check = value["artifact_exists"] { return .artifactExists(ArtifactPattern(check)) }
        if let text = value["expression"]?.string { return .expression(text) }
        if let check = value["content_check"] {
            return .contentCheck(
                check["text"]?.string.map { .text($0) } ?? .artifact(ArtifactPattern(check)),
                sections: check["sections"]?.array?.compactMap(\.string) ?? [])
        }
        let metric = try reader.member("metric_threshold")
        return .metricThreshold(
            value: try metric.read("value") { $0 },
            try metric.read("operator") { $0.string.flatMap(Comparison.init) },
            threshold: try metric.read("threshold") { $0 })
    }
}

extension ArtifactPattern {
    fileprivate var members: JSONObject {
        var members = JSONObject()
        if let task { members["task"] = .string(task.text) }
        if let name { members["name"] = .string(name) }
        if let kind { members["kind"] = .string(kind.rawValue) }
        return members
    }

    fileprivate init(_ json: JSONValue) {
        self.init(
            task: json["task"]?.string.flatMap(TaskID.init), name: json["name"]?.string,
            kind: json["kind"]?.string.flatMap(ArtifactKind.init))
    }
}
