import JSON

/// Numbers that agree: a window is a longest run of sorted numbers within the tolerance. The window with the least
/// doubt is taken out (of equals the lower one), again and again, until no number is left. Nothing chains.
struct NumericWindows {
    struct Window {
        let shown: ClaimValue
        let low: ClaimValue
        let high: ClaimValue
        let support: Support
    }

    private let numbers: [(value: ClaimValue, support: Support)]
    /// For each number the last one within its tolerance.
    private let reach: [Int]

    init(_ claims: [ClaimValue: Support], abs: JSONDecimal, rel: JSONDecimal) {
        numbers = claims.map { ($0, $1) }.sorted { $0.0 < $1.0 }
        var reach: [Int] = []
        for (index, number) in numbers.enumerated() {
            var last = max(index, reach.last ?? index)
            while last + 1 < numbers.count,
                Self.agree(number.value, numbers[last + 1].value, abs: abs, rel: rel)
            {
                last += 1
            }
            reach.append(last)
        }
        self.reach = reach
    }

    private static func agree(_ low: ClaimValue, _ high: ClaimValue, abs: JSONDecimal, rel: JSONDecimal) -> Bool {
        guard let low = low.decimal, let high = high.decimal else { return false }
        let distance = high - low
        return distance <= abs || !rel.isZero && distance <= rel * max(low.magnitude, high.magnitude)
    }

    func taken() -> [Window] {
        var left = Array(repeating: true, count: numbers.count)
        var doubts = numbers.indices.map { doubt(from: $0, left) }
        var windows: [Window] = []
        while let best = least(doubts, left) {
            let group = (best...reach[best]).filter { left[$0] }
            windows.append(window(group, left))
            for index in group { left[index] = false }
            // Only windows that reach into the one taken have lost anything.
            for index in 0...reach[best] where left[index] && reach[index] >= best {
                doubts[index] = doubt(from: index, left)
            }
        }
        return windows
    }

    private func least(_ doubts: [Double], _ left: [Bool]) -> Int? {
        var best: Int?
        for index in doubts.indices where left[index] && best.map({ doubts[index] < doubts[$0] }) ?? true {
            best = index
        }
        return best
    }

    private func support(_ group: some Sequence<Int>, _ left: [Bool]) -> Support {
        var support = Support()
        for index in group where left[index] { support.unite(numbers[index].support) }
        return support
    }

    private func doubt(from index: Int, _ left: [Bool]) -> Double { support(index...reach[index], left).doubt }

    private func window(_ group: [Int], _ left: [Bool]) -> Window {
        var shown = group[0]
        for index in group where numbers[index].support.doubt < numbers[shown].support.doubt { shown = index }
        return Window(
            shown: numbers[shown].value, low: numbers[group[0]].value, high: numbers[group[group.count - 1]].value,
            support: support(group, left))
    }
}
