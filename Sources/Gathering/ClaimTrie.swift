import Contracts
import JSON

/// All current claims, by pointer: the part of the merge whose cost is that of the artifact that comes or goes.
struct ClaimTrie: Sendable {
    /// An artifact whose claims are in the trie.
    struct Source: Sendable {
        let payload: JSONValue
        let domain: DomainName
        let p: Int
        let rank: Rank
        let finishedAt: Timestamp
    }

    static let root = 0
    private(set) var sources: [Int: Source] = [:]
    var places: [Place]
    private var free: [Int] = []
    let rules: RuleTree
    let conflictThreshold: Int
    private(set) var domains: [DomainName] = []
    private var domainNumbers: [DomainName: Int] = [:]

    // The scores of the workflow, kept by difference.
    var totals = ScoreTotals()
    /// Where what is said differs from what was published.
    var changes: [Token: EntryChange] = [:]
    /// Listed now, but not when last published.
    var newConflicts: Set<Token> = []
    /// How many places have been rendered and visited, ever: what the cost tests count.
    var renderedPlaces = 0
    private(set) var visitedPlaces = 0

    init(_ definition: GatherDefinition) {
        rules = definition.rules
        conflictThreshold = definition.conflictThreshold
        places = [Place(parent: nil, token: Token(""), pointer: Token(""), rule: nil, cursor: rules.root, order: nil)]
        places[Self.root].shown = .open
        places[Self.root].published = .open
    }

    /// - Parameter id: of the source, not in use.
    mutating func add(_ source: Source, as id: Int) {
        sources[id] = source
        visit(Self.root, source.payload, Claim(source: id, domain: number(of: source.domain), p: source.p))
    }

    /// Takes out all that a source claims.
    mutating func remove(_ id: Int) {
        guard let source = sources.removeValue(forKey: id) else { return }
        visit(
            Self.root, source.payload,
            Claim(source: id, domain: number(of: source.domain), p: source.p, isRemoval: true))
    }

    private mutating func number(of domain: DomainName) -> Int {
        if let number = domainNumbers[domain] { return number }
        domains.append(domain)
        domainNumbers[domain] = domains.count - 1
        return domains.count - 1
    }

    // MARK: one claim

    private struct Claim {
        let source: Int
        let domain: Int
        let p: Int
        var isRemoval = false

        func change(_ support: inout Support) {
            if isRemoval { support.remove(domain: domain, p: p) } else { support.add(domain: domain, p: p) }
        }
    }

    private mutating func visit(_ at: Int, _ json: JSONValue, _ claim: Claim) {
        visitedPlaces += 1
        places[at].claims += claim.isRemoval ? -1 : 1
        touch(at)
        switch (places[at].rule?.strategy, json) {
        case (nil, .object(let object)):
            rival(.object, at, claim)
            for (name, value) in object.members { descend(at, Token(name), value, claim) }
        case (nil, .array(let elements)):
            rival(.list, at, claim)
            for element in elements { part(ClaimValue(element), at, claim) }
        case (.union(.some(let key)), .array(let elements)):
            rival(.fit(.array), at, claim)
            for element in elements {
                if let key = element.elementKey(key) {
                    descend(at, key.text, element, claim, order: key)
                } else {
                    rival(.value(ClaimValue(element)), at, claim)
                }
            }
        case (.union(nil), .array(let elements)):
            rival(.fit(.array), at, claim)
            for element in elements { part(ClaimValue(element), at, claim) }
        case (.numeric, .number): part(ClaimValue(json), at, claim)
        case (.count, _): fit(ClaimValue(json), at, claim)
        case (.latest, _):
            rival(.value(ClaimValue(json)), at, claim)
            fit(ClaimValue(json), at, claim)
        case (.append, .array), (.concatText, .string), (.sum, .number), (.min, .number), (.max, .number):
            let value = ClaimValue(json)
            rival(.fit(value.kind), at, claim)
            fit(value, at, claim)
        default: rival(.value(ClaimValue(json)), at, claim)
        }
    }

