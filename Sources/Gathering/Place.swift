import JSON

/// One place in the payloads: what is claimed there, and how it was last rendered.
struct Place: Sendable {
    /// What is shown at a place.
    enum Shown: Sendable {
        case nothing
        case value(JSONValue)
        /// What the places below show: members, or the elements of a keyed list.
        case open
    }

    let parent: Int?
    let token: Token
    let pointer: Token
    let rule: MergeRule?
    let cursor: RuleTree.Cursor
    /// Of an element of a keyed list: what it is ordered by.
    let order: ClaimValue?
    var children: [Token: Int] = [:]

    // What is claimed, by candidate, domain and p, so that a claim can be taken out again.
    /// How many claims there are.
    var claims = 0
    var rivals: [Candidate: Support] = [:]
    /// Elements of sets; numbers of a `numeric` rule.
    var parts: [ClaimValue: Support] = [:]
    var fits = Fits()

    // How it was rendered.
    /// Something here or below has changed since.
    var isDirty = false
    var dirtyChildren: [Token] = []
    var shown = Shown.nothing
    var entry: Entry?

    // How it was published.
    /// Something here or below was rendered since.
    var isStale = false
    var staleChildren: [Token] = []
    var published = Shown.nothing

    var key: String? { if case .union(let key) = rule?.strategy { key } else { nil } }
    var isEmpty: Bool { claims == 0 && children.isEmpty }
}

/// What is said of the value at one place.
struct Entry: Sendable, Equatable {
    /// In millionths, both.
    let confidence: Int
    let conflict: Int
    /// The candidates, when the place is listed among the conflicts.
    let listing: JSONValue?

    var quality: JSONValue {
        .object(JSONObject([("confidence", .score(confidence)), ("conflict", .score(conflict))]))
    }
}

/// What was said of a place in the last revision, and what is said now; `nil` is nothing.
struct EntryChange: Sendable {
    let published: Entry?
    let current: Entry?
}
