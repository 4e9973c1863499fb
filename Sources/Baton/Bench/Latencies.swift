import Histogram
import JSON

/// Spans of time that were measured, as an HdrHistogram: exact to three digits, of constant size.
struct Latencies {
    /// In microseconds.
    private var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    var count: UInt64 { histogram.totalCount }

    mutating func record(_ span: Duration) { record(microseconds: span / .microseconds(1)) }

    mutating func record(microseconds: Double) { histogram.record(UInt64(max(microseconds, 1))) }

    /// In milliseconds; `nil` when nothing was recorded.
    func percentile(_ percent: Double) -> Double? {
        count == 0 ? nil : Double(histogram.valueAtPercentile(percent)) / 1000
    }

    var greatest: Double? { count == 0 ? nil : Double(histogram.max) / 1000 }

    /// `NAME_p50_ms` …
    func fields(_ name: String) -> [(String, JSONValue)] {
        guard count > 0 else { return [] }
        let named = [("p50", percentile(50)), ("p90", percentile(90)), ("p99", percentile(99)), ("max", greatest)]
        return named.map { ("\(name)_\($0)_ms", .measured($1)) } + [("\(name)_count", .number(JSONNumber(Int(count))))]
    }
}

extension JSONValue {
    /// A figure with three decimals; null for none.
    static func measured(_ figure: Double?) -> JSONValue {
        guard let figure, figure.isFinite else { return .null }
        return .number(JSONNumber((figure * 1000).rounded() / 1000))
    }
}
