import AMQP
import Contracts
import Handover
import JSON
import Logging
import Relay
import Store
import Topology

/// What one run is made of: the same settings, the same run.
struct Settings: Sendable {
    var seed: UInt64
    var workflows = 6
    /// Of each plan, at most.
    var tasks = 8
    var faults = Set(Fault.allCases)
    /// Faults that may happen before there are no more.
    var faultBudget = Int.max
    var isTraced = false
    /// Counts as a violation when it has happened: so that the way from a violation to a small trace can be tried.
    var planted: Fault?
}

/// One simulated installation: its broker, database and clock, and its processes, one of which has its turn at a time.
///
/// What the processes run is what ships. Touched by one logical thread at a time: every call is awaited before the next.
final class World: @unchecked Sendable {  // one logical thread
    let settings: Settings
    let broker: SimulatedBroker
    let database: SimulatedDatabase
    let domains: [DomainName]
    /// How many orders an executor takes at once, and how many a dispatcher may have out whoever takes them: where both
    /// are few, tasks of all workflows wait for room.
    let concurrency: Int
    let leastRoom: Int
    let objects = SimulatedObjects()
    let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// Each decides about one thing, so that a fault less does not change the plans.
    var planning: SplitMix64
    var scheduling: SplitMix64
    private var chance: SplitMix64
    private var naming: SplitMix64

    var processes: [SimulatedProcess] = []
    /// Those whose step is under way, the innermost last.
    private var stack: [ObjectIdentifier] = []
    private(set) var counts: [Fault: Int] = [:]
    private var faults = 0
    /// No more faults: what is still open has to come to its end.
    var isHealing = false
    private(set) var steps = 0
    /// Found while it ran.
    private(set) var violations: [Violation] = []
    private(set) var trace: [String] = []
    private var names: [String: String] = [:]
    private var children = 0
    let epoch: Int64 = 1_767_603_600_000

    init(_ settings: Settings) {
        self.settings = settings
        planning = SplitMix64(seed: settings.seed &* 4 &+ 1)
        scheduling = SplitMix64(seed: settings.seed &* 4 &+ 2)
        chance = SplitMix64(seed: settings.seed &* 4 &+ 3)
        naming = SplitMix64(seed: settings.seed &* 4 &+ 4)
        concurrency = Int.random(in: 1...3, using: &planning)
        leastRoom = [1, 2, 16].randomElement(using: &planning)!
        broker = SimulatedBroker(Self.topology)
        database = SimulatedDatabase(now: epoch)
        domains = Self.topology.domains.prefix(3).compactMap { DomainName($0.name) }
        broker.place = { [unowned self] newer in
            guard newer > 0, roll(.reorder, oneIn: 3) else { return 0 }
            hit(.reorder, "what comes back comes behind newer messages")
            return Int.random(in: 1...newer, using: &chance)
        }
    }

    private static let topology = TopologyFiles.builtIn().expand(TopologySettings(partitions: 2))

    // MARK: Chance

    /// Whether a fault is to happen now; ``hit(_:_:)`` says that it has.
    func roll(_ fault: Fault, oneIn: Int) -> Bool {
        guard !isHealing else { return false }
        let isDrawn = Int.random(in: 0..<oneIn, using: &chance) == 0
        return isDrawn && settings.faults.contains(fault) && faults < settings.faultBudget
    }

    /// Whether an order may kill its executor.
    var mayKill: Bool { !isHealing && settings.faults.contains(.crash) && faults < settings.faultBudget }

    func hit(_ fault: Fault, _ what: @autoclosure () -> String) {
        faults += 1
        counts[fault, default: 0] += 1
        note("FAULT \(fault.rawValue)", what())
    }

    /// Whom a fault hits.
    func pick<Value>(_ values: [Value]) -> Value? { values.randomElement(using: &chance) }

