package import Contracts
package import JSON

/// How the claims at one place become one value.
package struct MergeRule: Sendable, Equatable {
    package enum Strategy: Sendable, Equatable {
        case vote
        case prefer([DomainName])
        case latest
        /// Numbers agree within `max(abs, rel x the larger magnitude)`; `rel` is below 1.
        case numeric(abs: JSONDecimal, rel: JSONDecimal)
        /// With a key, elements that have it in common merge like objects.
        case union(key: String?)
        case append
        case concatText(separator: String)
        case sum, min, max
        case count

        /// Whether it shows a sum or an extreme of numbers.
        var isReckoning: Bool { [.sum, .min, .max].contains(self) }
    }

    package var strategy: Strategy
    /// In the workflow's scores; may be 0.
    package var weight: Int

    package init(_ strategy: Strategy, weight: Int = 1) {
        self.strategy = strategy
        self.weight = weight
    }

    /// Claims below its place are not looked at one by one.
    var isLeaf: Bool { if case .union(.some) = strategy { false } else { true } }

    /// The only kind that it takes; claims of others are excluded.
    var takes: Kind? {
        switch strategy {
        case .vote, .prefer, .latest, .count: nil
        case .numeric, .sum, .min, .max: .number
        case .union, .append: .array
        case .concatText: .string
        }
    }
}
