import Contracts
import JSON

/// Checks over the records of artifacts and over outputs: whatever the workflow knows, and nothing else.
extension WorkflowState {
    mutating func check(_ index: Int, _ gate: Gate, _ turn: inout Turn) {
        let attempt = tasks[index].attempt + 1
        var findings: [Finding] = []
        do {
            for (number, check) in gate.checks.enumerated() {
                findings.append(try finding(check, index, at: "/gate/\(number)/\(check.kind.name)"))
            }
        } catch {
            return fail(index, attempt: attempt, TaskError(error), &turn)
        }
        let output: JSONValue = ["checks": .array(findings.map(\.json))]
        let failed = findings.filter { !$0.holds && $0.isRequired }
        guard !failed.isEmpty else { return complete(index, attempt: attempt, output: output, &turn) }
        let message = failed.map(\.text).joined(separator: "; ")
        let error = TaskError(
            code: "gate_failed", message: String(message.prefix(4000)), permanent: true, details: output)
        fail(index, attempt: attempt, error, &turn)
    }

    /// What a check expected, and what it found.
    private struct Finding {
        var name: String
        var holds: Bool
        var expected: String
        var found: String
        var message: String?
        var isRequired = true

        var text: String { (message.map { "\($0): " } ?? "") + "\(name) expected \(expected), found \(found)" }
        var json: JSONValue {
            var members = JSONObject([
                ("check", .string(name)), ("holds", .bool(holds)), ("expected", .string(expected)),
                ("found", .string(found)),
            ])
            if let message { members["message"] = .string(message) }
            if !isRequired { members["required"] = false }
            return .object(members)
        }
    }

    private func finding(_ check: GateCheck, _ index: Int, at path: String) throws(ExpressionError) -> Finding {
        var evaluator = Evaluator(scope: scope(index))
        var finding: Finding
        switch check.kind {
        case .fileExists(let pattern):
            finding = existence(of: pattern, index, "file") { $0.kind == .file || $0.kind == .document }
        case .artifactExists(let pattern):
            finding = existence(of: pattern, index, pattern.kind?.rawValue ?? "artifact") { artifact in
                pattern.kind.map { $0 == artifact.kind ?? .data } ?? true
            }
        case .contentCheck(.text(let template), let sections):
            let text = evaluator.text(of: try JSONValue.string(template).resolved(&evaluator, at: path + "/text"))
            finding = content(sections, among: DocumentSections.headings(of: text), of: "the text")
        case .contentCheck(.artifact(let pattern), let sections):
            finding = content(sections, of: pattern, index)
        case .metricThreshold(let value, let comparison, let threshold):
            finding = try metric(
                try value.resolved(&evaluator, at: path + "/value"), comparison,
                try threshold.resolved(&evaluator, at: path + "/threshold"), &evaluator)
        case .expression(let text):
            do {
                let value = try evaluator.value(of: try Template.condition(text))
                finding = Finding(
                    name: "", holds: value.isTrue, expected: text, found: String(value.text.prefix(200)))
            } catch {
                throw error.placed(at: path)
            }
        }
        finding.name = check.kind.name
        (finding.message, finding.isRequired) = (check.message, check.isRequired)
        return finding
    }

    // MARK: Artifacts

    /// Of the task that is named, else of all that the gate needs; instances included.
    private func artifacts(_ pattern: ArtifactPattern, _ index: Int) -> [(task: TaskID, record: ArtifactRecord)] {
        let named = pattern.task.map { [$0] } ?? planned(index).needs
        let tasks = named.compactMap { indices[$0] }.flatMap { [$0] + self.tasks[$0].instances }.map { self.tasks[$0] }
        return tasks.flatMap { task in task.artifacts.map { (task.id, $0) } }
    }

    private func existence(
        of pattern: ArtifactPattern, _ index: Int, _ what: String, where isMeant: (ArtifactRecord) -> Bool
    ) -> Finding {
        let there = artifacts(pattern, index)
        let matching = there.filter { isMeant($0.record) && pattern.admits($0.record.name.text) }
        let name = pattern.name.map { " named \($0)" } ?? ""
        let task = pattern.task.map { " of \($0)" } ?? ""
        return Finding(
            name: "", holds: !matching.isEmpty, expected: "a \(what)\(name)\(task)",
            found: Self.list((matching.isEmpty ? there : matching).map { "\($0.task)/\($0.record.name)" }))
    }

    private func content(_ sections: [String], of pattern: ArtifactPattern, _ index: Int) -> Finding {
        let there = artifacts(pattern, index).filter { pattern.admits($0.record.name.text) }
        let documents = there.filter { $0.record.sections != nil }
        guard !documents.isEmpty else {
            let others =
                there.isEmpty
                ? "no artifact" : "no document with sections: " + Self.list(there.map { "\($0.record.name)" })
            return Finding(name: "", holds: false, expected: "sections " + Self.list(sections), found: others)
        }
        // Where several match, one of them has to have all.
        let findings = documents.map { content(sections, among: $0.record.sections ?? [], of: "\($0.record.name)") }
        return findings.first(where: \.holds) ?? findings[0]
    }

    private func content(_ sections: [String], among there: [String], of what: String) -> Finding {
        let known = Set(there.map(DocumentSections.comparable))
        let missing = sections.filter { !known.contains(DocumentSections.comparable($0)) }
        return Finding(
            name: "", holds: missing.isEmpty, expected: "sections " + Self.list(sections),
            found: missing.isEmpty ? "all in \(what)" : "\(what) without " + Self.list(missing))
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        return names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }

    // MARK: Numbers

    private func metric(
        _ value: JSONValue, _ comparison: GateCheck.Comparison, _ threshold: JSONValue, _ evaluator: inout Evaluator
    ) throws(ExpressionError) -> Finding {
        let expected = "\(comparison.rawValue) \(threshold.text)"
        let found = String(value.text.prefix(200))
        guard value.number != nil, threshold.number != nil else {
            return Finding(name: "", holds: false, expected: "a number \(expected)", found: found)
        }
        let comparing = Expression.binary(comparison.sign, .literal(value), .literal(threshold), offset: 0)
        let holds = try evaluator.value(of: comparing).isTrue
        return Finding(name: "", holds: holds, expected: expected, found: found)
    }
}

extension GateCheck.Comparison {
    fileprivate var sign: Expression.Operator {
        switch self {
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .equal: .equal
        case .unequal: .unequal
        case .greaterOrEqual: .greaterOrEqual
        case .greater: .greater
        }
    }
}

extension ArtifactPattern {
    /// `*` stands for any characters.
    func admits(_ text: String) -> Bool {
        guard let name else { return true }
        let parts = name.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return name == text }
        guard text.hasPrefix(parts[0]), text.hasSuffix(parts[parts.count - 1]),
            text.utf8.count >= parts[0].utf8.count + parts[parts.count - 1].utf8.count
        else { return false }
        var rest = text.dropFirst(parts[0].count).dropLast(parts[parts.count - 1].count)
        for part in parts[1..<parts.count - 1] where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
