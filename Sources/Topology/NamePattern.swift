/// A permission's regular expression, as the broker reads it: it matches anywhere in a name.
struct NamePattern {
    private let regex: Regex<AnyRegexOutput>

    /// - Returns: `nil` for what is not a regular expression.
    init?(_ pattern: String) {
        // The broker takes an empty one for "nothing".
        guard let regex = try? Regex(pattern.isEmpty ? "^$" : pattern) else { return nil }
        self.regex = regex
    }

    func matches(_ name: String) -> Bool { name.firstMatch(of: regex) != nil }
}

extension Topology.User {
    /// The topic exchanges that this user may read or write without a bound on the keys.
    func topicsWithoutPermission(among topics: [String]) -> [String] {
        topics.filter { exchange in
            guard self.topics[exchange] == nil else { return false }
            return [permissions.write, permissions.read].contains { NamePattern($0)?.matches(exchange) ?? true }
        }
    }
}
