import Contracts
import Engine
import HeapModule

/// How many orders of each domain are out, and which tasks wait for their turn: the oldest workflow's first, so that
/// workflows finish one by one instead of all together at the end.
struct OrderWindow {
    /// Room for a domain of which no executor has been heard of: its queue keeps the orders.
    static let least = 16

    private struct Domain {
        var out = 0
        var room = OrderWindow.least
        var waiting = Heap<ReadyTask>()
        /// What waits; the heap may hold others, which have left.
        var names: Set<ReadyTask> = []
    }

    private var domains: [DomainName: Domain] = [:]

    /// - Parameter room: how many orders may be out, of each domain that is heard of.
    mutating func setRoom(_ room: [DomainName: Int]) {
        for domain in Array(domains.keys) + Array(room.keys) {
            domains[domain, default: Domain()].room = max(room[domain] ?? 0, Self.least)
        }
    }

    mutating func change(_ orders: [DomainName: Int], by sign: Int = 1) {
        for (domain, count) in orders { domains[domain, default: Domain()].out += sign * count }
    }

    mutating func wait(_ task: ReadyTask) {
        guard domains[task.domain, default: Domain()].names.insert(task).inserted else { return }
        domains[task.domain, default: Domain()].waiting.insert(task)
    }

    /// Whether a task may be ordered at once: there is room, and nobody waits for it.
    func isOpen(_ domain: DomainName) -> Bool { hasRoom(domain) && domains[domain]?.names.isEmpty ?? true }

    func hasRoom(_ domain: DomainName) -> Bool { domains[domain].map { $0.out < $0.room } ?? true }

    /// - Returns: whether it did wait.
    @discardableResult mutating func leave(_ task: ReadyTask) -> Bool {
        domains[task.domain]?.names.remove(task) != nil
    }

    /// The next task of any domain that has room; the caller counts its order, if it becomes one, by ``change(_:by:)``.
    mutating func next() -> ReadyTask? {
        // In place, by index: a copy of a domain would copy all that waits for it.
        for index in domains.values.indices {
            while domains.values[index].out < domains.values[index].room,
                let task = domains.values[index].waiting.popMin()
            {
                if domains.values[index].names.remove(task) != nil { return task }
            }
        }
        return nil
    }
}
