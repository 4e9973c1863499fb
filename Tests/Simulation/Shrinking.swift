/// Makes a run that goes wrong as small as it stays wrong.
enum Shrinking {
    /// A smaller run is another run, so a few seeds are tried of each size: what is looked for is the same invariant.
    private static let seeds: UInt64 = 12

    /// - Returns: settings that still break one of the same invariants, found with at most `limit` further runs.
    static func shrink(_ outcome: Outcome, limit: Int = 600) async -> Settings {
        let broken = Set(outcome.violations.map(\.invariant))
        var best = outcome.settings
        var tries = 0
        func accept(_ change: (inout Settings) -> Void) async -> Bool {
            for number in 0..<seeds where tries < limit {
                var smaller = best
                change(&smaller)
                if number > 0 { smaller.seed = number }
                tries += 1
                if await !broken.isDisjoint(with: Simulation.run(smaller).violations.map(\.invariant)) {
                    best = smaller
                    return true
                }
            }
            return false
        }
        // Fewer workflows and smaller plans, then all kinds of fault but one, then fewer faults.
        for (workflows, tasks) in [(1, 1), (1, 2), (1, 4), (2, 2), (2, 4), (3, 4), (4, 6)]
        where workflows < best.workflows && tasks <= best.tasks {
            if await accept({ ($0.workflows, $0.tasks) = (workflows, tasks) }) { break }
        }
        for fault in Fault.allCases where best.faults.contains(fault) { _ = await accept { $0.faults.remove(fault) } }
        for budget in [0, 1, 2, 3, 5, 8, 13, 21, 34] { if await accept({ $0.faultBudget = budget }) { break } }
        return best
    }

    /// What is worth reading of a trace: without the pulse of what is idle, and with the wait at its end cut out.
    static func readable(_ trace: [String]) -> [String] {
        let pulse = ["executor.heartbeat", ": handles ", ": acks 1", "finds nothing"]
        let lines = trace.filter { line in !pulse.contains { line.contains($0) } }
        guard let calm = lines.firstIndex(where: { $0.contains("world: no more faults") }), lines.count > calm + 120
        else { return lines }
        return lines[...(calm + 80)] + ["…  \(lines.count - calm - 111) lines"] + lines.suffix(30)
    }
}
