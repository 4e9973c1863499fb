// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is held to.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], plugins: [Target.PluginUsage] = [],
    resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: house, plugins: plugins)
}

func tests(
    _ subject: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: subject + "Tests", dependencies: [.byName(name: subject)] + dependencies, exclude: exclude,
        resources: resources,
        swiftSettings: house)
}

func systemLibrary(_ name: String, pkgConfig: String, debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

/// In the place of glibc's: our processes allocate from many threads, and take 5 to 20 % less processor time with it. A
/// sanitizer brings an allocator of its own.
let allocator: [LinkerSetting] =
    Context.environment["BATON_SANITIZING"] == nil ? [.linkedLibrary("jemalloc")] : []

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "baton",
    products: [.executable(name: "baton", targets: ["Baton"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // C and C++ libraries: module maps, and shims for what Swift cannot call.
        systemLibrary("CRabbitMQ", pkgConfig: "librabbitmq", debian: "librabbitmq-dev"),
        systemLibrary("CPostgres", pkgConfig: "libpq", debian: "libpq-dev"),
        systemLibrary("CJSON", pkgConfig: "json-c", debian: "libjson-c-dev"),
        systemLibrary("CCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),
        .systemLibrary(name: "CLinux"),
        .target(name: "CSchema", dependencies: ["CJSON"], linkerSettings: [.linkedLibrary("m")]),

        // Wrappers: one owner for each outside thing.
        library("IOThread", ["CLinux"]),
        library("AMQP", ["CRabbitMQ", "IOThread", log]),
        library("Postgres", ["CPostgres", "IOThread", log]),
        library("JSON", ["CJSON", "CSchema", "CCrypto"]),
        library("HTTP", ["IOThread"]),
        library("YAML", ["JSON", .product(name: "Yams", package: "Yams")]),

        // The messages, and the pure cores.
        library("Contracts", ["JSON"], resources: [.embedInCode("Schemas")]),
        library("Handover", ["Contracts"]),
        library("Engine", ["Contracts", "JSON"]),
        library("Gathering", ["Contracts", "JSON"]),

        // What the processes share.
        library(
            "Store", ["Postgres", "IOThread", "Contracts", "JSON", log],
            resources: [.embedInCode("Migrations"), .embedInCode("Queries")]),
        library("Topology", ["Contracts", "YAML", "JSON", "HTTP", "AMQP", log], resources: [.embedInCode("Files")]),
        library("Objects", ["IOThread"]),
        library("Relay", ["Handover", "AMQP", "Contracts", "JSON", lifecycle, log]),

        // One library for each process.
        library(
            "Planner",
            [
                "Relay", "Handover", "Engine", "Gathering", "Store", "AMQP", "Postgres", "IOThread", "Contracts",
                "JSON", lifecycle, log,
            ]),
        library(
            "Dispatcher",
            [
                "Relay", "Handover", "Engine", "Store", "AMQP", "Postgres", "IOThread", "Contracts", "JSON", lifecycle,
                log,
                .product(name: "HeapModule", package: "swift-collections"),
            ]),
        library(
            "Gatherer",
            [
                "Relay", "Gathering", "Store", "Objects", "AMQP", "Postgres", "Contracts", "JSON", lifecycle, log,
                .product(name: "HeapModule", package: "swift-collections"),
            ]),
        library(
            "Executor",
            [
                "Relay", "Handover", "Engine", "Objects", "AMQP", "Postgres", "IOThread", "YAML", "Contracts", "JSON",
                lifecycle, log,
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        library(
            "Notifier", ["Relay", "Handover", "Store", "HTTP", "AMQP", "Postgres", "Contracts", "JSON", lifecycle, log]),
        library("API", ["Relay", "Handover", "Store", "AMQP", "Postgres", "Contracts", "JSON", lifecycle, log]),

        // What must hold of what is stored: looked at on a live database, and by the simulation.
        library("Invariants", ["Engine", "Gathering", "Gatherer", "Store", "Objects", "Contracts", "JSON"]),

        // Private servers for a laptop and for the tests, and the command line.
        library("LocalServers", ["CLinux", "IOThread", "JSON", log]),
        library("Provisioning", ["LocalServers", "Topology", "Store", "Postgres"]),
        .executableTarget(
            name: "Baton",
            dependencies: [
                "Planner", "Dispatcher", "Gatherer", "Executor", "Notifier", "API", "LocalServers", "Provisioning",
                "Topology", "Store",
                "Invariants", "Engine", "Gathering", "Objects", "Relay", "AMQP", "Postgres", "YAML", "Contracts",
                "JSON", lifecycle, log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: house, linkerSettings: allocator),

        // Tests mirror the sources; TestSupport lends them brokers and databases.
        .target(name: "FaultyNetwork", dependencies: ["IOThread"], path: "Tests/FaultyNetwork", swiftSettings: house),
        .target(
            name: "TestSupport",
            dependencies: ["HTTP", "AMQP", "Postgres", "Store", "IOThread", "JSON", "Contracts", log],
            path: "Tests/TestSupport", swiftSettings: house),
        tests("IOThread"),
        tests("AMQP", ["TestSupport", "FaultyNetwork", "IOThread", "CRabbitMQ"]),
        tests("Postgres", ["TestSupport"]),
        tests("JSON"),
        tests("YAML", ["JSON"]),
        tests("Contracts", ["JSON", "YAML"], resources: [.copy("validate.py")]),
        tests("Handover", ["Contracts"]),
        tests("Relay", ["TestSupport", "IOThread", "Handover", "AMQP", "Contracts", log, lifecycle]),
        tests("Engine", ["Handover", "Contracts", "JSON", "YAML"]),
        tests(
            "Dispatcher",
            ["TestSupport", "AMQP", "IOThread", "Relay", "Handover", "Engine", "Store", "Contracts", "JSON", log]),
        tests("Gathering", ["JSON", "Contracts"], resources: [.copy("Golden")]),
        tests(
            "Gatherer",
            [
                "TestSupport", "Gathering", "Invariants", "Relay", "Handover", "Store", "Objects", "AMQP", "Postgres",
                "Contracts", "JSON", lifecycle, log,
            ]),
        tests("Store", ["TestSupport", "Engine", "Gathering", "Postgres", "Contracts", "JSON"]),
        tests("Topology", ["TestSupport", "Contracts", "JSON", "AMQP", log]),
        tests("Objects"),
        tests(
            "Executor", ["TestSupport", "IOThread", "Relay", "JSON", "Contracts", "AMQP", "Postgres", "Objects", log]),
        tests(
            "Notifier", ["TestSupport", "HTTP", "JSON", "Contracts", "Store", "Postgres", lifecycle, log],
            exclude: ["slack.py"]
        ),
        tests("LocalServers", ["IOThread", "JSON"]),
        tests("Baton", ["TestSupport", "Invariants", "Engine", "Store", "Postgres", "Contracts", "JSON"]),

        // Every process over a simulated broker, database and clock; an executable, for a release build runs thousands.
        .executableTarget(
            name: "Simulation",
            dependencies: [
                "Planner", "Dispatcher", "Gatherer", "Executor", "Invariants", "Relay", "Handover", "Engine", "Store",
                "Objects",
                "Topology", "AMQP", "Postgres", "Contracts", "JSON", log,
                .product(name: "DequeModule", package: "swift-collections"),
            ], path: "Tests/Simulation", swiftSettings: house),

        tests(
            "Simulation", ["TestSupport", "Handover", "Store", "Topology", "AMQP", "Contracts", "JSON", log],
            exclude: ["Mutants"]),

        // The product as a whole; what is beside the sources is read where it lies.
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Baton", "CLinux", "LocalServers", "Gathering", "AMQP", "Postgres", "Contracts", "JSON", log,
            ],
            exclude: ["Skills", "prepare", "messages.py"], swiftSettings: house),

        // The pipeline under real faults, and what became of it: `make chaos`.
        .executableTarget(
            name: "Chaos",
            dependencies: [
                "FaultyNetwork", "LocalServers", "Provisioning", "Topology", "Store", "AMQP", "Postgres", "Contracts",
                "JSON", "IOThread", "CLinux", log, .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/Chaos", exclude: ["Skills", "replay.py", "child.yaml"], swiftSettings: house),
    ],
    cxxLanguageStandard: .cxx17
)

// Measurements of single steps, in a scratch folder of their own: `make bench-micro`.
if Context.environment["BATON_BENCHMARKS"] != nil {
    func benchmark(
        _ name: String, _ dependencies: [Target.Dependency], path: String, exclude: [String] = []
    ) -> Target {
        .executableTarget(
            name: name, dependencies: dependencies + [.product(name: "Benchmark", package: "benchmark")], path: path,
            exclude: exclude, swiftSettings: house, plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    }
    // Without its interposers; so its counts of allocations mean nothing.
    package.dependencies.append(.package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
    package.targets += [
        benchmark("MicroBenchmarks", ["Engine", "Gathering", "Contracts", "JSON"], path: "Benchmarks/Micro"),
        benchmark(
            "StatementBenchmarks", ["Store", "Postgres", "JSON"], path: "Benchmarks/Statements", exclude: ["rows.sql"]),
    ]
}

// What libFuzzer drives; it brings the `main` that these have not. See docs/hardening.md.
if Context.environment["BATON_FUZZING"] != nil {
    func fuzzing(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(
            name: "Fuzz" + name, dependencies: ["FuzzSupport"] + dependencies, path: "Tests/Fuzzing/" + name,
            swiftSettings: house)
    }
    let fuzzers = [
        fuzzing("JSON", ["JSON"]),
        fuzzing("Envelope", ["AMQP", "CRabbitMQ", "Contracts", "JSON"]),
        fuzzing("Expressions", ["Engine", "Contracts", "JSON"]),
        fuzzing("Plans", ["Engine", "Gathering", "YAML", "Contracts", "JSON"]),
    ]
    package.targets += [.target(name: "FuzzSupport", path: "Tests/Fuzzing/Support", swiftSettings: house)] + fuzzers
    package.keepOnly(fuzzers.map(\.name))
}

// What the sanitizers watch: the wrappers of C libraries, and their tests. See docs/hardening.md.
if Context.environment["BATON_SANITIZING"] != nil {
    package.keepOnly(["IOThreadTests", "AMQPTests", "PostgresTests", "JSONTests"])
}

extension Package {
    /// Leaves nothing but some targets, and what these are made of.
    func keepOnly(_ names: [String]) {
        var needed: Set<String> = []
        func need(_ name: String) {
            guard let target = targets.first(where: { $0.name == name }), needed.insert(name).inserted else { return }
            for dependency in target.dependencies {
                if case .byNameItem(let name, _) = dependency { need(name) }
            }
        }
        names.forEach(need)
        products = []
        targets.removeAll { !needed.contains($0.name) }
    }
}