    private mutating func descend(
        _ at: Int, _ token: Token, _ json: JSONValue, _ claim: Claim, order: ClaimValue? = nil
    ) {
        let child = places[at].children[token] ?? makePlace(below: at, token, order)
        visit(child, json, claim)
        if places[child].isEmpty { prune(child) }
    }

    private mutating func rival(_ candidate: Candidate, _ at: Int, _ claim: Claim) {
        claim.change(&places[at].rivals[candidate, default: Support()])
        if places[at].rivals[candidate]?.isEmpty == true { places[at].rivals[candidate] = nil }
    }

    private mutating func part(_ value: ClaimValue, _ at: Int, _ claim: Claim) {
        claim.change(&places[at].parts[value, default: Support()])
        if places[at].parts[value]?.isEmpty == true { places[at].parts[value] = nil }
    }

    private mutating func fit(_ value: ClaimValue, _ at: Int, _ claim: Claim) {
        let isReckoned = places[at].rule?.strategy.isReckoning == true
        if claim.isRemoval {
            places[at].fits.remove(claim.source, isReckoned: isReckoned)
        } else {
            places[at].fits.add(value, of: claim.source, p: claim.p, isReckoned: isReckoned)
        }
    }

    /// A dirty place's parents are dirty too.
    private mutating func touch(_ at: Int) {
        var at = at
        while !places[at].isDirty {
            places[at].isDirty = true
            guard let parent = places[at].parent else { return }
            places[parent].dirtyChildren.append(places[at].token)
            at = parent
        }
    }

    // MARK: places

    private mutating func makePlace(below parent: Int, _ token: Token, _ order: ClaimValue?) -> Int {
        let cursor = rules.step(places[parent].cursor, token)
        let place = Place(
            parent: parent, token: token,
            pointer: Token(places[parent].pointer.text + "/" + JSONPointer.escape(token.text)),
            rule: rules.rule(at: cursor), cursor: cursor, order: order)
        let at = free.popLast() ?? places.count
        if at == places.count { places.append(place) } else { places[at] = place }
        places[parent].children[token] = at
        return at
    }

    /// Forgets a place without claims, unless it has to be told that it is gone.
    mutating func prune(_ at: Int) {
        guard places[at].isEmpty, let parent = places[at].parent else { return }
        guard case .nothing = places[at].published, places[at].entry == nil else { return }
        places[parent].children[places[at].token] = nil
        places[at].isDirty = true
        free.append(at)
    }
}

/// The order of artifacts: by the plan, unplanned last.
struct Rank: Comparable, Sendable {
    let index: Int
    let task: TaskID
    let name: ArtifactName

    static func < (left: Rank, right: Rank) -> Bool {
        if left.index != right.index { return left.index < right.index }
        return left.task != right.task ? left.task < right.task : left.name < right.name
    }
}

/// Weighted sums over the places that are shown, in millionths, so that they are exact and reversible.
struct ScoreTotals: Sendable {
    private var weight = 0
    private var confidence = 0
    private var conflicts: [Int: Int] = [:]
    private(set) var listed = 0

    mutating func count(_ entry: Entry?, weight: Int, times sign: Int) {
        guard let entry else { return }
        self.weight += sign * weight
        confidence += sign * weight * entry.confidence
        if entry.listing != nil { listed += sign }
        guard weight > 0 else { return }
        conflicts[entry.conflict, default: 0] += sign
        if conflicts[entry.conflict] == 0 { conflicts[entry.conflict] = nil }
    }

    var meanConfidence: Int { halfUp(confidence, weight) }
    var greatestConflict: Int { conflicts.keys.max() ?? 0 }
}

/// The quotient, half up; 0 when there is nothing to divide by.
func halfUp(_ numerator: Int, _ denominator: Int) -> Int {
    denominator == 0 ? 0 : (2 * numerator + denominator) / (2 * denominator)
}
