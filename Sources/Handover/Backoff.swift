/// Exponential backoff with full jitter (“Exponential Backoff And Jitter”, AWS Architecture Blog, 2015).
package struct Backoff: Sendable {
    package var first: Duration
    package var limit: Duration

    package init(first: Duration = .milliseconds(50), limit: Duration = .seconds(5)) {
        self.first = first
        self.limit = limit
    }

    /// - Parameter failures: in a row, from 1.
    /// - Returns: at least `first`, at most `limit`.
    package func delay(failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(limit, first * (1 << min(max(failures, 1), 20)))
        return max(first, ceiling * Double.random(in: 0...1, using: &random))
    }
}

/// A small seeded generator (Steele, Lea, Flood: “Fast splittable pseudorandom number generators”, 2014).
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
