import Contracts
import HeapModule

/// The merges in memory, with what is due of them and what they cost: to look at one is not to look at all.
struct LiveGatherings {
    private struct Wake: Comparable {
        let at: Timestamp
        let id: WorkflowID
        static func < (left: Wake, right: Wake) -> Bool { left.at < right.at }
    }

    private var copies: [WorkflowID: LiveGathering] = [:]
    /// When something is to be done about them, soonest first; the heap may hold others, which are past.
    private var wakes: [WorkflowID: Timestamp] = [:]
    private var heap = Heap<Wake>()
    /// Bytes, about.
    private(set) var cost = 0

    var ids: some Collection<WorkflowID> { copies.keys }

    subscript(id: WorkflowID) -> LiveGathering? {
        get { copies[id] }
        set {
            cost -= copies[id]?.cost ?? 0
            cost += newValue?.cost ?? 0
            copies[id] = newValue
            note(id, wakeAt: newValue?.wakeAt)
        }
    }

    /// Out of here while it changes: one owner, so nothing is copied. Whoever puts it back says what is due.
    mutating func take(_ id: WorkflowID) -> LiveGathering? {
        guard let copy = copies.removeValue(forKey: id) else { return nil }
        cost -= copy.cost
        return copy
    }

    /// When something is due next.
    var next: Timestamp? {
        mutating get {
            while let first = heap.min, wakes[first.id] != first.at { heap.removeMin() }
            return heap.min?.at
        }
    }

    /// Those that are due; who is not dealt with has to be put back by ``remind(_:)``.
    mutating func takeDue(at now: Timestamp) -> [WorkflowID] {
        var due: [WorkflowID] = []
        while let first = heap.min, first.at <= now {
            heap.removeMin()
            guard wakes[first.id] == first.at else { continue }
            wakes[first.id] = nil
            due.append(first.id)
        }
        return due
    }

    mutating func remind(_ id: WorkflowID) { note(id, wakeAt: copies[id]?.wakeAt) }

    private mutating func note(_ id: WorkflowID, wakeAt: Timestamp?) {
        guard wakes[id] != wakeAt else { return }
        wakes[id] = wakeAt
        guard let wakeAt else { return }
        heap.insert(Wake(at: wakeAt, id: id))
        // What moved leaves its old entry behind: keep those fewer than the rest.
        if heap.count > 64 + 2 * wakes.count { heap = Heap(wakes.map { Wake(at: $0.value, id: $0.key) }) }
    }

    /// Forgets the idle that were not used for longest, until all cost less.
    mutating func evict(downTo limit: Int) {
        guard cost > limit else { return }
        let idle = copies.values.filter(\.isIdle).map { (id: $0.id, lastUse: $0.lastUse) }
        for copy in idle.sorted(by: { $0.lastUse < $1.lastUse }) {
            self[copy.id] = nil
            // Somewhat further down, so that the next one is not the next look at all.
            if cost <= limit * 9 / 10 { return }
        }
    }
}
