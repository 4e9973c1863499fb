import Contracts
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `In any order, twice, and after crashes` {
    @Test(arguments: 0..<2)
    func `every workflow ends once, as its history says`(block: UInt64) throws {
        var counts = (known: 0, stale: 0, crashes: 0, retries: 0)
        var growth = (children: 0, cancelled: 0, expanded: 0, undone: 0)
        var seen: [String: Int] = [:]
        for seed in block * 60..<(block + 1) * 60 {
            var simulation = try Simulation(seed: seed)
            try simulation.run()
            counts.known += simulation.counts.known
            counts.stale += simulation.counts.stale
            counts.crashes += simulation.counts.crashes
            counts.retries += simulation.counts.retries
            growth.children += simulation.reached[.workflowRequested] ?? 0
            growth.cancelled += simulation.reached[.controlCancel] ?? 0
            growth.expanded += simulation.expanded
            growth.undone += simulation.undone
            seen.merge(simulation.seen) { $0 + $1 }
        }
        #expect(growth.children > 0 && growth.expanded > 0 && growth.undone > 0, "\(growth)")
        // The faults have hit.
        #expect(counts.known > 30 && counts.stale > 30 && counts.crashes > 50 && counts.retries > 5, "\(counts)")
        // And what people do.
        for type: MessageType in [
            .approvalRequested, .approvalDecided, .signalReceived, .taskWaiting, .taskReset, .taskSkipped,
            .taskCancelled, .workflowPaused, .workflowResumed, .workflowReopened, .slotGranted, .controlRetry,
            .controlSkip, .controlCancel,
        ] {
            #expect(seen[type.rawValue, default: 0] > 0, "\(type.rawValue) never happened")
        }
        #expect(seen["not_applicable", default: 0] > 0 && seen["role_not_allowed", default: 0] > 0)
    }
}
