import JSON

/// Claims that a rule needs each for itself, by source.
///
/// What is said of all of them is kept by difference: one more costs the same however many there are. Numbers are exact
/// and worths whole millionths, so what is taken out leaves nothing behind.
struct Fits: Sendable {
    /// What one source claims, and what that is worth in millionths.
    struct Fit: Sendable {
        var values: [ClaimValue] = []
        let p: Int
    }

    private(set) var bySource: [Int: Fit] = [:]
    private(set) var count = 0
    private var worth = 0
    private(set) var sum = JSONDecimal.zero
    private(set) var least: JSONDecimal?
    private(set) var greatest: JSONDecimal?

    /// What the claims are worth on average, from 0 to 1.
    var meanWorth: Double { Double(worth) / Double(count) / 1_000_000 }

    /// - Parameter isReckoned: whether the sum and the extremes are asked for.
    mutating func add(_ value: ClaimValue, of source: Int, p: Int, isReckoned: Bool) {
        bySource[source, default: Fit(p: p)].values.append(value)
        count += 1
        worth += p
        guard isReckoned, let number = value.decimal else { return }
        sum = sum + number
        least = least.map { min($0, number) } ?? number
        greatest = greatest.map { max($0, number) } ?? number
    }

    /// Takes out all that a source claims.
    mutating func remove(_ source: Int, isReckoned: Bool) {
        guard let fit = bySource.removeValue(forKey: source) else { return }
        count -= fit.values.count
        worth -= fit.p * fit.values.count
        guard isReckoned else { return }
        let numbers = fit.values.compactMap(\.decimal)
        for number in numbers { sum = sum - number }
        // Only the numbers at the ends have to be looked for anew.
        guard numbers.contains(where: { $0 == least || $0 == greatest }) else { return }
        let left = bySource.values.lazy.flatMap { $0.values.compactMap(\.decimal) }
        (least, greatest) = (left.min(), left.max())
    }
}
