import Contracts
import JSON

extension DefinitionReader {
    /// `approval: { of, title, by: [role], quorum: 2, expires: 24h }`.
    mutating func approval(
        _ value: JSONValue?, at path: String, isFanOut: Bool, _ reading: inout TaskReading
    ) -> ApprovalRule? {
        guard case .object(let members)? = value else {
            report(path, .wrongType, "an approval is an object: { by: [deployer], expires: 24h }")
            return nil
        }
        let before = problems.count
        checkKeys(members, ["of", "title", "by", "quorum", "expires"], at: path)
        for key in ["of", "title"] {
            checkTemplates(in: members[key], at: "\(path)/\(key)", isFanOut: isFanOut, &reading)
        }
        let title = string(members["title"], at: path + "/title")
        let by = roles(members["by"], at: path + "/by")
        let quorum = integer(members["quorum"], 1...100, at: path + "/quorum") ?? 1
        let expires = duration(members["expires"], at: path + "/expires") ?? ApprovalRule.standard
        guard problems.count == before else { return nil }
        return ApprovalRule(of: members["of"], title: title, by: by, quorum: quorum, expires: expires)
    }

    /// One role, or a list of them.
    private mutating func roles(_ value: JSONValue?, at path: String) -> [String] {
        let values: [JSONValue]
        switch value {
        case .array(let elements)?: values = elements
        case let one?: values = [one]
        case nil:
            report(path, .missing, "an approval says by which roles: by: [deployer]")
            return []
        }
        let roles = values.compactMap(\.string).filter { (1...100).contains($0.count) }
        guard (1...100).contains(values.count), roles.count == values.count, Set(roles).count == roles.count else {
            report(path, .invalidValue, "expected 1 to 100 different roles, each of 1 to 100 characters")
            return []
        }
        return roles
    }
}
