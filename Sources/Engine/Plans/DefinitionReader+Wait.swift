import Contracts
import JSON

extension DefinitionReader {
    /// `wait: 10m`, or `{ for: 10m }`, `{ until: moment }`, `{ signal: name, expires: 1h }`.
    mutating func wait(
        _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> WaitRule? {
        let before = problems.count
        guard case .object(let members)? = value else {
            return span(value, at: path, isFanOut: isFanOut, &reading).map { .span($0) }
        }
        checkKeys(members, ["for", "until", "signal", "expires"], at: path)
        let named = ["for", "until", "signal"].filter { members[$0] != nil }
        guard named.count == 1 else {
            report(path, .invalidValue, "a wait is one of `for`, `until` and `signal`")
            return nil
        }
        if members["expires"] != nil, named != ["signal"] {
            report(path + "/expires", .invalidValue, "expires belongs to signal")
        }
        let rule: WaitRule?
        switch named[0] {
        case "for":
            rule = span(members["for"], at: path + "/for", isFanOut: isFanOut, &reading).map { .span($0) }
        case "until": rule = until(members["until"], at: path + "/until", isFanOut: isFanOut, &reading)
        default: rule = signal(members, at: path)
        }
        return problems.count == before ? rule : nil
    }

    private mutating func span(
        _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> JSONValue? {
        guard let text = value?.string, Template.isTemplate(text) else {
            return duration(value, at: path).map { .string(Span.text($0)) }
        }
        checkTemplates(in: value, at: path, isFanOut: isFanOut, &reading)
        return value
    }

    private mutating func until(
        _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> WaitRule? {
        guard let text = value?.string, Template.isTemplate(text) || Timestamp(text) != nil else {
            report(path, .invalidValue, "expected a moment such as 2026-01-31T09:00:00Z, or a template that gives one")
            return nil
        }
        checkTemplates(in: value, at: path, isFanOut: isFanOut, &reading)
        return .until(text)
    }

    private mutating func signal(_ members: JSONObject, at path: String) -> WaitRule? {
        let expires = duration(members["expires"], at: path + "/expires") ?? WaitRule.standard
        guard let name = members["signal"]?.string.flatMap({ SignalName($0) }) else {
            report(path + "/signal", .invalidName, "a signal's name is made of letters, digits, '.', '_' and '-'")
            return nil
        }
        return .signal(name, expires: expires)
    }
}
