/// Who claims one thing, and how strongly: a multiset, so that a claim can be taken out again.
struct Support: Sendable {
    /// A domain by its number, and what its claims are worth in millionths, ascending.
    fileprivate struct Witness: Sendable {
        let domain: Int
        var claims: [(p: Int, count: Int)]
        var best: Int { claims[claims.count - 1].p }
    }

    private var witnesses: [Witness] = []

    var isEmpty: Bool { witnesses.isEmpty }
    var domains: [Int] { witnesses.map(\.domain) }

    func best(of domain: Int) -> Int? { witnesses.first { $0.domain == domain }?.best }

    mutating func add(domain: Int, p: Int) {
        guard let at = witnesses.firstIndex(where: { $0.domain == domain }) else {
            return witnesses.append(Witness(domain: domain, claims: [(p, 1)]))
        }
        let place = witnesses[at].place(of: p)
        if place < witnesses[at].claims.count, witnesses[at].claims[place].p == p {
            witnesses[at].claims[place].count += 1
        } else {
            witnesses[at].claims.insert((p, 1), at: place)
        }
    }

    /// Takes out a claim that was added.
    mutating func remove(domain: Int, p: Int) {
        guard let at = witnesses.firstIndex(where: { $0.domain == domain }) else {
            preconditionFailure("a claim is taken out that was not made")
        }
        let place = witnesses[at].place(of: p)
        witnesses[at].claims[place].count -= 1
        if witnesses[at].claims[place].count == 0 { witnesses[at].claims.remove(at: place) }
        if witnesses[at].claims.isEmpty { witnesses.remove(at: at) }
    }

    /// Adds what others claim: of each domain only its best.
    mutating func unite(_ other: Support) {
        for witness in other.witnesses where best(of: witness.domain) ?? -1 < witness.best {
            add(domain: witness.domain, p: witness.best)
        }
    }

    /// The chance that nobody who claims it is right: domains are independent, tasks of one domain are not.
    var doubt: Double {
        if witnesses.count == 1 { return 1.0 * Self.doubt(of: witnesses[0].best) }
        return witnesses.map(\.best).sorted(by: >).reduce(1.0) { $0 * Self.doubt(of: $1) }
    }

    private static func doubt(of p: Int) -> Double { Double(1_000_000 - p) / 1_000_000 }
}

extension Support.Witness {
    /// Where `p` is, or belongs.
    fileprivate func place(of p: Int) -> Int {
        var (low, high) = (0, claims.count)
        while low < high {
            let middle = (low + high) / 2
            if claims[middle].p < p { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
