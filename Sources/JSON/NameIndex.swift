/// Finds the members of a large object by name: a hash table of their positions, with linear probing.
///
/// The hash is Swift's, seeded anew in each process, so that no sender can choose names that collide.
struct NameIndex: Sendable {
    /// Objects with at most so many members are searched from the front.
    static let threshold = 16

    private static let free: Int32 = -1
    private static let removed: Int32 = -2
    /// The table, a power of two long, and behind it the number of slots that are not free: one word holds all.
    private var slots: [Int32]
    private var size: Int { slots.count - 1 }
    private var taken: Int {
        get { Int(slots[size]) }
        set { slots[size] = Int32(newValue) }
    }

    init(_ members: [JSONObject.Member]) {
        slots = Self.table(for: members.count)
        for position in members.indices { put(position, of: members) }
    }

    func position(of name: String, in members: [JSONObject.Member]) -> Int? {
        var slot = hash(name)
        while slots[slot] != Self.free {
            let position = Int(slots[slot])
            if position >= 0, members[position].name.hasSameBytes(as: name) { return position }
            slot = (slot + 1) & (size - 1)
        }
        return nil
    }

    mutating func add(_ position: Int, of members: [JSONObject.Member]) {
        if (taken + 1) * 2 > size {
            self = NameIndex(members)
        } else {
            put(position, of: members)
        }
    }

    /// - Parameter members: still with the one to be removed.
    mutating func remove(_ position: Int, of members: [JSONObject.Member]) {
        for slot in 0..<size where slots[slot] >= position {
            slots[slot] = slots[slot] == position ? Self.removed : slots[slot] - 1
        }
    }

    private mutating func put(_ position: Int, of members: [JSONObject.Member]) {
        var slot = hash(members[position].name)
        while slots[slot] != Self.free { slot = (slot + 1) & (size - 1) }
        slots[slot] = Int32(position)
        taken += 1
    }

    private func hash(_ name: String) -> Int {
        var hasher = Hasher()
        name.hashBytes(into: &hasher)
        return hasher.finalize() & (size - 1)
    }

    /// Filled to a quarter at first, to a half at most.
    private static func table(for count: Int) -> [Int32] {
        var size = 64
        while size < count * 4 { size *= 2 }
        return Array(repeating: free, count: size) + [0]
    }
}
