package import JSON

/// The rules by their pointers, in which `*` stands for any one token; a literal token beats `*`, leftmost first.
package struct RuleTree: Sendable {
    private struct Branch: Sendable {
        var literal: [Token: Int] = [:]
        var any: Int?
        var rule: MergeRule?
    }

    /// What may still match on the way down to a place, the strongest first.
    struct Cursor: Sendable {
        fileprivate var branches: [Int]
    }

    private var branches = [Branch()]

    package init() {}

    var root: Cursor { Cursor(branches: [0]) }

    /// - Returns: false when there is a rule for this pointer already.
    mutating func insert(_ rule: MergeRule, at pattern: JSONPointer) -> Bool {
        var at = 0
        for token in pattern.tokens {
            if let next = token == "*" ? branches[at].any : branches[at].literal[Token(token)] {
                at = next
                continue
            }
            branches.append(Branch())
            let next = branches.count - 1
            if token == "*" { branches[at].any = next } else { branches[at].literal[Token(token)] = next }
            at = next
        }
        guard branches[at].rule == nil else { return false }
        branches[at].rule = rule
        return true
    }

    func step(_ cursor: Cursor, _ token: Token) -> Cursor {
        var next: [Int] = []
        for at in cursor.branches {
            if let branch = branches[at].literal[token] { next.append(branch) }
            if let branch = branches[at].any { next.append(branch) }
        }
        return Cursor(branches: next)
    }

    func rule(at cursor: Cursor) -> MergeRule? {
        for branch in cursor.branches { if let rule = branches[branch].rule { return rule } }
        return nil
    }

    package func rule(at pointer: JSONPointer) -> MergeRule? {
        rule(at: pointer.tokens.reduce(root) { step($0, Token($1)) })
    }
}
