/// How often Slack may be called: edits are Tier 3, at least 50 a minute for a workspace; we stay at 40.
struct SlackPace {
    private let limit: Int
    private let span: Duration
    private var calls: [ContinuousClock.Instant] = []
    private var pausedUntil: ContinuousClock.Instant?

    init(limit: Int = 40, span: Duration = .seconds(60)) {
        self.limit = limit
        self.span = span
    }

    /// How long to wait before the next call; zero when it may go at once.
    mutating func wait(now: ContinuousClock.Instant) -> Duration {
        if let pausedUntil, pausedUntil > now { return now.duration(to: pausedUntil) }
        let span = span
        calls.removeAll { $0.duration(to: now) >= span }
        guard calls.count >= limit, let first = calls.first else { return .zero }
        return span - first.duration(to: now)
    }

    mutating func called(at now: ContinuousClock.Instant) { calls.append(now) }

    /// Slack has asked for a pause.
    mutating func pause(until instant: ContinuousClock.Instant) { pausedUntil = instant }
}
