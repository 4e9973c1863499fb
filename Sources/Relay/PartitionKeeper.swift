package import AMQP
package import Logging
import ServiceLifecycle

/// Where the replicas of a process find each other.
package protocol ReplicaDirectory: Sendable {
    /// Says that this replica is alive.
    ///
    /// - Parameter isNew: its process has just begun.
    /// - Returns: the names of all that are, this one included, each with a text that is another once it has begun anew.
    func announce(_ replica: String, isNew: Bool) async throws -> [String: String]
    func leave(_ replica: String) async throws
}

/// Consumes this replica's share of the partition queues, and stands by for the rest.
///
/// A queue has a single active consumer, so who subscribes first is active. The owner subscribes at once,
/// the others a while later; when an owner changes or has begun anew, everyone else leaves the queue and lines
/// up behind it. That is for speed and order only: two owners at once cost rereads, never correctness.
package struct PartitionKeeper: Service {
    private let consumer: Consumer
    private let directory: any ReplicaDirectory
    private let replica: String
    private let queues: [String]
    private let logger: Logger
    private let announceEvery: Duration
    private let standByAfter: Duration
    private let tookOver: @Sendable () -> Void

    /// - Parameters:
    ///   - queues: the partitions' queues, in order of their numbers.
    ///   - tookOver: called when this replica has begun to consume what was another's share, or nobody's.
    package init(
        consumer: Consumer, directory: any ReplicaDirectory, replica: String, queues: [String], logger: Logger,
        announceEvery: Duration = .seconds(2), standByAfter: Duration = .seconds(3),
        tookOver: @escaping @Sendable () -> Void = {}
    ) {
        self.consumer = consumer
        self.directory = directory
        self.replica = replica
        self.queues = queues
        self.logger = logger
        self.announceEvery = announceEvery
        self.standByAfter = standByAfter
        self.tookOver = tookOver
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var lineUp = LineUp(partitions: queues.count, standByAfter: standByAfter)
            var isNew = true
            while true {
                await follow(&lineUp, &isNew)
                // A queue without an owner at work waits until somebody stands by: no longer than it must.
                let next = ContinuousClock.now + announceEvery
                try await Task.sleep(until: min(next, lineUp.nextJoin ?? next))
            }
        }
        do {
            try await directory.leave(replica)
        } catch {
            logger.info("Left without a word: the others will notice", metadata: ["error": "\(error)"])
        }
    }

    private func follow(_ lineUp: inout LineUp, _ isNew: inout Bool) async {
        do {
            let live = try await directory.announce(replica, isNew: isNew)
            isNew = false
            for move in lineUp.follow(live: live, replica: replica, now: .now) {
                switch move {
                case .leave(let partition): await consumer.unsubscribe(queue: queues[partition])
                case .join(let partition):
                    try await consumer.subscribe(.queue(queues[partition]))
                    lineUp.joined(partition)
                }
            }
            if lineUp.takeGain() { tookOver() }
        } catch {
            // Whatever is consumed now goes on; what is missing is tried again at the next turn.
            logger.warning("The partitions stay as they are for now", metadata: ["error": "\(error)"])
        }
    }
}

/// Which queues to join and leave as the owners change; pure.
struct LineUp {
    enum Move: Hashable { case join(Int), leave(Int) }

    private struct Owner: Equatable {
        let name: String?
        /// Of its process.
        let start: String?
    }

    private var owners: [Owner?]
    private var isIn: [Bool]
    /// Since when the present owner is the owner.
    private var since: [ContinuousClock.Instant]
    private let standByAfter: Duration
    /// Whether a partition has become this replica's since that was last acted on.
    private var hasGained = false

    init(partitions: Int, standByAfter: Duration) {
        owners = Array(repeating: nil, count: partitions)
        isIn = Array(repeating: false, count: partitions)
        since = Array(repeating: .now, count: partitions)
        self.standByAfter = standByAfter
    }

    mutating func takeGain() -> Bool {
        defer { hasGained = false }
        return hasGained
    }

    mutating func joined(_ partition: Int) { isIn[partition] = true }

    /// When the next queue may be joined that is not joined yet, if there is one that is not overdue.
    var nextJoin: ContinuousClock.Instant? {
        let dues = owners.indices.filter { !isIn[$0] }.map { since[$0] + standByAfter }
        return dues.filter { $0 > .now }.min()
    }

    /// - Returns: moves in the order to make them; a join counts once ``joined(_:)`` says so.
    mutating func follow(live: [String: String], replica: String, now: ContinuousClock.Instant) -> [Move] {
        var moves: [Move] = []
        for partition in owners.indices {
            let owner = PartitionShare.owner(of: partition, among: live.keys.sorted())
            let present = Owner(name: owner, start: owner.flatMap { live[$0] })
            if present != owners[partition] {
                owners[partition] = present
                since[partition] = now
                if owner == replica { hasGained = true }
                if isIn[partition] && owner != replica {
                    moves.append(.leave(partition))
                    isIn[partition] = false
                }
            }
            let mayJoin = owner == replica || since[partition].duration(to: now) >= standByAfter
            if !isIn[partition] && mayJoin { moves.append(.join(partition)) }
        }
        return moves
    }
}
