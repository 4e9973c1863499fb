import Contracts
import JSON

/// Rendering: only what was touched since the last time, and what lies above it.
extension ClaimTrie {
    mutating func render() {
        if places[Self.root].isDirty { render(Self.root) }
    }

    private mutating func render(_ at: Int) {
        renderedPlaces += 1
        places[at].isDirty = false
        stale(at)
        let verdict = places[at].claims == 0 && at != Self.root ? .nothing : verdict(on: places[at])
        if case .open = verdict.shown {
            renderChildren(of: at)
        } else if case .open = places[at].shown {
            hideChildren(of: at)
        }
        places[at].shown = verdict.shown
        if at != Self.root { record(verdict.entry, at) }
    }

    private mutating func renderChildren(of at: Int) {
        let tokens = places[at].dirtyChildren
        places[at].dirtyChildren = []
        for token in tokens {
            guard let child = places[at].children[token], places[child].isDirty else { continue }
            render(child)
            prune(child)
        }
    }

    /// What is below a place that is not shown any more does not count; all of it is to be rendered if it comes back.
    private mutating func hideChildren(of at: Int) {
        places[at].dirtyChildren = Array(places[at].children.keys)
        for (_, child) in places[at].children {
            places[child].isDirty = true
            stale(child)
            record(nil, child)
            if case .open = places[child].shown { hideChildren(of: child) }
            places[child].shown = .nothing
        }
        for (_, child) in places[at].children { prune(child) }
    }

    private mutating func stale(_ at: Int) {
        var at = at
        while !places[at].isStale {
            places[at].isStale = true
            guard let parent = places[at].parent else { return }
            places[parent].staleChildren.append(places[at].token)
            at = parent
        }
    }

    /// Counts what is said of a place, instead of what was said before.
    private mutating func record(_ entry: Entry?, _ at: Int) {
        let before = places[at].entry
        guard before != entry else { return }
        let weight = places[at].rule?.weight ?? 1
        let pointer = places[at].pointer
        totals.count(before, weight: weight, times: -1)
        totals.count(entry, weight: weight, times: 1)
        places[at].entry = entry
        let published = if let change = changes[pointer] { change.published } else { before }
        changes[pointer] = published == entry ? nil : EntryChange(published: published, current: entry)
        if entry?.listing != nil, published?.listing == nil {
            newConflicts.insert(pointer)
        } else {
            newConflicts.remove(pointer)
        }
    }
}

// MARK: one place

/// What one place shows, and what is said of it.
struct Verdict: Sendable {
    var shown = Place.Shown.nothing
    var entry: Entry?

    static let nothing = Verdict()
}

extension ClaimTrie {
    private func verdict(on place: Place) -> Verdict {
        guard place.parent != nil else { return Verdict(shown: .open) }
        switch place.rule?.strategy {
        case nil, .vote: return elected(place, among: Scoreboard(place.rivals.lazy.map { ($0, $1) }))
        case .prefer(let domains): return preferred(place, domains)
        case .latest: return latest(place)
        case .count:
            return verdict(
                .value(.number(JSONNumber(place.fits.count))), place.fits.meanWorth,
                Scoreboard([] as [(Candidate, Support)]), place)
        case .numeric(let abs, let rel):
            return numeric(place, NumericWindows(place.parts, abs: abs, rel: rel))
        case .union, .append, .concatText, .sum, .min, .max: return aggregate(place)
        }
    }

    /// The least doubted candidate.
    private func elected(_ place: Place, among scores: Scoreboard) -> Verdict {
        guard let (row, tie) = Scoreboard.winner(scores.rows) else { return .nothing }
        switch row.candidate {
        case .object: return opened(place, row, scores, tie: tie)
        case .list: return united(place, row, scores, tie: tie)
        default: return verdict(shown(row), row.confidence, scores, place, tie: tie)
        }
    }

    private func shown(_ row: Scoreboard.Row) -> Place.Shown { row.candidate.value.map { .value($0.json) } ?? .nothing }

    /// An object or a keyed list: it gets an entry of its own only when something competes with it.
    private func opened(
        _ place: Place, _ row: Scoreboard.Row, _ scores: Scoreboard, tie: Bool = false
    ) -> Verdict {
        guard millionths(scores.conflict) > 0 || place.excludesAny else { return Verdict(shown: .open) }
        return verdict(.open, row.confidence, scores, place, tie: tie)
    }

    private func united(_ place: Place, _ row: Scoreboard.Row, _ scores: Scoreboard, tie: Bool = false) -> Verdict {
        let parts = place.parts.values.map { millionths(1 - $0.doubt) }
        let elements = place.parts.keys.sorted().map(\.json)
        return verdict(
            .value(.array(elements)), discounted(mean(parts.isEmpty ? [millionths(1 - row.doubt)] : parts), row),
            scores,
            place, tie: tie)
    }

    private func preferred(_ place: Place, _ preferred: [DomainName]) -> Verdict {
        let scores = Scoreboard(place.rivals.lazy.map { ($0, $1) })
        for domain in preferred {
            guard let number = domains.firstIndex(of: domain) else { continue }
            var best: (row: Scoreboard.Row, p: Int)?
            for row in scores.rows {
                guard let p = row.support.best(of: number), best.map({ $0.p < p }) ?? true else { continue }
                best = (row, p)
            }
            if let row = best?.row { return verdict(shown(row), row.confidence, scores, place) }
        }
        return elected(place, among: scores)
    }

