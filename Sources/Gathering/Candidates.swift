/// What competes at one place: shapes, which are merged further, and values.
enum Candidate: Hashable, Sendable {
    /// An object, merged member by member.
    case object
    /// An array, merged as a set.
    case list
    /// A claim that fits the rule, of this kind.
    case fit(Kind)
    case value(ClaimValue)
    /// Numbers that agree within a tolerance.
    case window(shown: ClaimValue, low: ClaimValue, high: ClaimValue)

    var kind: Kind {
        switch self {
        case .object: .object
        case .list: .array
        case .fit(let kind): kind
        case .value(let value), .window(let value, _, _): value.kind
        }
    }

    var value: ClaimValue? {
        switch self {
        case .object, .list, .fit: nil
        case .value(let value), .window(let value, _, _): value
        }
    }
}

extension Candidate: Comparable {
    private var rank: Int {
        switch self {
        case .object: 0
        case .list: 1
        case .fit: 2
        case .value, .window: 3
        }
    }

    /// Shapes before values, values in canonical order.
    static func < (left: Candidate, right: Candidate) -> Bool {
        if let a = left.value, let b = right.value { return a < b }
        return left.rank < right.rank
    }
}

/// The candidates at one place with their scores: one table, one formula.
///
/// Each is a lamp that is lit with the probability of its support: the conflict is the chance that two or more are
/// lit, a confidence the chance that only this one is, given that at most one is.
struct Scoreboard: Sendable {
    struct Row: Sendable {
        let candidate: Candidate
        let support: Support
        let doubt: Double
        fileprivate(set) var confidence: Double = 0
    }

    /// In order of the candidates.
    private(set) var rows: [Row]
    private(set) var conflict = 0.0

    /// - Parameter claims: in any order.
    init(_ claims: some Sequence<(Candidate, Support)>) {
        rows = claims.map { Row(candidate: $0, support: $1, doubt: $1.doubt) }
        if rows.count > 1 { rows.sort { $0.candidate < $1.candidate } }
        var (none, one, odds) = (1.0, 0.0, 0.0)
        for row in rows {
            let lit = 1 - row.doubt
            (none, one) = (none * row.doubt, one * row.doubt + none * lit)
            odds += 1 / row.doubt - 1
        }
        for index in rows.indices { rows[index].confidence = (1 / rows[index].doubt - 1) / (1 + odds) }
        conflict = min(1, max(0, 1 - none - one))
    }

    func row(_ candidate: Candidate) -> Row? { rows.first { $0.candidate == candidate } }

    /// Least doubt first; equal doubt: in order of the candidates.
    static func ranked(_ rows: [Row]) -> [Row] {
        rows.count < 2
            ? rows : rows.sorted { $0.doubt != $1.doubt ? $0.doubt < $1.doubt : $0.candidate < $1.candidate }
    }

    /// The row with the least doubt, and whether another has no more.
    static func winner(_ rows: [Row]) -> (row: Row, tie: Bool)? {
        let ranked = ranked(rows)
        return ranked.first.map { ($0, ranked.count > 1 && ranked[1].doubt == $0.doubt) }
    }
}

/// A score as a whole number of millionths, half up.
func millionths(_ score: Double) -> Int { Int(score * 1_000_000 + 0.5) }