    func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &scheduling) }

    func makeID(_ time: Timestamp) -> MessageID {
        .caused(by: MessageID(unchecked: "simulated"), index: Int(naming.next() >> 1), at: time)
    }

    // MARK: Trace

    /// A short name for a workflow.
    func name(_ workflow: String, _ name: String) { names[workflow] = name }
    func short(_ workflow: String) -> String {
        if let name = names[workflow] { return name }
        guard workflow.hasPrefix("wf-") else { return workflow }
        children += 1
        names[workflow] = "child\(children)"
        return "child\(children)"
    }

    func note(_ who: String, _ what: @autoclosure () -> String) {
        guard settings.isTraced else { return }
        let time = database.now - epoch
        let milliseconds = String(1000 + time % 1000).dropFirst()
        trace.append(
            "\(time / 1000).\(milliseconds)  \(String(repeating: "| ", count: max(stack.count - 1, 0)))\(who): \(what())"
        )
    }

    /// What a message says, in a few words.
    func describe(_ message: WireMessage) -> String {
        let subject = message.headers["ce-subject"] ?? message.correlationID ?? ""
        let parts = subject.split(separator: "/", maxSplits: 1).map(String.init)
        let workflow = parts.first.map(short) ?? ""
        let task = parts.count > 1 ? "/\(parts[1])" : ""
        let count = message.deliveryCount > 0 ? " (delivery \(message.deliveryCount))" : ""
        return "\(message.type ?? "?") \(workflow)\(task)\(count)"
    }

    /// A handler could not handle a message, for no fault of the message.
    func refused(_ who: String, _ reason: Reason, alone: Bool) {
        note(who, "refuses: \(reason.code) \(reason.message)")
        guard alone else { return }
        violations.append(
            Violation(invariant: 1, text: "\(who) cannot handle a message: \(reason.code), \(reason.message)"))
    }

    func deadLettered(_ who: String, _ delivery: Delivery, _ reason: Reason) {
        note(who, "gives up on \(describe(WireMessage(delivery))): \(reason.code) \(reason.message)")
    }

    // MARK: Turns

    /// Lets one process that has something to do take a step.
    ///
    /// - Returns: whether any had.
    func step(inside: Bool = false) async -> Bool {
        let now = database.now
        let ready = processes.filter { !stack.contains(ObjectIdentifier($0)) && $0.isReady(now) }
        guard let process = ready.randomElement(using: &scheduling) else { return false }
        steps += 1
        stack.append(ObjectIdentifier(process))
        await process.step()
        stack.removeLast()
        if !inside { database.now += Int64(random(0...12)) }
        return true
    }

    /// Lets another process have its turn while one waits for an answer.
    func interleave() async {
        guard stack.count < 3, roll(.interleave, oneIn: 6) else { return }
        if await step(inside: true) { hit(.interleave, "a step inside another's call") }
    }

    /// The time at which anything happens next.
    var nextDue: Int64? { processes.compactMap(\.nextDue).min() }

    /// Something that is meant to happen between two steps.
    func disturb() async {
        if roll(.crash, oneIn: 60), let process = processes.filter(\.canCrash).randomElement(using: &chance) {
            hit(.crash, "\(process.name) dies, \(process.standing)")
            process.crash()
        }
        if roll(.redeliver, oneIn: 90), let process = processes.filter(\.canCrash).randomElement(using: &chance) {
            process.loseChannel(isKnown: true)
        }
        if roll(.twoOwners, oneIn: 90), let process = processes.filter(\.canCrash).randomElement(using: &chance) {
            process.loseChannel(isKnown: false)
        }
        if roll(.duplicate, oneIn: 40), !broker.recent.isEmpty {
            let index = Int.random(in: broker.recent.indices, using: &chance)
            if broker.recent[index].message.properties.type != nil {
                let what = broker.replay(index)
                hit(.duplicate, what)
            }
        }
        if roll(.delay, oneIn: 120),
            let queue = pick(broker.queues.keys.filter { !Examination.unread.contains($0) }.sorted()),
            broker.queues[queue]?.ready.isEmpty == false
        {
            broker.queues[queue]?.pausedUntil = database.now + Int64.random(in: 100...90_000, using: &chance)
            hit(.delay, "\(queue) hands nothing out for a while")
        }
        if roll(.stall, oneIn: 150) {
            let busy = processes.filter {
                ($0 as? SimulatedExecutor)?.isBusy ?? false && $0.stalledUntil <= database.now
            }
            if let process = busy.randomElement(using: &chance) {
                process.stalledUntil = database.now + Int64.random(in: 61_000...200_000, using: &chance)
                hit(.stall, "\(process.name) stands still past its leases")
            }
        }
        if roll(.clockJump, oneIn: 200) { jump() }
    }

    private func jump() {
        let span = Int64.random(in: -90_000...90_000, using: &chance)
        if Int.random(in: 0..<4, using: &chance) == 0 {
            database.now += abs(span)
            hit(.clockJump, "the database's clock by \(abs(span)) ms")
        } else if let process = processes.randomElement(using: &chance) {
            process.clockOffset += span
            hit(.clockJump, "the clock of \(process.name) by \(span) ms")
        }
    }
}
