import Foundation

/// `simulate`: runs seeds, says what they reached, and shows the first that goes wrong as small as it gets.
@main
struct Simulate {
    static func main() async {
        var arguments = Arguments(CommandLine.arguments.dropFirst())
        // The order of sets and dictionaries is part of a run.
        guard ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] != nil else {
            return stop("set SWIFT_DETERMINISTIC_HASHING=1: without it a seed is not one run", status: 64)
        }
        var settings = Settings(seed: 0)
        let seeds = arguments.range("--seeds") ?? 1...100
        settings.workflows = arguments.int("--workflows") ?? settings.workflows
        settings.tasks = arguments.int("--tasks") ?? settings.tasks
        settings.faultBudget = arguments.int("--budget") ?? settings.faultBudget
        settings.isTraced = arguments.flag("--trace")
        if let names = arguments.value("--faults") {
            settings.faults = Set(names.split(separator: ",").compactMap { Fault(rawValue: String($0)) })
        }
        settings.planted = arguments.value("--plant").flatMap(Fault.init)
        let jobs = arguments.int("--jobs") ?? ProcessInfo.processInfo.activeProcessorCount
        let requiresAll = arguments.flag("--require-all")
        let shrinks = !arguments.flag("--no-shrinking")
        guard arguments.rest.isEmpty else {
            return stop("unknown: \(arguments.rest.joined(separator: " "))", status: 64)
        }

        let start = ContinuousClock.now
        var summary = Summary()
        var failed: Outcome?
        await withTaskGroup(of: Outcome.self) { group in
            var next = seeds.lowerBound
            func add() {
                guard next <= seeds.upperBound, failed == nil else { return }
                var settings = settings
                settings.seed = UInt64(next)
                next += 1
                group.addTask { [settings] in await Simulation.run(settings) }
            }
            for _ in 0..<max(1, jobs) { add() }
            for await outcome in group {
                summary.add(outcome)
                if settings.isTraced { print(outcome.trace.joined(separator: "\n")) }
                if !outcome.violations.isEmpty, failed.map({ outcome.settings.seed < $0.settings.seed }) ?? true {
                    failed = outcome
                }
                add()
            }
        }
        if !settings.isTraced { print(summary.text(took: start.duration(to: .now))) }
        if let failed { return await show(failed, shrinks: shrinks) }
        let missing = summary.missing
        if requiresAll, !missing.isEmpty { stop("never happened: \(missing.joined(separator: ", "))", status: 1) }
    }

    private static func show(_ outcome: Outcome, shrinks: Bool) async {
        print("\nseed \(outcome.settings.seed) goes wrong:")
        for violation in outcome.violations { print("  invariant \(violation.invariant): \(violation.text)") }
        guard shrinks else { return stop("", status: 1) }
        var settings = await Shrinking.shrink(outcome)
        settings.isTraced = true
        let smallest = await Simulation.run(settings)
        print("\nas small as it gets:")
        print(Shrinking.readable(smallest.trace).map { "  " + $0 }.joined(separator: "\n"))
        let faults = settings.faults.map(\.rawValue).sorted().joined(separator: ",")
        let planted = settings.planted.map { " --plant \($0.rawValue)" } ?? ""
        let budget = settings.faultBudget == .max ? "" : " --budget \(settings.faultBudget)"
        stop(
            "\nagain: simulate --seeds \(settings.seed) --workflows \(settings.workflows) --tasks \(settings.tasks)\(budget) --faults \(faults.isEmpty ? "none" : faults)\(planted) --trace",
            status: 1)
    }

    private static func stop(_ text: String, status: Int32) {
        print(text)
        exit(status)
    }
}

/// The command line's words.
struct Arguments {
    private(set) var rest: [String]
    init(_ words: some Sequence<String>) { rest = Array(words) }

    mutating func flag(_ name: String) -> Bool {
        guard let index = rest.firstIndex(of: name) else { return false }
        rest.remove(at: index)
        return true
    }

    mutating func value(_ name: String) -> String? {
        guard let index = rest.firstIndex(of: name), index + 1 < rest.count else { return nil }
        defer { rest.removeSubrange(index...index + 1) }
        return rest[index + 1]
    }

    mutating func int(_ name: String) -> Int? { value(name).flatMap { Int($0) } }

    /// `7`, or `1-500`.
    mutating func range(_ name: String) -> ClosedRange<Int>? {
        let numbers = (value(name) ?? "").split(separator: "-").compactMap { Int($0) }
        guard let first = numbers.first, let last = numbers.last, first <= last else { return nil }
        return first...last
    }
}
