import Foundation

/// Something that goes wrong, and how it is known that it did.
struct Fault: Sendable {
    /// How a fault is written into the report's table.
    let name: String
    /// How often it is injected one by one: in a short campaign, and in a full one.
    var times: (short: Int, full: Int)
    /// Whether it is also drawn at random.
    var isDrawn = false
    /// What recovery is counted from.
    var since = "the fault"
    /// The median of the recoveries that is promised; `nil`: none is.
    var target: Duration?
    /// Whether Baton's tables have to be on a small disk for it.
    var needsSmallDisk = false
    let inject: @Sendable (Scene) async throws -> Hit
}

/// A fault that has hit.
struct Hit: Sendable {
    /// What shows it.
    var proof: String
    /// From when on recovery is counted; waits for the return of what went away.
    var returned: @Sendable () async throws -> ContinuousClock.Instant

    init(_ proof: String, since instant: ContinuousClock.Instant) {
        self.proof = proof
        returned = { instant }
    }

    init(_ proof: String, returned: @escaping @Sendable () async throws -> ContinuousClock.Instant) {
        self.proof = proof
        self.returned = returned
    }
}

/// A fault that did not hit: it does not count.
struct Miss: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What a fault finds: the world, and the work that is going on in it.
struct Scene: Sendable {
    let world: World
    let ledger: Ledger
    let producer: Producer
    let garbage: GarbageBin
    let chance: Chance
    let isShort: Bool

    var fleet: Fleet { world.fleet }

    /// One of a process's replicas.
    func replica(of process: String) -> String { "\(process)-\(chance.number(in: Fleet.replicas))" }

    /// Any moment of the next second.
    func anyMoment() async throws { try await Task.sleep(for: .milliseconds(chance.number(in: 0...900))) }
}

/// The ids of what nobody can take.
actor GarbageBin {
    private(set) var ids: Set<String> = []
    func add(_ id: String) { ids.insert(id) }
}

/// Numbers that follow from a seed.
final class Chance: @unchecked Sendable {  // guarded by `lock`
    private let lock = NSLock()
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9e37_79b9_7f4a_7c15 }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    func number(in range: ClosedRange<Int>) -> Int {
        lock.withLock {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            mixed ^= mixed >> 31
            return range.lowerBound + Int(mixed % UInt64(range.count))
        }
    }
}
