import AMQP
import Contracts
import Dispatcher
import Engine
import Gatherer
import Handover
import JSON
import Planner
import Relay

/// A planner with its library in memory.
final class SimulatedPlanner: SimulatedProcess, @unchecked Sendable {  // one logical thread
    private struct Library: PlanningLibrary {
        let catalog: SkillCatalog
        let domains: [DomainName]
        func definition(_ name: DefinitionName, version: Int?, workspace: Workspace) async throws -> JSONValue? {
            Scenario.definition(name, domains: domains)
        }
        func catalog(of workspace: Workspace) async throws -> SkillCatalog { catalog }
    }

    private var relay: RelayDriver?

    override func start() async {
        let handler = PlannerHandler(
            library: Library(catalog: Scenario.catalog(world.domains), domains: world.domains),
            source: "/planner/\(name)"
        ) {
            [unowned self] in now
        }
        channels = [world.broker.subscribe(QueueName.planner)]
        relay = RelayDriver(self, handler, SimulatedPublisher(self, user: BrokerUser.planner), batchLimit: 20)
    }

    override func stop() { relay = nil }
    override func lost(_ epoch: UInt64, isKnown: Bool) { channels = [world.broker.subscribe(QueueName.planner)] }
    override func hasWork(_ now: Int64) -> Bool { relay?.hasWork(now) ?? false }
    override var timer: Int64? { relay?.timer }
    override var standing: String { relay?.standing ?? "idle" }
    override func work() async { await relay?.step() }
}

/// What dispatchers and gatherers have in common: partition queues, of which each replica consumes all.
class PartitionedProcess: SimulatedProcess, @unchecked Sendable {  // one logical thread
    var relay: RelayDriver?
    fileprivate var nextSweep: Int64 = 0
    fileprivate var alarm: Int64?
    fileprivate var partitions: [String] { [] }

    override func start() async {
        channels = partitions.map(world.broker.subscribe)
        nextSweep = world.database.now + Int64(world.random(0...5000))
        alarm = nil
    }

    override func stop() { relay = nil }

    /// Subscribes again; with two owners also while it goes on with what it holds.
    override func lost(_ epoch: UInt64, isKnown: Bool) {
        guard let queue = world.broker.channels[epoch]?.queue.name else { return }
        channels.removeAll { $0 == epoch }
        channels.append(world.broker.subscribe(queue))
    }

    override func hasWork(_ now: Int64) -> Bool {
        nextSweep <= now || alarm.map { $0 <= now } ?? false || relay?.hasWork(now) ?? false
    }

    override var timer: Int64? { [nextSweep, alarm, relay?.timer].compactMap { $0 }.min() }
    override var standing: String { relay?.standing ?? "idle" }

    /// A due time by this machine's clock, by the database's.
    fileprivate func global(_ time: Timestamp) -> Int64 { max(time.milliseconds - clockOffset, world.database.now + 1) }
}

final class SimulatedDispatcher: PartitionedProcess, @unchecked Sendable {  // one logical thread
    private var dispatcher: Dispatcher?
    private var timekeeper: Timekeeper?
    private var sweeper: Sweeper?
    private var isNew = false

    override fileprivate var partitions: [String] { (0..<2).map(QueueName.dispatcher) }

    override func start() async {
        await super.start()
        let store = SimulatedStore(self)
        let publisher = SimulatedPublisher(self, user: BrokerUser.dispatcher)
        let dispatcher = Dispatcher(
            store: store, source: "/dispatcher/\(name)", capacity: world.random(0...2) == 0 ? 2 : 10_000,
            leastRoom: world.leastRoom, logger: world.logger
        ) { [unowned self] in now }
        let wakeups = WakeupPublisher(publisher: publisher, source: "/dispatcher/\(name)", logger: world.logger) {
            [world] in world.makeID($0)
        }
        self.dispatcher = dispatcher
        timekeeper = Timekeeper(dispatcher: dispatcher, wakeups: wakeups)
        sweeper = Sweeper(dispatcher: dispatcher, store: store, wakeups: wakeups, logger: world.logger)
        isNew = true
        relay = RelayDriver(self, dispatcher, publisher, batchLimit: 500)
        world.database.announce(name, .dispatcher)
    }

    override func stop() {
        super.stop()
        (dispatcher, timekeeper, sweeper) = (nil, nil, nil)
    }

    override func work() async {
        guard let relay, let timekeeper, let sweeper else { return }
        let now = world.database.now
        if nextSweep <= now {
            nextSweep = now + 5000
            world.database.announce(name, .dispatcher)
            if isNew { await sweeper.takeOver() }
            isNew = false
            guard isAlive else { return }
            try? await sweeper.turn()
        } else if let alarm, alarm <= now {
            if await timekeeper.publishDue() { world.note(name, "wakes what was due") }
        } else {
            await relay.step()
        }
        guard isAlive else { return }
        // By the dispatcher's own idea of the database's clock.
        let (due, time) = (await timekeeper.nextDue(), await dispatcher?.now ?? self.now)
        alarm = max(world.database.now + (due - time).inMilliseconds, world.database.now + 1)
    }
}

final class SimulatedGatherer: PartitionedProcess, @unchecked Sendable {  // one logical thread
    private var desk: GatherDesk?
    private var sender: RevisionSender?
    private var again: Int64?

    override fileprivate var partitions: [String] { (0..<2).map(QueueName.gatherer) }

    override func start() async {
        await super.start()
        var settings = GathererSettings()
        settings.batchLimit = 20
        if world.random(0...2) == 0 { settings.memoryLimit = 20_000 }
        let desk = GatherDesk(
            store: SimulatedStore(self), objects: world.objects, settings: settings, source: "/gatherer/\(name)",
            logger: world.logger
        ) { [unowned self] in now }
        let publisher = SimulatedPublisher(self, user: BrokerUser.gatherer)
        self.desk = desk
        sender = RevisionSender(desk: desk, publisher: publisher, logger: world.logger)
        relay = RelayDriver(self, desk, publisher, batchLimit: settings.batchLimit)
        again = nil
    }

    override func stop() {
        super.stop()
        (desk, sender) = (nil, nil)
    }

    override func work() async {
        guard let relay, let desk, let sender else { return }
        let now = world.database.now
        if nextSweep <= now {
            nextSweep = now + 5000
            try? await desk.sweep()
        } else if let alarm, alarm <= now {
            let isLate = again.map { $0 <= now } ?? false
            let isDone = await sender.round(isLate: isLate)
            if isDone { again = nil } else if isLate || again == nil { again = now + 1000 }
        } else {
            await relay.step()
        }
        guard isAlive else { return }
        let due = await desk.hasPost ? world.database.now : await desk.nextDue.map(global)
        alarm = [due, again].compactMap { $0 }.min()
    }
}
