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
        var room: Int
        var waiting = Heap<ReadyTask>()
        /// What waits; the heap may hold others, which have left.
        var names: Set<ReadyTask> = []
    }

    private let least: Int
    private var domains: [Domain] = []
    private var places: [DomainName: Int] = [:]

    init(least: Int = OrderWindow.least) { self.least = least }

    /// Where a domain is among the others, which it joins when it is new.
    private mutating func place(of domain: DomainName) -> Int {
        if let place = places[domain] { return place }
        places[domain] = domains.count
        domains.append(Domain(room: least))
        return domains.count - 1
    }

    /// - Parameter room: how many orders may be out, of each domain that is heard of.
    mutating func setRoom(_ room: [DomainName: Int]) {
        for domain in Set(places.keys).union(room.keys) {
            domains[place(of: domain)].room = max(room[domain] ?? 0, least)
        }
    }

    mutating func change(_ orders: [DomainName: Int], by sign: Int = 1) {
        for (domain, count) in orders { domains[place(of: domain)].out += sign * count }
    }

    mutating func wait(_ task: ReadyTask) {
        let place = place(of: task.domain)
        guard domains[place].names.insert(task).inserted else { return }
        domains[place].waiting.insert(task)
    }

    /// Whether a task may be ordered at once: there is room, and nobody waits for it.
    func isOpen(_ domain: DomainName) -> Bool {
        hasRoom(domain) && places[domain].map { domains[$0].names.isEmpty } ?? true
    }

    func hasRoom(_ domain: DomainName) -> Bool {
        places[domain].map { domains[$0].out < domains[$0].room } ?? true
    }

    /// - Returns: whether it did wait.
    @discardableResult mutating func leave(_ task: ReadyTask) -> Bool {
        places[task.domain].flatMap { domains[$0].names.remove(task) } != nil
    }

    /// The next task of any domain that has room; the caller counts its order, if it becomes one, by ``change(_:by:)``.
    mutating func next() -> ReadyTask? {
        // In place, by index: a copy of a domain would copy all that waits for it.
        for place in domains.indices {
            while domains[place].out < domains[place].room, let task = domains[place].waiting.popMin() {
                if domains[place].names.remove(task) != nil { return task }
            }
        }
        return nil
    }
}
