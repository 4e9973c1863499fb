import Contracts
import Handover
import Invariants
import JSON

/// What one run has shown.
struct Outcome: Sendable {
    var settings: Settings
    var violations: [Violation] = []
    var faults: [Fault: Int] = [:]
    /// Message types that were published, and statuses that were written.
    var reached: [String: Int] = [:]
    var workflows = 0
    var ended: [String: Int] = [:]
    var steps = 0
    var trace: [String] = []
}

struct Violation: Sendable, Equatable {
    /// The engine's number of it.
    var invariant: Int
    var text: String
}

/// One seed's life of an installation: requests, work, faults, then healing, then the look at what is left.
enum Simulation {
    /// After the last fault everything has to come to its end within this.
    private static let patience: Int64 = 3 * 3600 * 1000

    static func run(_ settings: Settings) async -> Outcome {
        let world = World(settings)
        let client = SimulatedClient(world, "client")
        world.processes = [client, SimulatedPlanner(world, "planner-1"), SimulatedPlanner(world, "planner-2")]
        for number in 1...2 { world.processes.append(SimulatedDispatcher(world, "dispatcher-\(number)")) }
        for number in 1...2 { world.processes.append(SimulatedGatherer(world, "gatherer-\(number)")) }
        for domain in world.domains {
            for number in 1...2 { world.processes.append(SimulatedExecutor(world, "\(domain)-\(number)", domain)) }
        }
        let examination = Examination(world, client)
        await live(world, client)
        heal(world)
        let isQuiet = await settle(world, examination)
        var outcome = Outcome(settings: settings)
        outcome.violations = await examination.violations(isQuiet: isQuiet)
        if let planted = settings.planted, let count = world.counts[planted] {
            outcome.violations.append(
                Violation(invariant: 0, text: "planted: \(planted.rawValue) happened \(count) times"))
        }
        outcome.faults = world.counts
        outcome.reached = world.broker.types.merging(world.database.reached) { $0 + $1 }
            .merging(world.database.recorded.map { ("recorded \($0.key)", $0.value) }) { $0 + $1 }
            .merging(world.database.moments) { $0 + $1 }
        outcome.workflows = world.database.workflows.count
        for row in world.database.workflows.values { outcome.ended[row.status, default: 0] += 1 }
        outcome.steps = world.steps
        for violation in outcome.violations { world.note("VIOLATED \(violation.invariant)", violation.text) }
        outcome.trace = world.trace
        for process in world.processes { process.crash() }
        world.processes = []  // they hold the world
        return outcome
    }

    /// While faults happen: until every workflow has ended, or for a while.
    private static func live(_ world: World, _ client: SimulatedClient) async {
        let end = world.epoch + 600_000
        while world.database.now < end, world.steps < 4000 * max(1, world.settings.workflows) {
            await world.disturb()
            if await !world.step() {
                guard let next = world.nextDue else { break }
                world.database.now = max(world.database.now + 1, next)
            }
            let isOver = client.isDone && world.database.workflows.values.allSatisfy { $0.endedAt != nil }
            if isOver, world.random(0...200) == 0 { break }
        }
    }

    private static func heal(_ world: World) {
        world.isHealing = true
        world.note("world", "no more faults")
        for process in world.processes {
            process.stalledUntil = 0
            for epoch in process.channels where world.broker.channels[epoch]?.isOpen == false {
                world.broker.close(epoch, isKnown: true)
            }
        }
        for channel in world.broker.channels.values where !channel.isOpen { channel.isKnownLost = true }
        for queue in world.broker.queues.values { queue.pausedUntil = 0 }
    }

    /// - Returns: whether everything came to its end.
    private static func settle(_ world: World, _ examination: Examination) async -> Bool {
        let end = world.database.now + patience
        var checked = 0
        while world.database.now < end {
            if await !world.step() {
                guard let next = world.nextDue else { return examination.isQuiet }
                world.database.now = max(world.database.now + 1, next)
            }
            checked += 1
            if checked % 20 == 0, examination.isQuiet { return true }
            if world.steps > 60_000 * max(1, world.settings.workflows) { return false }
        }
        return examination.isQuiet
    }
}
