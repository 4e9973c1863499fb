import Benchmark
import Foundation
import JSON
import Postgres
import Store

/// The hot statements, as the processes run them, on a database with 1,000,000 tasks and as many events:
/// `make bench-micro` fills one by `rows.sql` and names it in BATON_BENCH_POSTGRES_URL.
///
/// One sample is one round trip with a batch of a hundred workflows.
let benchmarks: @Sendable () -> Void = {
    guard let url = ProcessInfo.processInfo.environment["BATON_BENCH_POSTGRES_URL"] else { return }
    measure("commit: a task ends and the next is ordered", at: url, place: 0) { batch, store in
        let changes = batch.next()
        return { try await batch.committed(store.commit(changes)) }
    }
    measure("load: workflows with tasks and what they took", at: url, place: 1) { batch, store in
        let ids = batch.ids
        return { blackHole(try await store.load(ids)) }
    }
    measure("ingest: an artifact and the end of its task", at: url, place: 2) { batch, store in
        let taken = batch.nextIngest()
        return { try await batch.ingested(store.ingest(taken)) }
    }
    measure("publish: a revision", at: url, place: 3) { batch, store in
        try await batch.ingested(store.ingest(batch.nextIngest()))
        let revisions = batch.nextRevisions()
        return { try await batch.published(store.publish(revisions)) }
    }
    measure("planned_tasks: what a new merge begins with", at: url, place: 4) { batch, store in
        let ids = batch.ids
        return { blackHole(try await store.plans(of: ids)) }
    }
}

/// - Parameters:
///   - place: which hundred workflows are its own.
///   - prepare: makes what is to be measured, and is not itself.
private func measure(
    _ name: String, at url: String, place: Int,
    _ prepare: @escaping (Batch, Store) async throws -> () async throws -> Void
) {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock, .cpuTotal, .throughput], timeUnits: .microseconds, warmupIterations: 20,
        scalingFactor: .one, maxDuration: .seconds(3), maxIterations: 400)
    let open = Open(url, place: place)
    Benchmark(name, configuration: configuration) { benchmark in
        let (batch, store) = try await open.get()
        let body = try await prepare(batch, store)
        benchmark.startMeasurement()
        try await body()
        benchmark.stopMeasurement()
    }
}

/// The connection of one benchmark, and the workflows that it moves on; opened by its first iteration.
private final class Open {
    private let url: String
    private let place: Int
    private var opened: (batch: Batch, store: Store)?

    init(_ url: String, place: Int) {
        self.url = url
        self.place = place
    }

    func get() async throws -> (batch: Batch, store: Store) {
        if let opened { return opened }
        var settings = try PostgresSettings(url: url)
        settings.plansOnce = true
        let store = Store(PostgresPool(settings, limit: 1))
        let batch = try await Batch(store, place: place)
        opened = (batch, store)
        return (batch, store)
    }
}
