/// How long to wait before the next try: twice as long each time, less a random part, so that many do not come at once.
struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    init(first: Duration = .milliseconds(100), longest: Duration) {
        self.first = first
        self.longest = longest
        next = first
    }

    mutating func delay() -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 0.5...1)
    }

    mutating func reset() { next = first }
}
