import Contracts
import JSON

extension DefinitionReader {
    private static let checks = [
        "file_exists", "content_check", "artifact_exists", "metric_threshold", "expression",
    ]

    /// One check, or a list of them.
    mutating func gate(
        _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> Gate? {
        let before = problems.count
        var gate = Gate(checks: [])
        switch value {
        case .object(let members)?:
            if let check = check(members, at: path, isFanOut: isFanOut, &reading) { gate.checks.append(check) }
        case .array(let elements)? where (1...100).contains(elements.count):
            for (index, element) in elements.enumerated() {
                guard case .object(let members) = element else {
                    report("\(path)/\(index)", .wrongType, "a check is an object, not \(element.kind)")
                    continue
                }
                if let check = check(members, at: "\(path)/\(index)", isFanOut: isFanOut, &reading) {
                    gate.checks.append(check)
                }
            }
        default: report(path, .wrongType, "a gate is a check or a list of 1 to 100 of them")
        }
        return problems.count == before ? gate : nil
    }

    private mutating func check(
        _ members: JSONObject, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> GateCheck? {
        checkKeys(members, Set(Self.checks + ["message", "required"]), at: path)
        let message = string(members["message"], at: path + "/message")
        if let required = members["required"], required.bool == nil {
            report(path + "/required", .wrongType, "required is true or false")
        }
        let named = Self.checks.filter { members[$0] != nil }
        guard named.count == 1, let name = named.first else {
            report(path, .invalidValue, "a check is one of \(Self.checks.joined(separator: ", "))")
            return nil
        }
        let kind = kind(name, members[name], at: "\(path)/\(name)", isFanOut: isFanOut, &reading)
        return kind.map { GateCheck(kind: $0, message: message, isRequired: members["required"]?.bool ?? true) }
    }

    private mutating func kind(
        _ name: String, _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> GateCheck.Kind? {
        if name == "expression" { return expression(value, at: path, isFanOut: isFanOut, &reading) }
        guard case .object(let members)? = value else {
            report(path, .wrongType, "\(name) is an object, not \(value?.kind ?? "nothing")")
            return nil
        }
        switch name {
        case "metric_threshold": return metric(members, at: path, isFanOut: isFanOut, &reading)
        case "content_check": return content(members, at: path, isFanOut: isFanOut, &reading)
        case "file_exists":
            checkKeys(members, ["task", "name"], at: path)
            return .fileExists(pattern(members, at: path, &reading))
        default:
            checkKeys(members, ["task", "name", "kind"], at: path)
            return .artifactExists(pattern(members, at: path, &reading))
        }
    }

    private mutating func expression(
        _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> GateCheck.Kind? {
        guard let text = value?.string else {
            report(path, .wrongType, "expected an expression, not \(value?.kind ?? "nothing")")
            return nil
        }
        check(at: path, item: isFanOut, status: false, &reading.references) { () throws(ExpressionError) in
            [try Template.condition(text)]
        }
        return .expression(text)
    }

    private mutating func metric(
        _ members: JSONObject, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> GateCheck.Kind? {
        checkKeys(members, ["value", "operator", "threshold"], at: path)
        for key in ["value", "threshold"] {
            guard let value = members[key] else {
                report("\(path)/\(key)", .missing, "metric_threshold compares a value with a threshold")
                continue
            }
            let isTemplate = value.string.map { Template.isTemplate($0) } ?? false
            if value.number == nil, !isTemplate {
                report("\(path)/\(key)", .wrongType, "expected a number, or a template that gives one")
            }
            checkTemplates(in: value, at: "\(path)/\(key)", isFanOut: isFanOut, &reading)
        }
        let comparison: GateCheck.Comparison? = choice(members["operator"], at: path + "/operator")
        guard let value = members["value"], let threshold = members["threshold"] else { return nil }
        return .metricThreshold(value: value, comparison ?? .greaterOrEqual, threshold: threshold)
    }

    private mutating func content(
        _ members: JSONObject, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> GateCheck.Kind? {
        checkKeys(members, ["task", "name", "text", "sections"], at: path)
        let sections = members["sections"]?.array?.compactMap(\.string) ?? []
        if !(1...100).contains(sections.count) || sections.count != members["sections"]?.array?.count {
            report(path + "/sections", .invalidValue, "expected a list of 1 to 100 headings")
        }
        guard let text = members["text"] else {
            return .contentCheck(.artifact(pattern(members, at: path, &reading)), sections: sections)
        }
        if members["task"] != nil || members["name"] != nil {
            report(path, .invalidValue, "a content_check looks at an artifact (task, name) or at a text, not both")
        }
        checkTemplates(in: text, at: path + "/text", isFanOut: isFanOut, &reading)
        return string(text, at: path + "/text").map { .contentCheck(.text($0), sections: sections) }
    }

    private mutating func pattern(
        _ members: JSONObject, at path: String, _ reading: inout TaskReading
    ) -> ArtifactPattern {
        var pattern = ArtifactPattern(name: string(members["name"], at: path + "/name"))
        pattern.kind = choice(members["kind"], at: path + "/kind")
        if let name = string(members["task"], at: path + "/task") {
            if let task = TaskID(name), !name.contains(".") {
                pattern.task = task
                reading.references.append(.init(task: task, path: path + "/task"))
            } else {
                report(path + "/task", .unknownTask, "there is no task \(name)")
            }
        }
        return pattern
    }
}
