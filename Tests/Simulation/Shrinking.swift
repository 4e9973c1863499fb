/// Makes a run that goes wrong as small as it stays wrong.
enum Shrinking {
    /// - Returns: settings that still break one of the same invariants, found with at most `limit` further runs.
    static func shrink(_ outcome: Outcome, limit: Int = 120) async -> Settings {
        let broken = Set(outcome.violations.map(\.invariant))
        var best = outcome.settings
        var tries = 0
        func stillFails(_ settings: Settings) async -> Bool {
            tries += 1
            guard tries <= limit else { return false }
            return await !broken.isDisjoint(with: Simulation.run(settings).violations.map(\.invariant))
        }
        func accept(_ change: (inout Settings) -> Void) async -> Bool {
            var smaller = best
            change(&smaller)
            guard await stillFails(smaller) else { return false }
            best = smaller
            return true
        }
        // All kinds of fault but one, then fewer workflows, then smaller plans, then fewer faults.
        for fault in Fault.allCases where best.faults.contains(fault) { _ = await accept { $0.faults.remove(fault) } }
        for count in [1, 2, 3, 4] where count < best.workflows { if await accept({ $0.workflows = count }) { break } }
        for count in [1, 2, 3, 5] where count < best.tasks { if await accept({ $0.tasks = count }) { break } }
        for budget in [0, 1, 2, 3, 5, 8, 13, 21, 34] { if await accept({ $0.faultBudget = budget }) { break } }
        for fault in Fault.allCases where best.faults.contains(fault) { _ = await accept { $0.faults.remove(fault) } }
        return best
    }
}
