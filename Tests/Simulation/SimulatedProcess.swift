import AMQP
import Contracts
import Handover

/// A process that can die at any moment, and is started again.
class SimulatedProcess: @unchecked Sendable {  // one logical thread
    let world: World
    let name: String
    private(set) var incarnation = 0
    private(set) var isAlive = false
    private var restartAt: Int64 = 0
    var stalledUntil: Int64 = 0
    /// Of its machine's clock, against the database's.
    var clockOffset: Int64 = 0
    /// Channels that it consumes, and those that it does not know to be lost.
    var channels: [UInt64] = []

    init(_ world: World, _ name: String) {
        self.world = world
        self.name = name
    }

    var now: Timestamp { Timestamp(milliseconds: world.database.now + clockOffset) }
    var canCrash: Bool { isAlive }
    /// What it is about to do.
    var standing: String { "idle" }

    final func isReady(_ now: Int64) -> Bool {
        guard stalledUntil <= now else { return false }
        return isAlive ? hasWork(now) : restartAt <= now
    }

    /// When it has something to do without anybody's doing.
    final var nextDue: Int64? {
        let due = isAlive ? timer : restartAt
        return due.map { max($0, stalledUntil) }
    }

    final func step() async {
        if isAlive { return await work() }
        incarnation += 1
        isAlive = true
        world.note(name, "starts")
        await start()
    }

    final func crash() {
        guard isAlive else { return }
        isAlive = false
        stalledUntil = 0
        restartAt = world.database.now + Int64(world.random(5...20_000))
        for epoch in channels { world.broker.close(epoch, isKnown: true) }
        channels = []
        stop()
    }

    /// A channel that holds something is closed by the broker.
    final func loseChannel(isKnown: Bool) {
        let holding = channels.filter { world.broker.channels[$0].map { $0.isOpen && !$0.unacked.isEmpty } ?? false }
        guard let epoch = world.pick(holding) else { return }
        let count = world.broker.close(epoch, isKnown: isKnown)
        world.hit(
            isKnown ? .redeliver : .twoOwners,
            "\(name) loses a channel with \(count) deliveries" + (isKnown ? "" : ", and goes on without knowing"))
        lost(epoch, isKnown: isKnown)
    }

    // MARK: What each kind says for itself

    func start() async {}
    func stop() {}
    func work() async {}
    func hasWork(_ now: Int64) -> Bool { false }
    var timer: Int64? { nil }
    func lost(_ epoch: UInt64, isKnown: Bool) {}
}