    private func latest(_ place: Place) -> Verdict {
        var newest: (at: (Timestamp, TaskID, ArtifactName), value: ClaimValue)?
        for (id, fit) in place.fits.bySource {
            guard let source = sources[id], let value = fit.values.first else { continue }
            let at = (source.finishedAt, source.rank.task, source.rank.name)
            if newest.map({ $0.at < at }) ?? true { newest = (at, value) }
        }
        guard let value = newest?.value, let support = place.rivals[.value(value)] else { return .nothing }
        let rows = Scoreboard(place.rivals.lazy.map { ($0, $1) }).rows
        return verdict(.value(value.json), 1 - support.doubt, rows: rows, conflict: 0, place)
    }

    private func numeric(_ place: Place, _ windows: NumericWindows) -> Verdict {
        let candidates = windows.taken().map {
            (Candidate.window(shown: $0.shown, low: $0.low, high: $0.high), $0.support)
        }
        let scores = Scoreboard(candidates + place.rivals.map { ($0, $1) })
        let fitting = scores.rows.filter { if case .window = $0.candidate { true } else { false } }
        guard let (row, tie) = Scoreboard.winner(fitting) else { return verdict(.nothing, 0, scores, place) }
        return verdict(shown(row), row.confidence, scores, place, tie: tie)
    }

    /// What has parts instead of rivals.
    private func aggregate(_ place: Place) -> Verdict {
        let scores = Scoreboard(place.rivals.lazy.map { ($0, $1) })
        let fitting = scores.rows.first { if case .fit = $0.candidate { true } else { false } }
        guard let row = fitting, let strategy = place.rule?.strategy else {
            return verdict(.nothing, 0, scores, place)
        }
        if case .union(let key) = strategy {
            return key == nil ? united(place, row, scores) : opened(place, row, scores)
        }
        return verdict(.value(folded(place, strategy)), discounted(place.fits.meanWorth, row), scores, place)
    }

    private func folded(_ place: Place, _ strategy: MergeRule.Strategy) -> JSONValue {
        switch strategy {
        case .append: return .array(inRankOrder(place.fits).flatMap { $0.json.array ?? [] })
        case .concatText(let separator):
            return .string(inRankOrder(place.fits).map { $0.json.string ?? "" }.joined(separator: separator))
        case .min: return .decimal(place.fits.least ?? .zero)
        case .max: return .decimal(place.fits.greatest ?? .zero)
        default: return .decimal(place.fits.sum)
        }
    }

    private func inRankOrder(_ fits: Fits) -> [ClaimValue] {
        fits.bySource.compactMap { id, fit in sources[id].map { (rank: $0.rank, values: fit.values) } }
            .sorted { $0.rank < $1.rank }.flatMap(\.values)
    }

    // MARK: what is said of it

    private func verdict(
        _ shown: Place.Shown, _ confidence: Double, _ scores: Scoreboard, _ place: Place, tie: Bool = false
    ) -> Verdict {
        verdict(shown, confidence, rows: scores.rows, conflict: scores.conflict, place, tie: tie)
    }

    private func verdict(
        _ shown: Place.Shown, _ confidence: Double, rows: [Scoreboard.Row], conflict: Double, _ place: Place,
        tie: Bool = false
    ) -> Verdict {
        let conflict = millionths(conflict)
        var listing: JSONValue?
        if conflict >= conflictThreshold || place.excludesAny {
            listing = self.listing(rows, conflict, excludes: place.excludesAny, tie: tie)
        }
        let entry = Entry(confidence: millionths(confidence), conflict: conflict, listing: listing)
        return Verdict(shown: shown, entry: entry)
    }

    /// What a reader is told of a conflict: up to eight candidates, the least doubted first.
    private func listing(_ rows: [Scoreboard.Row], _ conflict: Int, excludes: Bool, tie: Bool) -> JSONValue {
        let candidates = Scoreboard.ranked(rows)
        let isOfTypes = excludes || Set(rows.map(\.candidate.kind)).count > 1
        var members: [(String, JSONValue)] = [
            ("candidates", .array(candidates.prefix(8).map { listed($0, excludes: excludes) })),
            ("kind", .string(isOfTypes ? "type" : "value")),
        ]
        if candidates.count > 8 { members.append(("more", .number(JSONNumber(candidates.count - 8)))) }
        members.append(("score", .score(conflict)))
        if tie { members.append(("tie", true)) }
        return .object(JSONObject(members))
    }

    private func listed(_ row: Scoreboard.Row, excludes: Bool) -> JSONValue {
        let names = row.support.domains.map { domains[$0] }.sorted()
        var members: [(String, JSONValue)] = [
            ("confidence", .score(millionths(row.confidence))), ("domains", .array(names.map { .string($0.text) })),
        ]
        switch row.candidate {
        case .object, .list, .fit: members.append(("shape", .string(row.candidate.kind.name)))
        case .window(_, let low, let high) where low != high: members.append(("span", [low.json, high.json]))
        case .window: break
        case .value: if excludes { members.append(("excluded", true)) }
        }
        if let value = row.candidate.value { members.append(("value", value.json)) }
        return .object(JSONObject(members))
    }
}

extension Place {
    /// Whether there are claims of a kind that the rule does not take, or elements without a usable key.
    var excludesAny: Bool {
        guard rule?.takes != nil else { return false }
        return rivals.keys.contains { if case .value = $0 { true } else { false } }
    }
}

/// Of millionths.
private func mean(_ parts: [Int]) -> Double { Double(parts.reduce(0, +)) / Double(parts.count) / 1_000_000 }

/// The mean of the parts, less what dissent costs.
private func discounted(_ mean: Double, _ row: Scoreboard.Row) -> Double {
    row.doubt < 1 ? mean * (row.confidence / (1 - row.doubt)) : 0
}
