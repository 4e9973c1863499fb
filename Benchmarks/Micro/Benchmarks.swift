import Benchmark

/// What one step costs, without broker, database or clock: `make bench-micro`.
///
/// One sample is a thousand of what the name says.
let benchmarks: @Sendable () -> Void = {
    messages()
    schemas()
    engine()
    merges()
}

/// Measures `body`, which does something a thousand times; what it makes first is not measured.
func measure<Subject>(
    _ name: String, of make: @escaping () throws -> Subject, _ body: @escaping (inout Subject) throws -> Void
) {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock, .cpuTotal, .throughput], timeUnits: .microseconds, warmupIterations: 3,
        scalingFactor: .kilo, maxDuration: .seconds(1), maxIterations: 200)
    Benchmark(name, configuration: configuration) { benchmark in
        var subject = try make()
        benchmark.startMeasurement()
        try body(&subject)
        benchmark.stopMeasurement()
    }
}

/// Measures something that changes nothing.
func measure<Value>(_ name: String, _ body: @escaping () throws -> Value) {
    measure(name, of: {}) { (_: inout Void) in
        for _ in 0..<1000 { blackHole(try body()) }
    }
}
